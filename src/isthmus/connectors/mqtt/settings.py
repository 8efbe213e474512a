"""What every connection over an MQTT broker is told: where, as whom, how protected."""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from isthmus.model.errors import LinkError
from isthmus.model.ports import SourceConfig
from isthmus.model.secret import Secret

PORTS = {"mqtt": 1883, "mqtts": 8883}


class _TidySocket(ssl.SSLSocket):
    """Closes itself where the handshake fails: the engine above would leave it open."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as inherited
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


class BrokerConfig(SourceConfig):
    """The settings that every connection over an MQTT broker shares."""

    broker: Annotated[
        str,
        Field(
            description="The broker's address. `mqtts` is TLS; `mqtt` is readable by anyone on "
            "the wire and must be written out.",
            examples=["mqtts://10.4.0.5:8883"],
        ),
    ]
    user: Annotated[str, Field(description="User name at the broker.")] = ""
    password: Annotated[
        Secret | None,
        Field(description="Where the password is kept.", examples=[{"env": "MQTT_PASSWORD"}]),
    ] = None
    ca: Annotated[
        str,
        Field(description="File of the authorities that may sign the broker's certificate, PEM."),
    ] = ""
    certificate: Annotated[str, Field(description="File of our own certificate, PEM.")] = ""
    key: Annotated[str, Field(description="File of our own private key, PEM.")] = ""
    identity: Annotated[
        Literal["", "plant"],
        Field(description="`plant`: show a certificate of the plant's authority, renewed by us."),
    ] = ""
    client_id: Annotated[
        str,
        Field(
            description="Our name at the broker; made once and kept where empty. "
            "Two clients of one name throw each other out."
        ),
    ] = ""
    keep_alive: Annotated[
        int, Field(ge=2, le=3600, description="Seconds of silence before either side asks.")
    ] = 30
    version: Annotated[Literal["3.1.1", "5"], Field(description="Version of MQTT.")] = "3.1.1"
    queue: Annotated[
        int,
        Field(
            ge=65_536,
            le=1 << 30,
            description="Bytes of messages that may wait; beyond, the broker is held back.",
        ),
    ] = 16 << 20
    largest: Annotated[
        int,
        Field(ge=1024, le=256 << 20, description="Bytes of the largest payload that is decoded."),
    ] = 4 << 20

    @field_validator("broker")
    @classmethod
    def _checked_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("a broker is written `mqtts://host:8883` (or `mqtt://` without TLS)")
        if parts.username or parts.password:
            raise ValueError("the user goes to `user`, the password to `password: {env: NAME}`")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("nothing may follow the broker's port")
        _ = parts.port  # ValueError where it is no port number
        return url

    @field_validator("version", mode="before")
    @classmethod
    def _version_as_text(cls, version: object) -> object:
        return str(version) if isinstance(version, int) else version  # YAML reads 5 as a number

    @model_validator(mode="after")
    def _consistent(self) -> BrokerConfig:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("`certificate` and `key` belong together")
        if self.password is not None and not self.user:
            raise ValueError("`password` needs `user`")
        if not self.encrypted and (self.ca or self.certificate or self.identity):
            raise ValueError("`ca`, `certificate`, `identity` need a broker at `mqtts://`")
        if self.identity and self.certificate:
            raise ValueError("either `identity: plant` or a `certificate` of your own")
        if self.largest > self.queue:
            raise ValueError("`largest` may not exceed `queue`")
        return self

    def visitor(self) -> Self:
        """With a name of its own: of two clients of one name, the broker throws the first out."""
        return self.model_copy(update={"client_id": ""})

    @property
    def encrypted(self) -> bool:
        """Whether the wire is TLS."""
        return urlsplit(self.broker).scheme == "mqtts"

    @property
    def host(self) -> str:
        """The broker's host name or address."""
        return urlsplit(self.broker).hostname or ""

    @property
    def port(self) -> int:
        """The broker's TCP port."""
        parts = urlsplit(self.broker)
        return parts.port or PORTS[parts.scheme]

    @property
    def endpoint(self) -> str:
        """The broker's address with its port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{urlsplit(self.broker).scheme}://{host}:{self.port}"

    @property
    def wire(self) -> str:
        """How the wire is protected: `TLS`, `mutual TLS` or `none`."""
        if not self.encrypted:
            return "none"
        return "mutual TLS" if self.certificate or self.identity else "TLS"

    def at(self, state: str) -> Self:
        """With the plant's certificate that the runtime laid into the folder `state`, if wished."""
        if not self.identity:
            return self
        files = {"certificate": f"{state}/plant.crt", "key": f"{state}/plant.key"}
        return self.model_copy(update=files)

    def tls(self) -> ssl.SSLContext | None:
        """The TLS context, None for a plain wire; LinkError where a file cannot be used."""
        if not self.encrypted:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
            context.sslsocket_class = _TidySocket
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise LinkError(
                f"opening {self.endpoint}: loading its certificates: {error}",
                hint="`ca`, `certificate` and `key` must be readable PEM files that fit together",
            ) from error
        return context

    def named(self, state: str) -> str:
        """Our client id: as configured, or made once and kept in the folder `state`."""
        if self.client_id:
            return self.client_id
        kept = Path(state) / "client-id"
        if kept.is_file():
            return kept.read_text(encoding="ascii").strip()
        # letters and digits alone, at most 23 bytes: what every server must accept (MQTT-3.1.3-5)
        word = re.sub(r"[^A-Za-z0-9]", "", self.name)[:8]
        made = f"isthmus{word}{os.urandom(4).hex()}"
        kept.write_text(made, encoding="ascii")
        return made
