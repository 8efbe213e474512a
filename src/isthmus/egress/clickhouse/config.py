"""What a user writes to get samples into ClickHouse."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from isthmus.egress.clickhouse.sink import ClickHouseSink
from isthmus.model.secret import Secret
from isthmus.model.sink import Sink, SinkConfig


class ClickHouse(SinkConfig):
    """Copies samples and events into tables of a ClickHouse database."""

    kind: Literal["clickhouse"] = "clickhouse"
    url: Annotated[
        str,
        Field(
            description="The server's HTTP address. `https` is TLS; `http` must be written out.",
            examples=["https://clickhouse.acme.example:8443"],
        ),
    ]
    database: Annotated[
        str,
        Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$", description="A database that exists."),
    ] = "default"
    user: Annotated[str, Field(description="User name.")] = "default"
    password: Annotated[
        Secret | None,
        Field(description="Where the password is kept.", examples=[{"env": "CLICKHOUSE"}]),
    ] = None
    ca: Annotated[
        str,
        Field(description="File of the authorities that may sign the server's certificate, PEM."),
    ] = ""

    @field_validator("url")
    @classmethod
    def _checked(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an address is written `https://host:8443`")
        if parts.username or parts.password:
            raise ValueError("the user goes to `user`, the password to `password: {env: NAME}`")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("nothing may follow the server's port")
        _ = parts.port  # ValueError where it is no port number
        return url

    def build(self, root: str) -> Sink:
        """The closed sink."""
        return ClickHouseSink(
            self.url,
            database=self.database,
            user=self.user,
            password=self.password,
            ca=self.ca,
            timeout=self.timeout,
            root=root,
        )

    @property
    def endpoint(self) -> str:
        """The server and the database."""
        return f"{self.url.rstrip('/')}/{self.database}"

    @property
    def wire(self) -> str:
        """Whether the wire is TLS."""
        return "TLS" if urlsplit(self.url).scheme == "https" else "none"
