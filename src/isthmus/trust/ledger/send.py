"""Syslog to a collector: UDP (RFC 5426), TCP (RFC 6587, octets counted), TLS (RFC 5425)."""

from __future__ import annotations

import array
import contextlib
import fcntl
import itertools
import socket
import ssl
import termios
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from isthmus.model.errors import ConfigError, LinkError

PORTS = {"udp": 514, "tcp": 514, "tls": 6514}
SECONDS = 10.0
BATCH = 500  # messages between two looks at whether they were taken


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
    collector, sent = Collector(to, ca), 0
    try:
        while batch := list(itertools.islice(messages := iter(messages), BATCH)):
            collector.send(batch)
            sent += len(batch)
    finally:
        collector.close()
    return sent


class Collector:
    """A collector of syslog to which a connection is kept while it is used."""

    def __init__(self, to: str, ca: Path | None = None) -> None:
        """Raises ConfigError where `to` leads nowhere."""
        self.to, self._ca = to, ca
        self._scheme, self._host, self._port = place(to)
        self._out: socket.socket | None = None

    def send(self, messages: Sequence[str]) -> None:
        """Return when the collector's machine has them all; else LinkError, and it may have some.

        Syslog has no answer: what its machine took and its program never read is not seen here.
        """
        try:
            if self._scheme == "udp":
                _datagrams(messages, self._host, self._port)
                return
            out = self._out = self._out or self._opened()
            _refuse_ended(out)
            for message in messages:
                data = message.encode("utf-8")
                out.sendall(str(len(data)).encode("ascii") + b" " + data)
            _wait_until_taken(out)
        except OSError as error:
            self.close()
            hint = "does it listen there? over TLS, name its authority (`ca`)"
            raise LinkError(f"sending to {self.to}: {error}", hint=hint) from error

    def close(self) -> None:
        """Hang up; what was sent arrives."""
        out, self._out = self._out, None
        if out is None:
            return
        with contextlib.suppress(OSError):  # many a collector does not say goodbye
            if isinstance(out, ssl.SSLSocket):
                out.unwrap()
        with contextlib.suppress(OSError):
            out.close()

    def _opened(self) -> socket.socket:
        plain = socket.create_connection((self._host, self._port), SECONDS)
        if self._scheme == "tcp":
            return plain
        try:
            context = ssl.create_default_context(cafile=str(self._ca) if self._ca else None)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            return context.wrap_socket(plain, server_hostname=self._host)
        except BaseException:
            plain.close()
            raise


def _refuse_ended(out: socket.socket) -> None:
    """Raise OSError where the other side has hung up; what it says besides is left unread."""
    out.settimeout(0)
    try:
        if not out.recv(4096):
            raise ConnectionResetError("the collector hung up")
    except (BlockingIOError, ssl.SSLWantReadError):
        pass  # it is there, and silent
    finally:
        out.settimeout(SECONDS)


def _wait_until_taken(out: socket.socket) -> None:
    """Return when the other machine has all that was sent; OSError where it takes it not."""
    until = time.monotonic() + SECONDS
    while left := _on_the_way(out):
        if time.monotonic() > until:
            raise TimeoutError(f"{left} bytes were not taken for {SECONDS:g} s")
        time.sleep(0.005)
    _refuse_ended(out)


def _on_the_way(out: socket.socket) -> int:
    """Bytes that the other machine has not taken yet, as far as this system tells."""
    told = array.array("i", [0])
    try:
        fcntl.ioctl(out.fileno(), termios.TIOCOUTQ, told)
    except OSError:
        return 0
    return told[0]


def _datagrams(messages: Iterable[str], host: str, port: int) -> None:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as out:
        for message in messages:
            out.sendto(message.encode("utf-8"), address)
