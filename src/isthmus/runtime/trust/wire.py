"""Wires on which somebody shows this site a certificate, and a look at it.

A look opens a connection as the site's own parts do, takes what is shown and hangs up: it sends no
name, no password and no value, and trusts nobody.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from isthmus.model.errors import LinkError
from isthmus.model.plant import Plant
from isthmus.model.ports import SourceConfig

How = Literal["tls", "postgresql", "nats", "own"]
PORTS = {
    "https": 443,
    "smtps": 465,
    "mqtts": 8883,
    "wss": 443,
    "kafka": 9092,
    "opc.tcp": 4840,
    "tls": 4222,
}
SECONDS = 5.0
SSL_REQUEST = bytes((0, 0, 0, 8)) + (80877103).to_bytes(4, "big")  # of PostgreSQL
GREETING = 65_536  # bytes of the bus's, at most


@dataclass(frozen=True, slots=True)
class Wire:
    """One way to somebody who shows a certificate: who, where, how it is asked for."""

    place: str
    host: str
    port: int
    how: How = "tls"
    breaks: str = ""  # what stops once what is shown there ends
    link: str = ""
    config: SourceConfig | None = None  # of a protocol that shows it in its own way

    @property
    def where(self) -> str:
        """Address and port, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def wires(plant: Plant, folder: Path, bus: str = "") -> list[Wire]:
    """All wires of this site: those that it opens, and those on which it listens itself."""
    return [
        *_connections(plant),
        *_channels(plant),
        *_others(plant),
        *_listening(folder, bus),
    ]


def _connections(plant: Plant) -> Iterator[Wire]:
    for name, link in plant.run_by().items():
        config = link.config
        place, breaks = f"connection {name}", f"connection {name}: {len(link.addresses)} tags"
        for host, port in _places(config.endpoint):
            if config.shows:
                yield Wire(place, host, port, "own", breaks, name, config)
            elif "TLS" in config.wire:
                yield Wire(place, host, port, "tls", breaks, name)
    for name, sink in plant.sinks.items():
        if "TLS" in sink.wire:
            for host, port in _places(sink.endpoint):
                yield Wire(f"sink {name}", host, port, "tls", f"sink {name}")


def _channels(plant: Plant) -> Iterator[Wire]:
    """Channels to people that speak TLS at once; what a proxy stands before is not looked at."""
    for name, channel in plant.notify.channels.items() if plant.notify else ():
        urls = (getattr(channel, key, "") for key in ("server", "broker", "url"))
        url = next((each for each in urls if isinstance(each, str) and each), "")
        if url.startswith(("https:", "smtps:", "mqtts:")) and not getattr(channel, "proxy", ""):
            for host, port in _places(url):
                yield Wire(f"channel {name}", host, port, "tls", f"messages by {name}")


def _others(plant: Plant) -> Iterator[Wire]:
    sign_in = plant.web.get("sign_in")
    issuer = str(sign_in.get("oidc") or "") if isinstance(sign_in, dict) else ""
    if issuer.startswith("https://"):
        for host, port in _places(issuer):
            yield Wire("the company's sign-in", host, port, "tls", "signing in at the company")
    history = str(plant.history.get("url") or "")
    modes = [
        str(plant.history.get("tls") or ""),
        *parse_qs(urlsplit(history).query).get("sslmode", []),
    ]
    if history.startswith(("postgresql://", "postgres://")) and "disable" not in modes:
        for host, port in _places(history, 5432):
            yield Wire("history", host, port, "postgresql", "history: it takes no more")
    send = plant.ledger.get("send")
    collector = str(send.get("to") or "") if isinstance(send, dict) else ""
    if collector.startswith("tls://"):
        for host, port in _places(collector, 6514):
            yield Wire("the collector of records", host, port, "tls", "records for the collector")
    bus = str(plant.bus.get("url") or "")
    if bus.startswith("tls://"):
        for host, port in _places(bus):
            yield Wire("the bus", host, port, "nats", "the bus: nothing is kept any more")


def _listening(folder: Path, bus: str) -> Iterator[Wire]:
    """Our own doors, as others see them."""
    if bus:
        for host, port in _places(bus):
            yield Wire("the bus, ours", host, port, "nats")
    with suppress(OSError):
        url = (folder / "web" / "url").read_text("utf-8").strip()
        if url.startswith("https:"):
            for host, port in _places(url):
                yield Wire("pages and API, ours", host, port)
    with suppress(OSError):
        told = (folder / "sql" / "address").read_text("utf-8").strip()
        for host, port in _places(told, 5433):
            yield Wire("the SQL endpoint, ours", host, port, "postgresql")


def _places(url: str, usual: int = 0) -> Iterator[tuple[str, int]]:
    """Hosts and ports of an address, which may name several."""
    parts = urlsplit(url if "://" in url else f"//{url}")
    for one in parts.netloc.rpartition("@")[2].split(","):
        with suppress(ValueError):
            found = urlsplit(f"//{one}")
            port = found.port or usual or PORTS.get(parts.scheme, 0)
            if found.hostname and port:
                yield found.hostname, port


async def look(wire: Wire) -> Sequence[bytes]:
    """The certificates that are shown on a wire now (DER, the server's first); else LinkError."""
    try:
        async with asyncio.timeout(2 * SECONDS):
            if wire.config is not None:
                return await wire.config.shown()
            return [await asyncio.to_thread(_handshake, wire)]
    except (OSError, ValueError, TimeoutError) as error:
        raise LinkError(
            f"looking at the certificate of {wire.where}: {str(error) or 'no answer'}",
            hint="the wire itself tells more: see Connections",
        ) from error


def _handshake(wire: Wire) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is looked at, not used
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((wire.host, wire.port), SECONDS) as plain:
        plain.settimeout(SECONDS)
        if wire.how == "postgresql":
            plain.sendall(SSL_REQUEST)
            if plain.recv(1) != b"S":
                raise ValueError("it offers no TLS")
        elif wire.how == "nats":
            _greeting(plain)
        with context.wrap_socket(plain, server_hostname=wire.host) as safe:
            shown = safe.getpeercert(binary_form=True)
    if not shown:
        raise ValueError("it shows none")
    return shown


def _greeting(plain: socket.socket) -> None:
    """Read the bus's `INFO` line, after which TLS begins."""
    read = 0
    while read < GREETING:
        byte = plain.recv(1)
        read += 1
        if byte in (b"\n", b""):
            return
    raise ValueError("it greets without end")
