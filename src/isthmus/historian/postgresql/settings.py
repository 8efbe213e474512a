"""How a history in PostgreSQL is set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from isthmus.historian.settings import DAY
from isthmus.model.errors import ConfigError
from isthmus.model.secret import Secret

SCHEMES = ("postgresql", "postgres")
LOOPBACK = ("", "localhost", "127.0.0.1", "::1")
SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,50}")


@dataclass(frozen=True, slots=True)
class PostgreSqlSettings:
    """Where the server is, whose word it must prove, and the limits of what waits here."""

    url: str
    password: Secret | None = None
    schema: str = "isthmus"
    tls: str = ""  # libpq's sslmode; empty: verify-full, but none to the loopback
    ca: str = ""  # file of the authorities that may sign the server's certificate, PEM
    seal_rows: int = 500_000
    seal_age: float = 5.0  # seconds: so late are other readers of the database
    hot_rows: int = 6_000_000  # 24 bytes each; beyond it `append` refuses
    hot_text_bytes: int = 64 << 20
    retry_age: float = 2.0  # seconds between tries while the server is away
    connect_seconds: int = 10
    read_seconds: float = 60.0  # a reading that takes longer is given up
    readers: int = 4  # connections for reading
    look_back: int = 7 * DAY  # ns that `before` searches
    trend_rows: int = 200_000  # beyond so many, the server reduces a trend
    keep: float | None = None  # seconds; older partitions are dropped

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in SCHEMES:
            raise ConfigError(
                f"`{self.url}` is no address of a PostgreSQL",
                hint="write it like `postgresql://isthmus@db.acme.example/plant`",
            )
        if not SCHEMA.fullmatch(self.schema):
            raise ConfigError(
                f"`{self.schema}` is no schema's name",
                hint="small letters, digits and underscores, a letter first",
            )

    @property
    def place(self) -> str:
        """The server, database and schema for people, without any secret."""
        parts = urlsplit(self.url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.hostname or 'the local socket'}{port}{parts.path}, schema {self.schema}"

    @property
    def sslmode(self) -> str:
        """How much of TLS is asked for: everything, unless told or on the loopback."""
        asked = parse_qs(urlsplit(self.url).query)
        if self.tls or "sslmode" in asked:
            return self.tls or asked["sslmode"][-1]
        host = asked.get("host", [urlsplit(self.url).hostname or ""])[-1]
        local = host in LOOPBACK or host.startswith("/")
        return "prefer" if local else "verify-full"
