"""The ways on which a plant tells people: mail, webhook, MQTT, Teams, Slack."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from isthmus.model.path import nearest
from isthmus.model.plantfile_fields import Duration, Entry, Text, WrongError
from isthmus.model.secret import Secret

KINDS = ("mail", "webhook", "mqtt", "teams", "slack")
NO_KIND = "`kind` is missing"
PORTS = {"smtp": 587, "smtps": 465, "mqtt": 1883, "mqtts": 8883}
_MAIL = re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,255}")
_TOPIC_WORDS = frozenset({"kind", "priority", "about", "to"})


def loopback(host: str) -> bool:
    """Whether `host` is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address(url: str, schemes: tuple[str, str], example: str) -> str:
    """`url` where it is one of `schemes`: a protected one, and its plain form for the loopback."""
    parts = urlsplit(url)
    plain, protected = schemes
    if parts.scheme not in schemes or not parts.hostname:
        raise WrongError(f"`{url}` is no address here", hint=f"write it like `{example}`")
    if parts.username or parts.password:
        raise WrongError("a password does not stand in an address", hint="use `user`, `password`")
    _ = parts.port  # ValueError where it is no port number
    if parts.scheme == plain != "smtp" and not loopback(parts.hostname):
        raise WrongError(
            f"`{plain}://` is readable on the way", hint=f"write `{protected}://`: {example}"
        )
    return url


def mail_address(text: str) -> str:
    """`text` where mail can be sent to it."""
    if not _MAIL.fullmatch(text):
        raise WrongError(f"`{text}` is no mail address", hint="write it like `anna@acme.example`")
    return text


MailAddress = Annotated[Text, AfterValidator(mail_address)]


class ChannelEntry(Entry):
    """What all channels have."""

    per_minute: Annotated[
        int, Field(ge=1, le=600, description="Messages in a minute, at most; others wait.")
    ] = 30
    give_up: Annotated[
        Duration,
        Field(gt=0, le=7 * 86_400, description="How long a message that fails is tried again."),
    ] = 86_400.0
    timeout: Annotated[
        Duration, Field(gt=0, le=120, description="How long to wait for an answer.")
    ] = 15.0


class TlsEntry(ChannelEntry):
    """A channel whose other end shows a certificate, which is always checked."""

    ca: Annotated[
        Text, Field(description="File of the authorities that may sign its certificate, PEM.")
    ] = ""


class MailEntry(TlsEntry):
    """Mail by SMTP: `smtps` is TLS from the first byte, `smtp` must offer STARTTLS."""

    kind: Literal["mail"]
    folder: Annotated[
        Text,
        Field(
            description="Instead of a server: a folder into which each mail is written as a file "
            "`*.eml`, for what picks mail up, or to try. In the data folder, or an absolute path."
        ),
    ] = ""
    server: Annotated[
        Text,
        AfterValidator(
            lambda url: address(url, ("smtp", "smtps"), "smtps://mail.acme.example:465")
        ),
        Field(
            description="The mail server; without TLS on the loopback alone.",
            examples=["smtp://mail.acme.example:587"],
        ),
    ] = ""
    sender: Annotated[
        MailAddress, Field(alias="from", description="The address that mails come from.")
    ]
    to: Annotated[
        list[MailAddress],
        Field(description="Who gets what is told to the channel itself."),
    ] = []
    user: Annotated[Text, Field(description="User name at the server.")] = ""
    password: Annotated[Secret | None, Field(description="Where the password is kept.")] = None

    @model_validator(mode="after")
    def _together(self) -> Self:
        if bool(self.user) != bool(self.password):
            raise WrongError("`user` and `password` belong together", hint="write both, or none")
        if bool(self.server) == bool(self.folder):
            hint = "write `server: smtps://mail.acme.example:465`"
            raise WrongError("mail goes to a `server`, or else into a `folder`", hint=hint)
        return self


class HookEntry(TlsEntry):
    """A channel that is an address to which JSON is posted."""

    url: Annotated[
        Text | Secret,
        Field(
            description="Where to post, `https://...`; where the address is itself the secret, "
            "where it is kept: `{env: TEAMS_URL}`."
        ),
    ]
    proxy: Annotated[
        Text,
        Field(description="A proxy on the way: `http://proxy:3128`; TLS goes through it whole."),
    ] = ""

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        if isinstance(self.url, str):
            address(self.url, ("http", "https"), "https://hooks.acme.example/isthmus")
        parts = urlsplit(self.proxy)
        if self.proxy and (parts.scheme != "http" or not parts.hostname or parts.username):
            hint = "write it like `http://proxy.acme.example:3128`"
            raise WrongError(f"`{self.proxy}` is no proxy", hint=hint)
        return self


class WebhookEntry(HookEntry):
    """JSON to a program of yours, signed so that it can tell who sent it, and when."""

    kind: Literal["webhook"]
    secret: Annotated[
        Secret | None, Field(description="Where the key of the signature is kept (HMAC-SHA-256).")
    ] = None


class TeamsEntry(HookEntry):
    """A channel of Microsoft Teams: an Adaptive Card to its workflow's webhook."""

    kind: Literal["teams"]


class SlackEntry(HookEntry):
    """A channel of Slack, Mattermost, Rocket.Chat: their incoming webhook."""

    kind: Literal["slack"]


def _topic(text: str) -> str:
    words = set(re.findall(r"\{(\w*)\}", text))
    if not text or any(mark in text for mark in "#+\0") or text.startswith("$"):
        raise WrongError(f"`{text}` is no topic to publish to", hint="such as `acme/notices`")
    if unknown := words - _TOPIC_WORDS:
        known = ", ".join(f"{{{word}}}" for word in sorted(_TOPIC_WORDS))
        raise WrongError(f"`{{{min(unknown)}}}` stands for nothing", hint=f"known: {known}")
    return text


class MqttChannelEntry(TlsEntry):
    """JSON to a topic of an MQTT broker, QoS 1."""

    kind: Literal["mqtt"]
    broker: Annotated[
        Text,
        AfterValidator(lambda url: address(url, ("mqtt", "mqtts"), "mqtts://10.4.0.5:8883")),
        Field(description="The broker; `mqtt://` on the loopback alone."),
    ]
    topic: Annotated[
        Text,
        AfterValidator(_topic),
        Field(description="Where to; `{kind}`, `{priority}`, `{about}`, `{to}` stand for those."),
    ] = "isthmus/notices"
    retain: Annotated[bool, Field(description="Whether the broker keeps the newest.")] = False
    version: Annotated[Literal["3.1.1", "5"], Field(description="Version of MQTT.")] = "5"
    user: Annotated[Text, Field(description="User name at the broker.")] = ""
    password: Annotated[Secret | None, Field(description="Where the password is kept.")] = None
    certificate: Annotated[Text, Field(description="File of our own certificate, PEM.")] = ""
    key: Annotated[Text, Field(description="File of our own private key, PEM.")] = ""

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.password is not None and not self.user:
            raise WrongError("`password` needs `user`")
        if bool(self.certificate) != bool(self.key):
            raise WrongError("`certificate` and `key` belong together", hint="write both, or none")
        return self


def _kind(value: object) -> str:
    """Which form of a channel `value` has; in brackets, as what stands in no file."""
    kind = value.get("kind") if isinstance(value, Mapping) else getattr(value, "kind", "")
    return f"[{kind}]"


def _known(value: object) -> object:
    if isinstance(value, Mapping) and value.get("kind") not in KINDS:
        word = value.get("kind")
        near = nearest(str(word), KINDS) if word else ""
        hint = f"did you mean `{near}`?" if near else "known: " + ", ".join(KINDS)
        raise WrongError(f"there is no channel of kind `{word}`" if word else NO_KIND, hint=hint)
    return value


Channel = Annotated[
    Annotated[
        Annotated[MailEntry, Tag("[mail]")]
        | Annotated[WebhookEntry, Tag("[webhook]")]
        | Annotated[MqttChannelEntry, Tag("[mqtt]")]
        | Annotated[TeamsEntry, Tag("[teams]")]
        | Annotated[SlackEntry, Tag("[slack]")],
        Discriminator(_kind),
    ],
    BeforeValidator(_known),
]
