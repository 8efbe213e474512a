"""What a user writes to get an OPC UA connection; reading it needs no OPC UA library."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self, cast

from pydantic import Field, field_validator, model_validator

from isthmus.model.errors import LinkError
from isthmus.model.ports import Address, Binding, SourceConfig
from isthmus.model.sample import Clock
from isthmus.model.secret import Secret
from isthmus.model.unit import Seconds

if TYPE_CHECKING:
    from isthmus.connectors.opcua.poll import Poll
    from isthmus.connectors.opcua.subscribe import Subscribe

NODE = re.compile(
    r"(?:ns=(?P<ns>\d{1,5});|nsu=(?P<uri>[^;]+);)?(?P<kind>[isgb])=(?P<id>.+)", re.DOTALL
)


class Security(StrEnum):
    """How messages are protected (OPC UA Part 4, 7.20: MessageSecurityMode)."""

    SIGN_AND_ENCRYPT = "sign-and-encrypt"
    SIGN = "sign"
    NONE = "none"


class Policy(StrEnum):
    """The algorithms of a protected channel (OPC UA Part 7, 6.6: security policies)."""

    BASIC256SHA256 = "Basic256Sha256"
    AES128_SHA256_RSAOAEP = "Aes128Sha256RsaOaep"
    AES256_SHA256_RSAPSS = "Aes256Sha256RsaPss"


DEPRECATED = ("Basic128Rsa15", "Basic256")


class Mode(StrEnum):
    """Who starts: the server on change, or we every so often."""

    SUBSCRIBE = "subscribe"
    POLL = "poll"


class OpcUaAddress(Address):
    """A variable of an OPC UA server, one element of an array variable, or a condition.

    With `condition` the tag is on while that alarm of the server is active; `node` is then the
    source of the condition, or the condition itself.

    In short: the node id alone, `ns=2;s=Filler.Speed` or `nsu=http://acme/filler;s=Speed`.
    """

    node: Annotated[
        str,
        Field(
            description="Node id; `nsu=` is found in the server's namespace array.",
            examples=["ns=2;s=Filler.Speed"],
        ),
    ]
    index: Annotated[
        int | None, Field(ge=0, description="Element of an array variable, from 0.")
    ] = None
    condition: Annotated[
        str | None,
        Field(
            min_length=1,
            description="Name of a condition (alarm) of which `node` is the source.",
            examples=["Overtemperature"],
        ),
    ] = None

    @field_validator("node")
    @classmethod
    def _is_a_node_id(cls, node: str) -> str:
        found = NODE.fullmatch(node)
        if found is None or (found["kind"] == "i" and not found["id"].isdecimal()):
            raise ValueError(f"`{node}` is no node id: write it as ns=2;s=Name or ns=2;i=1234")
        if found["ns"] is not None and int(found["ns"]) > 0xFFFF:  # noqa: PLR2004 - uint16
            raise ValueError(f"`{node}` has a namespace above 65535")
        return node

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if self.condition is not None and self.index is not None:
            raise ValueError("`condition` and `index` exclude each other")
        return self

    @classmethod
    def parse(cls, written: object) -> Self:
        """The address written as a node id alone, or as a mapping with `node` and `index`."""
        return cls.model_validate({"node": written} if isinstance(written, str) else written)


class OpcUa(SourceConfig):
    """Variables of an OPC UA server, by subscription or by reading them every so often.

    The server's certificate is always checked; an unknown one is refused and kept aside, so that
    a person can compare its thumbprint and trust it.
    """

    address: ClassVar[type[Address]] = OpcUaAddress
    shows: ClassVar[bool] = True

    kind: Literal["opcua"] = "opcua"
    url: Annotated[
        str,
        Field(
            description="Where the server answers.",
            examples=["opc.tcp://10.4.1.20:4840"],
            pattern=r"^opc\.tcp://[^/@\s]+(/\S*)?$",
        ),
    ]
    security: Annotated[Security, Field(description="How messages are protected.")] = (
        Security.SIGN_AND_ENCRYPT
    )
    policy: Annotated[Policy, Field(description="Algorithms of the protected channel.")] = (
        Policy.BASIC256SHA256
    )
    user: Annotated[
        str | Secret | None, Field(description="User name; anonymous where absent.")
    ] = None
    password: Annotated[
        Secret | None,
        Field(
            description="Where the password of `user` is kept.",
            examples=[{"env": "FILLER_PASSWORD"}],
        ),
    ] = None
    clear_password: Annotated[
        Literal["refuse", "allow"],
        Field(description="Whether the password may travel unencrypted if the server asks so."),
    ] = "refuse"  # noqa: S105 - no password
    server_certificate: Annotated[
        Path | None,
        Field(description="File (DER or PEM) of the only certificate to accept."),
    ] = None
    history: Annotated[
        Literal["auto", "always", "never"],
        Field(
            description="After a gap, ask for what the server recorded meanwhile: `auto` where it"
            " keeps history, `always` warns where it does not."
        ),
    ] = "auto"
    mode: Annotated[Mode, Field(description="Subscribe to changes, or poll each `every`.")] = (
        Mode.SUBSCRIBE
    )
    publish: Annotated[
        Seconds,
        Field(ge=0.01, le=3600, description="Seconds over which the server gathers changes."),
    ] = 0.25
    sampling: Annotated[
        Seconds | None,
        Field(ge=0, le=3600, description="Seconds between two samples; `publish` if absent."),
    ] = None
    queue: Annotated[
        int, Field(ge=1, le=100_000, description="Samples a tag that the server may hold for us.")
    ] = 16
    events: Annotated[
        Literal["bound", "conditions", "all"],
        Field(
            description="What of the server's alarms and events goes into history: conditions that"
            " tags are bound to, all `conditions`, or `all` events."
        ),
    ] = "bound"
    severity: Annotated[
        int, Field(ge=1, le=1000, description="Least severity of an event that no tag is bound to.")
    ] = 1
    notifier: Annotated[
        str, Field(description="Node id of what tells the events; the server where left out.")
    ] = "i=2253"
    acknowledge: Annotated[
        bool,
        Field(description="Whether what is acknowledged here is acknowledged at the server, too."),
    ] = False
    in_flight: Annotated[
        int, Field(ge=1, le=20, description="Publish requests waiting at the server.")
    ] = 3

    @field_validator("policy", mode="before")
    @classmethod
    def _refuse_deprecated(cls, policy: object) -> object:
        if policy in DEPRECATED:
            raise ValueError(
                f"{policy} is deprecated because it rests on SHA-1, and refused; "
                f"choose one of {', '.join(Policy)}"
            )
        return policy

    @model_validator(mode="after")
    def _password_has_user(self) -> Self:
        if self.password is not None and self.user is None:
            raise ValueError("`password` needs `user`")
        return self

    @model_validator(mode="after")
    def _events_are_told(self) -> Self:
        if self.mode is Mode.POLL and (self.events != "bound" or self.acknowledge):
            raise ValueError("`events` and `acknowledge` need `mode: subscribe`")
        return self

    @property
    def endpoint(self) -> str:
        """The server's URL."""
        return self.url

    @property
    def wire(self) -> str:
        """`sign+encrypt`, `sign` or `none`."""
        return "sign+encrypt" if self.security is Security.SIGN_AND_ENCRYPT else self.security.value

    async def shown(self) -> list[bytes]:
        """The application certificates of the server's endpoints."""
        from isthmus.connectors.opcua.shown import shown  # noqa: PLC0415 - needs the extra

        return await shown(self.url, self.timeout)

    def build(
        self, bindings: Sequence[Binding[Address]], *, now: Clock, state: str
    ) -> Poll | Subscribe:
        """The closed link; LinkError where a secret or the OPC UA library is missing."""
        try:
            from isthmus.connectors.opcua.poll import Poll  # noqa: PLC0415 - needs the extra
            from isthmus.connectors.opcua.subscribe import Subscribe  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise LinkError(
                f"building {self.name}: `{error.name}` is not installed",
                hint="pip install 'isthmus[opcua]'",
            ) from error
        link = Poll if self.mode is Mode.POLL else Subscribe
        return link(
            self,
            cast("Sequence[Binding[OpcUaAddress]]", bindings),
            now=now,
            state=Path(state),
            user=self.user.reveal() if isinstance(self.user, Secret) else self.user,
            password=self.password.reveal() if self.password else None,
        )
