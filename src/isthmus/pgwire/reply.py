"""What the server says: messages of protocol 3.0, ready to send."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from isthmus.pgwire.error import SqlError
from isthmus.pgwire.oid import Column


def message(kind: bytes, body: bytes = b"") -> bytes:
    """One message."""
    return kind + struct.pack(">i", len(body) + 4) + body


def _text(value: str) -> bytes:
    return value.replace("\0", "").encode() + b"\0"


AUTHENTICATED = message(b"R", struct.pack(">i", 0))
PARSED = message(b"1")
BOUND = message(b"2")
CLOSED = message(b"3")
NO_DATA = message(b"n")
EMPTY = message(b"I")
SUSPENDED = message(b"s")
COPIED = message(b"c")


def sasl(mechanisms: Sequence[str]) -> bytes:
    """The ways in which a client may prove who it is."""
    names = b"".join(map(_text, mechanisms)) + b"\0"
    return message(b"R", struct.pack(">i", 10) + names)


def sasl_continue(data: bytes) -> bytes:
    """The server's challenge."""
    return message(b"R", struct.pack(">i", 11) + data)


def sasl_final(data: bytes) -> bytes:
    """The server's own proof."""
    return message(b"R", struct.pack(">i", 12) + data)


def key(process: int, secret: int) -> bytes:
    """What a later wish to cancel must name."""
    return message(b"K", struct.pack(">II", process, secret))


def parameter(name: str, value: str) -> bytes:
    """A setting that clients want to know of."""
    return message(b"S", _text(name) + _text(value))


def ready(status: str) -> bytes:
    """Ready for more: I idle, T in a transaction, E in a failed one."""
    return message(b"Z", status.encode())


def complete(tag: str) -> bytes:
    """A statement is done."""
    return message(b"C", _text(tag))


def negotiate(unknown: Sequence[str]) -> bytes:
    """We speak 3.0, and do not know these options."""
    names = b"".join(map(_text, unknown))
    return message(b"v", struct.pack(">ii", 0, len(unknown)) + names)


def error(problem: SqlError) -> bytes:
    """An error, fatal or not."""
    severity = "FATAL" if problem.fatal else "ERROR"
    return _report(b"E", severity, problem.state, str(problem), problem.hint, problem.position)


def notice(state: str, text: str, *, severity: str = "WARNING") -> bytes:
    """Something worth knowing."""
    return _report(b"N", severity, state, text)


def _report(
    kind: bytes, severity: str, state: str, text: str, hint: str = "", position: int | None = None
) -> bytes:
    parts = [("S", severity), ("V", severity), ("C", state), ("M", text or "no reason is known")]
    if hint:
        parts.append(("H", hint))
    if position is not None:
        parts.append(("P", str(position)))
    return message(kind, b"".join(code.encode() + _text(part) for code, part in parts) + b"\0")


def parameters(types: Sequence[int]) -> bytes:
    """The types of a statement's parameters."""
    return message(b"t", struct.pack(f">H{len(types)}I", len(types), *types))


def description(columns: Sequence[Column], formats: Sequence[int]) -> bytes:
    """The columns of a result."""
    parts = [struct.pack(">H", len(columns))]
    for column, code in zip(columns, formats, strict=True):
        kind = column.type
        parts.append(
            _text(column.name)
            + struct.pack(">IhIhih", 0, 0, kind.oid, kind.size, column.modifier, code)
        )
    return message(b"T", b"".join(parts))


def copying(columns: int) -> bytes:
    """Rows of so many columns follow, as text."""
    return message(b"H", struct.pack(f">bH{columns}H", 0, columns, *[0] * columns))
