"""Values of rare types as text and binary, one at a time."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from isthmus.pgwire import oid
from isthmus.pgwire.oid import Type

_PLAIN = re.compile(r"[A-Za-z0-9_.:+\-]+")
POSITIVE, NEGATIVE, NAN = 0x0000, 0x4000, 0xC000
BASE = 4  # decimal digits in one of PostgreSQL's


def number_binary(value: Decimal | int) -> bytes:
    """A numeric in PostgreSQL's digits of 10,000."""
    number = Decimal(value)
    if not number.is_finite():
        return struct.pack(">hhHh", 0, 0, NAN, 0)
    sign, digits, exponent = number.as_tuple()
    scale = max(0, -int(exponent))
    text = "".join(map(str, digits)) + "0" * max(0, int(exponent))
    whole, part = (text[:-scale], text[-scale:].rjust(scale, "0")) if scale else (text, "")
    whole = whole.rjust(-(-len(whole) // BASE) * BASE, "0")
    part = part.ljust(-(-len(part) // BASE) * BASE, "0")
    joined = whole + part
    groups = [int(joined[at : at + BASE]) for at in range(0, len(joined), BASE)]
    weight = len(whole) // BASE - 1
    while groups and not groups[0]:
        groups.pop(0)
        weight -= 1
    while groups and not groups[-1]:
        groups.pop()
    if not groups:
        weight = 0
    head = (len(groups), weight, NEGATIVE if sign and groups else POSITIVE, scale)
    return struct.pack(f">hhHh{len(groups)}h", *head, *groups)


def _parts(value: Any) -> tuple[int, int, int]:  # noqa: ANN401 - of Arrow
    """Months, days and microseconds of an interval."""
    if isinstance(value, timedelta):
        return 0, value.days, value.seconds * 10**6 + value.microseconds
    return int(value.months), int(value.days), int(value.nanoseconds) // 1000


def interval_text(value: Any) -> bytes:  # noqa: ANN401
    """An interval as PostgreSQL writes it: `1 year 2 mons 3 days 04:05:06`."""
    months, days, micros = _parts(value)
    years, months = (int(months / 12), months - 12 * int(months / 12))
    words = [
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((years, "year"), (months, "mon"), (days, "day"))
        if count
    ]
    if micros or not words:
        seconds, rest = divmod(abs(micros), 10**6)
        fraction = f".{rest:06}".rstrip("0") if rest else ""
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"
        words.append(("-" if micros < 0 else "") + clock)
    return " ".join(words).encode()


def interval_binary(value: Any) -> bytes:  # noqa: ANN401
    """An interval: microseconds, days, months."""
    months, days, micros = _parts(value)
    return struct.pack(">qii", micros, days, months)


def document(value: object) -> bytes:
    """A nested value as JSON."""
    if isinstance(value, str):
        return value.encode()
    return json.dumps(value, default=str, ensure_ascii=False).encode()


def bytes_text(value: bytes) -> bytes:
    """Bytes in hexadecimal."""
    return b"\\x" + value.hex().encode()


def uuid_text(value: bytes | UUID | str) -> bytes:
    """A UUID in its usual form."""
    return str(_uuid(value)).encode()


def _uuid(value: bytes | UUID | str) -> UUID:
    if isinstance(value, UUID):
        return value
    return UUID(bytes=value) if isinstance(value, bytes) else UUID(value)


TEXT = {
    oid.INTERVAL.oid: interval_text,
    oid.JSON.oid: document,
    oid.BYTEA.oid: bytes_text,
    oid.UUID.oid: uuid_text,
}
BINARY = {
    oid.INTERVAL.oid: interval_binary,
    oid.JSON.oid: document,
    oid.BYTEA.oid: bytes,
    oid.NUMERIC.oid: number_binary,
    oid.UUID.oid: lambda value: _uuid(value).bytes,
}


def _one_text(value: object, kind: Type) -> str:
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, float):
        return repr(value).removesuffix(".0").replace("nan", "NaN").replace("inf", "Infinity")
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if kind.oid in TEXT:
        return TEXT[kind.oid](value).decode()
    return str(value)


def array_text(values: Sequence[object], kind: Type) -> bytes:
    """An array as PostgreSQL writes it: `{1,NULL,"a b"}`."""
    words = []
    for value in values:
        if value is None:
            words.append("NULL")
            continue
        text = _one_text(value, kind)
        if not _PLAIN.fullmatch(text) or text.upper() == "NULL":
            text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        words.append(text)
    return ("{" + ",".join(words) + "}").encode()


def array_binary(values: Sequence[object], kind: Type) -> bytes:
    """An array of one dimension."""
    nulls = any(value is None for value in values)
    head = struct.pack(">iiI", 1 if values else 0, nulls, kind.oid)
    if not values:
        return head
    parts = [head, struct.pack(">ii", len(values), 1)]
    for value in values:
        if value is None:
            parts.append(struct.pack(">i", -1))
            continue
        raw = _one_binary(value, kind)
        parts.append(struct.pack(">i", len(raw)) + raw)
    return b"".join(parts)


_PACK = {
    oid.BOOL.oid: ">?",
    oid.INT2.oid: ">h",
    oid.INT4.oid: ">i",
    oid.INT8.oid: ">q",
    oid.FLOAT4.oid: ">f",
    oid.FLOAT8.oid: ">d",
}
_DAY = date(2000, 1, 1).toordinal()


def _one_binary(value: Any, kind: Type) -> bytes:  # noqa: ANN401
    if kind.oid in _PACK:
        return struct.pack(_PACK[kind.oid], value)
    if kind.oid in BINARY:
        return bytes(BINARY[kind.oid](value))  # type: ignore[operator]
    if isinstance(value, datetime):
        days = value.toordinal() - _DAY
        seconds = days * 86_400 + value.hour * 3600 + value.minute * 60 + value.second
        if value.tzinfo and (shift := value.utcoffset()):
            seconds -= round(shift.total_seconds())
        return struct.pack(">q", seconds * 10**6 + value.microsecond)
    if isinstance(value, date):
        return struct.pack(">i", value.toordinal() - _DAY)
    if isinstance(value, time):
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return struct.pack(">q", seconds * 10**6 + value.microsecond)
    return str(value).encode()
