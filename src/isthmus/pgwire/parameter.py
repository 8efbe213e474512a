"""Values that a client binds, as literals of SQL that nothing in them can leave."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from isthmus.pgwire import oid
from isthmus.pgwire.error import BAD_BINARY, BAD_TEXT, NOT_SUPPORTED, SqlError
from isthmus.pgwire.message import Fields
from isthmus.pgwire.oid import Type
from isthmus.pgwire.token import literal

_CAST = {  # the engine's names; what is not here is a string of unknown type
    oid.BOOL.oid: "boolean",
    oid.INT2.oid: "smallint",
    oid.INT4.oid: "integer",
    oid.INT8.oid: "bigint",
    oid.OID.oid: "bigint",
    oid.FLOAT4.oid: "real",
    oid.FLOAT8.oid: "double",
    oid.NUMERIC.oid: "",
    oid.DATE.oid: "date",
    oid.TIME.oid: "time",
    oid.TIMESTAMP.oid: "timestamp",
    oid.TIMESTAMPTZ.oid: "timestamptz",
    oid.INTERVAL.oid: "interval",
    oid.UUID.oid: "uuid",
    oid.BYTEA.oid: "blob",
}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_START = datetime(2000, 1, 1, tzinfo=UTC)
_ELEMENT = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^",{}\\\s][^",{}\\]*))\s*(,|$)', re.DOTALL)
MOST_ELEMENTS = 10_000


def absent(kind: int) -> str:
    """The literal of a value that is not there or not yet known."""
    if kind in oid.ELEMENT:
        return f"cast(null as {_CAST.get(oid.ELEMENT[kind].oid) or 'varchar'}[])"
    form = _CAST.get(kind, "")
    return f"cast(null as {form})" if form else "null"


def literal_of(raw: bytes | None, kind: int, form: int) -> str:
    """The literal of one value, sent as text (0) or binary (1)."""
    if raw is None:
        return absent(kind)
    if kind in oid.ELEMENT:
        element = oid.ELEMENT[kind]
        values = _array_binary(raw, element) if form else elements(_decode(raw))
        parts = ("null" if value is None else _written(value, element.oid) for value in values)
        return f"cast([{', '.join(parts)}] as {_CAST.get(element.oid) or 'varchar'}[])"
    return _written(_from_binary(raw, kind) if form else _decode(raw), kind)


def _decode(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise SqlError("22021", "a value is not UTF-8") from error
    if "\0" in text:
        raise SqlError("22021", "a value holds a zero byte")
    return text


def _written(text: str, kind: int) -> str:
    if kind == oid.NUMERIC.oid:
        if not _NUMBER.fullmatch(text.strip()):
            if text.strip().lower() in ("nan", "infinity", "-infinity"):
                return f"cast({literal(text.strip())} as double)"
            raise SqlError(BAD_TEXT, f"invalid input syntax for type numeric: {text[:40]!r}")
        return f"({text.strip()})"
    if kind == oid.BYTEA.oid and text.startswith("\\x"):
        return f"unhex({literal(text[2:])})"
    form = _CAST.get(kind, "")
    return f"cast({literal(text)} as {form})" if form else literal(text)


def _instant(raw: bytes) -> datetime:
    return _START + timedelta(microseconds=_unpack(">q", raw))


def _unpack(form: str, raw: bytes) -> int:
    if len(raw) != struct.calcsize(form):
        raise SqlError(BAD_BINARY, f"a binary value of {len(raw)} bytes")
    return int(struct.unpack(form, raw)[0])


def _real(form: str) -> Callable[[bytes], str]:
    def read(raw: bytes) -> str:
        if len(raw) != struct.calcsize(form):
            raise SqlError(BAD_BINARY, f"a binary value of {len(raw)} bytes")
        number = float(struct.unpack(form, raw)[0])
        return repr(number) if math.isfinite(number) else str(number)

    return read


def _whole(form: str) -> Callable[[bytes], str]:
    return lambda raw: str(_unpack(form, raw))


def _interval(raw: bytes) -> str:
    if len(raw) != 16:  # noqa: PLR2004
        raise SqlError(BAD_BINARY, f"a binary interval of {len(raw)} bytes")
    micros, days, months = struct.unpack(">qii", raw)
    return f"{months} months {days} days {micros} microseconds"


def _numeric(raw: bytes) -> str:
    fields = Fields(raw)
    count, weight, sign, scale = fields.int16(), fields.int16(), fields.count(), fields.int16()
    if sign == 0xC000:  # noqa: PLR2004 - PostgreSQL's NaN
        return "NaN"
    if count < 0 or abs(weight) > 1_000 or not 0 <= scale <= 16_383:  # noqa: PLR2004
        raise SqlError(BAD_BINARY, "a binary numeric that is none")
    digits = [fields.int16() for _ in range(count)]
    fields.end()
    if any(not 0 <= digit < 10_000 for digit in digits):  # noqa: PLR2004
        raise SqlError(BAD_BINARY, "a binary numeric that is none")
    whole = "".join(f"{digits[at] if at < count else 0:04}" for at in range(weight + 1))
    part = "0" * (4 * max(0, -weight - 1)) + "".join(
        f"{digit:04}" for digit in digits[max(0, weight + 1) :]
    )
    text = (whole or "0") + ("." + part[:scale].ljust(scale, "0") if scale else "")
    return ("-" if sign == 0x4000 else "") + text  # noqa: PLR2004 - negative


_BINARY: dict[int, Callable[[bytes], str]] = {
    oid.BOOL.oid: lambda raw: "true" if _unpack(">?", raw) else "false",
    oid.INT2.oid: _whole(">h"),
    oid.INT4.oid: _whole(">i"),
    oid.INT8.oid: _whole(">q"),
    oid.OID.oid: _whole(">I"),
    oid.FLOAT4.oid: _real(">f"),
    oid.FLOAT8.oid: _real(">d"),
    oid.NUMERIC.oid: _numeric,
    oid.DATE.oid: lambda raw: str(date.fromordinal(_day(_unpack(">i", raw)))),
    oid.TIME.oid: lambda raw: str(_clock(_unpack(">q", raw))),
    oid.TIMESTAMP.oid: lambda raw: str(_instant(raw).replace(tzinfo=None)),
    oid.TIMESTAMPTZ.oid: lambda raw: str(_instant(raw)),
    oid.INTERVAL.oid: _interval,
    oid.UUID.oid: lambda raw: str(UUID(bytes=raw)),
    oid.BYTEA.oid: lambda raw: "\\x" + raw.hex(),
}
_AS_TEXT = (0, *(kind.oid for kind in (oid.TEXT, oid.VARCHAR, oid.BPCHAR, oid.NAME, oid.JSON)))


def _day(days: int) -> int:
    return days + date(2000, 1, 1).toordinal()


def _clock(micros: int) -> time:
    return (_START + timedelta(microseconds=micros)).time()


def _from_binary(raw: bytes, kind: int) -> str:
    """The text of a binary value."""
    if kind in _AS_TEXT or kind == oid.UNKNOWN.oid:
        return _decode(raw)
    if kind not in _BINARY:
        raise SqlError(NOT_SUPPORTED, f"a binary value of the type {kind}")
    try:
        return _BINARY[kind](raw)
    except (ValueError, OverflowError) as error:
        raise SqlError(BAD_BINARY, f"a binary value that is none of its type: {error}") from error


def _array_binary(raw: bytes, element: Type) -> Sequence[str | None]:
    fields = Fields(raw)
    dimensions, _, kind = fields.int32(), fields.int32(), fields.int32()
    if dimensions == 0:
        return []
    if dimensions != 1 or kind != element.oid:
        raise SqlError(NOT_SUPPORTED, "arrays of one dimension are taken, of their own type")
    count = fields.int32()
    fields.int32()
    if not 0 <= count <= MOST_ELEMENTS:
        raise SqlError("54000", f"an array of {count:,} elements, more than {MOST_ELEMENTS:,}")
    values: list[str | None] = []
    for _ in range(count):
        size = fields.int32()
        values.append(None if size == -1 else _from_binary(fields.take(size), kind))
    fields.end()
    return values


def elements(text: str) -> Sequence[str | None]:
    """The elements of an array as PostgreSQL writes it: `{1,NULL,"a b"}`."""
    inner = text.strip()
    if not (inner.startswith("{") and inner.endswith("}")):
        raise SqlError(BAD_TEXT, f"malformed array literal: {text[:40]!r}")
    inner, at = inner[1:-1], 0
    values: list[str | None] = []
    while at < len(inner.rstrip()):
        found = _ELEMENT.match(inner, at)
        if not found:
            raise SqlError(BAD_TEXT, f"malformed array literal: {text[:40]!r}")
        if found[1] is not None:
            values.append(re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL))
        else:
            plain = found[2].strip()
            values.append(None if plain.upper() == "NULL" else plain)
        at = found.end()
    return values
