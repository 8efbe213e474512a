"""How far each thing reaches in OPC UA binary bytes (OPC UA Part 6, 5.2), checked against the end.

Every function takes the bytes and where a thing starts, and returns where it ends. They raise
ProtocolError, `IndexError` or `struct.error` on bytes that are cut off; `checked` makes all of
these a ProtocolError.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from isthmus.model.errors import ProtocolError

P = ParamSpec("P")
T = TypeVar("T")

int32 = struct.Struct("<i").unpack_from
uint32 = struct.Struct("<I").unpack_from
uint16 = struct.Struct("<H").unpack_from

DEEPEST = 32
"""Nesting of variants and diagnostics that is still followed; the standard asks for 100 at most."""

# Built-in types of fixed width (Part 6, 5.1.2): id -> bytes.
WIDTH = {
    0: 0, 1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 4, 8: 8, 9: 8, 10: 4, 11: 8, 13: 8, 14: 16, 19: 4,
}  # fmt: skip
STRING, BYTE_STRING, XML_ELEMENT, NODE_ID, EXPANDED_NODE_ID = 12, 15, 16, 17, 18
QUALIFIED_NAME, LOCALIZED_TEXT, EXTENSION_OBJECT, DATA_VALUE = 20, 21, 22, 23
VARIANT, DIAGNOSTIC_INFO, LAST_TYPE = 24, 25, 31

# DataValue (Part 6, 5.2.2.17): mask bit -> bytes, in the order on the wire, not of the bits.
TAIL = ((2, 4), (4, 8), (16, 2), (8, 8), (32, 2))
TAIL_SIZE = tuple(sum(size for bit, size in TAIL if mask & bit) for mask in range(64))


def checked(read: Callable[P, T]) -> Callable[P, T]:
    """`read`, raising ProtocolError instead of whatever cut or hostile bytes make it raise."""

    @wraps(read)
    def safe(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except (IndexError, struct.error, RecursionError, OverflowError) as error:
            raise ProtocolError(
                f"decoding an OPC UA message: it ends too early or is damaged ({error})"
            ) from error

    return safe


def within(data: bytes, end: int) -> int:
    """`end`, if it does not lie behind the last byte."""
    if end > len(data):
        raise ProtocolError(
            f"decoding an OPC UA message: {end - len(data)} bytes are missing at {len(data)}"
        )
    return end


def count(data: bytes, at: int, least: int, end: int | None = None) -> int:
    """The length, standing at `at`, of an array whose elements have at least `least` bytes."""
    (number,) = int32(data, at)
    left = (len(data) if end is None else end) - at - 4
    if number > 0 and number * least > left:
        raise ProtocolError(
            f"decoding an OPC UA message: {number} elements announced at byte {at},"
            f" {left} bytes follow"
        )
    return max(int(number), 0)


def string(data: bytes, at: int) -> int:
    """String, ByteString, XmlElement."""
    (length,) = int32(data, at)
    return within(data, at + 4 + max(length, 0))


def node_id(data: bytes, at: int) -> int:
    """NodeId and ExpandedNodeId (5.2.2.9, 5.2.2.10)."""
    encoding = data[at]
    form = encoding & 0x3F
    if form in NODE_ID_SIZE:
        end = at + NODE_ID_SIZE[form]
    elif form in (3, 5):
        end = string(data, at + 3)
    else:
        raise ProtocolError(f"decoding an OPC UA message: no node id has the form {form}")
    if encoding & 0x80:
        end = string(data, end)
    if encoding & 0x40:
        end += 4
    return within(data, end)


NODE_ID_SIZE = {0: 2, 1: 4, 2: 7, 4: 19}


def numeric_id(data: bytes, at: int) -> tuple[int, int]:
    """The numeric identifier in namespace 0 of a node id, -1 where it is another; its end."""
    end = node_id(data, at)
    form = data[at]
    if form == 0:
        return data[at + 1], end
    if form == 1 and data[at + 1] == 0:
        return uint16(data, at + 2)[0], end
    if form == 2 and uint16(data, at + 1)[0] == 0:  # noqa: PLR2004 - NumericNodeId
        return uint32(data, at + 3)[0], end
    return -1, end


def extension_object(data: bytes, at: int) -> int:
    """ExtensionObject with a body of known length, or without one (5.2.2.15)."""
    at = node_id(data, at)
    if data[at] == 0:
        return at + 1
    if data[at] > 2:  # noqa: PLR2004 - 1 binary, 2 XML
        raise ProtocolError(f"decoding an OPC UA message: no body has the encoding {data[at]}")
    if int32(data, at + 1)[0] < 0:
        raise ProtocolError("decoding an OPC UA message: a structure does not tell its length")
    return string(data, at + 1)


def localized_text(data: bytes, at: int) -> int:
    """LocalizedText (5.2.2.14)."""
    mask, at = data[at], at + 1
    if mask & 1:
        at = string(data, at)
    return string(data, at) if mask & 2 else at


def diagnostic_info(data: bytes, at: int, depth: int = 0) -> int:
    """DiagnosticInfo (5.2.2.12)."""
    if depth > DEEPEST:
        raise ProtocolError("decoding an OPC UA message: diagnostics are nested too deep")
    mask = data[at]
    at += 1 + 4 * (mask & 0x0F).bit_count()
    if mask & 0x10:
        at = string(data, at)
    if mask & 0x20:
        at += 4
    return diagnostic_info(data, at, depth + 1) if mask & 0x40 else within(data, at)


def variant(data: bytes, at: int, depth: int = 0) -> int:
    """Variant, scalar or array (5.2.2.16)."""
    if depth > DEEPEST:
        raise ProtocolError("decoding an OPC UA message: variants are nested too deep")
    encoding = data[at]
    kind = encoding & 0x3F
    at += 1
    if kind > LAST_TYPE:
        raise ProtocolError(f"decoding an OPC UA message: no built-in type has the id {kind}")
    if encoding & 0x80:
        width = WIDTH.get(kind)
        number = count(data, at, 1 if width is None else max(width, 1))
        at += 4
        if width is not None:
            at += number * width
        else:
            for _ in range(number):
                at = scalar(data, at, kind, depth)
    else:
        at = scalar(data, at, kind, depth)
    if encoding & 0x40:
        at += 4 + 4 * count(data, at, 4)
    return within(data, at)


def data_value(data: bytes, at: int, depth: int = 0) -> int:
    """DataValue (5.2.2.17)."""
    mask = data[at]
    at += 1
    if mask & 1:
        at = variant(data, at, depth + 1)
    return within(data, at + TAIL_SIZE[mask & 0x3F])


def scalar(data: bytes, at: int, kind: int, depth: int = 0) -> int:
    """One value of the built-in type `kind`."""
    width = WIDTH.get(kind)
    if width is not None:
        return within(data, at + width)
    if kind in NESTED:
        return NESTED[kind](data, at, depth + 1)
    # Strings, and the ids 26 to 31, which are to be read as ByteString.
    return REACH.get(kind, string)(data, at)


REACH: dict[int, Callable[[bytes, int], int]] = {
    NODE_ID: node_id,
    EXPANDED_NODE_ID: node_id,
    QUALIFIED_NAME: lambda data, at: string(data, at + 2),
    LOCALIZED_TEXT: localized_text,
    EXTENSION_OBJECT: extension_object,
}
NESTED: dict[int, Callable[[bytes, int, int], int]] = {
    DATA_VALUE: data_value,
    VARIANT: variant,
    DIAGNOSTIC_INFO: diagnostic_info,
}
