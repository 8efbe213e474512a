"""Syslog to a collector: UDP (RFC 5426), TCP (RFC 6587, octets counted), TLS (RFC 5425)."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from isthmus.model.errors import ConfigError, LinkError

PORTS = {"udp": 514, "tcp": 514, "tls": 6514}
SECONDS = 10.0


def place(to: str) -> tuple[str, str, int]:
    """How, to which host and to which port `tls://siem.example:6514` leads; ConfigError if none."""
    try:
        parts = urlsplit(to)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in PORTS or not parts.hostname or parts.path not in ("", "/"):
        raise ConfigError(
            f"`{to[:200]}` is no collector of syslog",
            hint="write it like tls://siem.example:6514, tcp://HOST:514 or udp://HOST:514",
        )
    return parts.scheme, parts.hostname, port or PORTS[parts.scheme]


def send(messages: Iterable[str], to: str, *, ca: Path | None = None) -> int:
    """How many messages went to `to`; LinkError where it does not take them.

    Over TLS its certificate is checked by `ca`, else by what this machine trusts. Over UDP nobody
    knows whether they came.
    """
    scheme, host, port = place(to)
    try:
        if scheme == "udp":
            return _datagrams(messages, host, port)
        with socket.create_connection((host, port), SECONDS) as plain:
            if scheme == "tcp":
                return _stream(messages, plain)
            context = ssl.create_default_context(cafile=str(ca) if ca else None)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            with context.wrap_socket(plain, server_hostname=host) as safe:
                sent = _stream(messages, safe)
                with contextlib.suppress(OSError):  # many a collector does not say goodbye
                    safe.unwrap()
                return sent
    except OSError as error:
        hint = "does it listen there? over TLS, name its authority with --ca"
        raise LinkError(f"sending to {to}: {error}", hint=hint) from error


def _datagrams(messages: Iterable[str], host: str, port: int) -> int:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    sent = 0
    with socket.socket(family, socket.SOCK_DGRAM) as out:
        for message in messages:
            out.sendto(message.encode("utf-8"), address)
            sent += 1
    return sent


def _stream(messages: Iterable[str], out: socket.socket) -> int:
    sent = 0
    for message in messages:
        data = message.encode("utf-8")
        out.sendall(str(len(data)).encode("ascii") + b" " + data)
        sent += 1
    return sent
