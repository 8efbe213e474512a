"""Sparkplug B payloads written and read byte by byte, so that the demo needs no generated code.

Fields as in `sparkplug_b.proto` of Eclipse Sparkplug 3.0, chapter 6.4; only what an edge node of
plain metrics says and hears.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # protobuf wire types
_MAX_VARINT = 10  # bytes


class DataType(IntEnum):
    """The types of values used here (6.4.16)."""

    INT32 = 3
    INT64 = 4
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12


@dataclass(frozen=True, slots=True)
class Metric:
    """One value; a birth gives name, alias and type, later messages the alias alone."""

    value: float | str
    type: DataType | None
    name: str = ""
    alias: int | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


def encode(time: int, metrics: Iterable[Metric], sequence: int | None) -> bytes:
    """The payload; `time` in milliseconds UTC, `sequence` 0 to 255, None in a death."""
    parts = [_number(1, time)]
    parts += [_chunk(2, _metric(time, metric)) for metric in metrics]
    if sequence is not None:
        parts.append(_number(3, sequence))
    return b"".join(parts)


def asks_rebirth(payload: bytes) -> bool:
    """Whether a command's payload sets `Node Control/Rebirth`; ValueError where it is damaged."""
    for number, metric in _fields(payload):
        if number != 2 or not isinstance(metric, bytes):
            continue
        name, wish = b"", 0
        for part, value in _fields(metric):
            if part == 1 and isinstance(value, bytes):
                name = value
            elif part == 14 and isinstance(value, int):
                wish = value
        if name == b"Node Control/Rebirth" and wish:
            return True
    return False


def _metric(time: int, metric: Metric) -> bytes:
    parts = []
    if metric.name:
        parts.append(_chunk(1, metric.name.encode()))
    if metric.alias is not None:
        parts.append(_number(2, metric.alias))
    parts.append(_number(3, time))
    if metric.type is not None:
        parts.append(_number(4, metric.type))
    if metric.properties:
        parts.append(_chunk(9, _properties(metric.properties)))
    parts.append(_value(metric.value, metric.type))
    return b"".join(parts)


def _value(value: float | str, kind: DataType | None) -> bytes:
    if isinstance(value, str):
        return _chunk(15, value.encode())
    if kind is DataType.BOOLEAN:
        return _number(14, int(value))
    if kind in {DataType.INT64, DataType.UINT64}:
        return _number(11, int(value))
    if kind in {DataType.INT32, DataType.UINT32}:
        return _number(10, int(value) % 2**32)  # negative values as two's complement (6.4.16)
    if kind is DataType.FLOAT:
        return _key(12, _FIXED32) + struct.pack("<f", value)
    return _key(13, _FIXED64) + struct.pack("<d", value)


def _properties(properties: Mapping[str, str]) -> bytes:
    keys = [_chunk(1, key.encode()) for key in properties]
    values = [
        _chunk(2, _number(1, DataType.STRING) + _chunk(8, text.encode()))
        for text in properties.values()
    ]
    return b"".join(keys + values)


def _key(number: int, wire: int) -> bytes:
    return _varint(number << 3 | wire)


def _number(number: int, value: int) -> bytes:
    return _key(number, _VARINT) + _varint(value)


def _chunk(number: int, data: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and content of each field of a message; fixed fields as their bytes."""
    place = 0
    while place < len(data):
        key, place = _read_varint(data, place)
        wire = key & 7
        if wire == _VARINT:
            value, place = _read_varint(data, place)
            yield key >> 3, value
            continue
        if wire == _BYTES:
            size, place = _read_varint(data, place)
        elif wire in {_FIXED32, _FIXED64}:
            size = 4 if wire == _FIXED32 else 8
        else:
            raise ValueError(f"reading a payload: wire type {wire} at byte {place}")
        if place + size > len(data):
            raise ValueError(f"reading a payload: it ends within the field at byte {place}")
        yield key >> 3, data[place : place + size]
        place += size


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift, byte in enumerate(data[place : place + _MAX_VARINT]):
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, place + shift + 1
    raise ValueError(f"reading a payload: no number at byte {place}")
