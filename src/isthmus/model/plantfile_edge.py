"""The grammar of edges: machines near the devices that run connections and buffer what they say."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from isthmus.model.plant import Edge
from isthmus.model.plantfile_fields import Entry, Period, Size, Text, WrongError, as_text

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
PORT = 4222  # of NATS (IANA)


def _edge_name(name: str) -> str:
    """It names certificates, streams and files."""
    if not _NAME.fullmatch(name):
        raise WrongError(
            f"`{name}` is no name for an edge",
            hint="at most 32 small letters, digits and _ - such as `edge1`",
        )
    return name


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port or PORT
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme != "tls" or not parts.hostname or parts.path or parts.username:
        raise WrongError(
            f"`{text}` is no address of a site", hint=f"write it like `tls://site.acme:{PORT}`"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"tls://{host}:{port}"


def host_and_port(text: str) -> tuple[str, int]:
    """The parts of `host:port`; ValueError where it is none."""
    parts = urlsplit(f"//{text}")
    if not parts.hostname or not parts.port or parts.path or parts.username:
        raise ValueError(f"`{text}` is no address and port")
    return parts.hostname, parts.port


def _listen(text: str) -> str:
    try:
        host_and_port(text)
    except ValueError as error:
        raise WrongError(
            f"`{text}` is no address and port", hint=f"write it like `127.0.0.1:{PORT}`"
        ) from error
    return text


EdgeName = Annotated[
    str, BeforeValidator(as_text, json_schema_input_type=str), AfterValidator(_edge_name)
]
Listen = Annotated[Text, AfterValidator(_listen)]


class EdgeEntry(Entry):
    """A machine near the devices that runs connections, and buffers while the site is away."""

    site: Annotated[
        Text,
        AfterValidator(_address),
        Field(description=f"Where its site's bus answers: `tls://site.acme:{PORT}`."),
    ]
    identity: Annotated[
        Text, Field(description="Folder of its certificate, beside the plant file.")
    ] = ""
    title: Annotated[Text, Field(description="Name for people.")] = ""
    zone: Annotated[Text, Field(description="The zone in which it stands.")] = ""
    disk: Annotated[
        Size, Field(gt=0, description="What it may buffer, and the site may hold of it: `20 GB`.")
    ] = 2.0 * (1 << 30)
    discard: Annotated[
        Literal["new", "old"],
        Field(description="When its buffer is full: hold devices back, or forget the oldest."),
    ] = "new"
    silence: Annotated[
        Period,
        Field(ge=2, le=3600, description="Without a word for so long, its tags are bad: `15 s`."),
    ] = 15.0

    def edge(self, name: str) -> Edge:
        """The edge that this entry describes."""
        identity = self.identity or f"{name}-identity"
        return Edge(
            *(name, self.site, identity, self.title, self.zone),
            disk=int(self.disk),
            discard=self.discard,
            silence=self.silence,
        )
