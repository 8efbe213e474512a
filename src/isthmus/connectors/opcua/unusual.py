"""One value of an unusual type, from bytes whose extent is known to be sound.

Strings are decoded here, all else by asyncua.
"""

from __future__ import annotations

from datetime import UTC, datetime

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import variant_from_binary

from isthmus.connectors.opcua.wire import (
    BYTE_STRING,
    EXPANDED_NODE_ID,
    LOCALIZED_TEXT,
    NODE_ID,
    QUALIFIED_NAME,
    STRING,
    WIDTH,
    XML_ELEMENT,
    count,
    scalar,
)
from isthmus.model.sample import Status

LONGEST_TEXT = 65_536
"""Bytes of a text that still becomes an event; a longer one would stop buses and screens."""

DATE_TIME, GUID = 13, 14
TEXTUAL = frozenset(
    (
        *(STRING, DATE_TIME, GUID, BYTE_STRING, XML_ELEMENT),
        *(NODE_ID, EXPANDED_NODE_ID, QUALIFIED_NAME, LOCALIZED_TEXT),
    )
)
STATUS_CODE = 19
NUMERIC = frozenset(WIDTH) - {0, DATE_TIME, GUID}


class Unfit(Exception):  # noqa: N818 - an answer, not a failure
    """The value is nothing that a tag can hold; `status` says why."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.status = status


class Oversize(Exception):  # noqa: N818 - an answer, not a failure
    """The text is longer than `LONGEST_TEXT`."""


def unusual(data: bytes, start: int, end: int, index: int | None) -> float | str:
    """The number or text of the variant in `data[start:end]`, `index` choosing from an array.

    `wire.variant` must have found `end`. An array of one element, which is what a server sends
    when asked for one, gives that element. Raises Unfit and Oversize.
    """
    kind, at = data[start] & 0x3F, start + 1
    if kind not in TEXTUAL and kind not in NUMERIC:
        raise Unfit(Status.BAD_TYPE_MISMATCH)
    if data[start] & 0x80:
        if index is None:
            raise Unfit(Status.BAD_TYPE_MISMATCH)
        number = count(data, at, 1)
        index = 0 if number == 1 else index
        if index >= number:
            raise Unfit(Status.BAD_OUT_OF_RANGE)
        at += 4
        for _ in range(index):
            at = scalar(data, at, kind)
        end = scalar(data, at, kind)
    if end - at > LONGEST_TEXT:
        raise Oversize
    if kind == STRING:
        return bytes(data[at + 4 : end]).decode("utf-8", "replace")
    try:
        value = variant_from_binary(Buffer(bytes((kind,)) + data[at:end])).Value
    except Exception as error:  # whatever asyncua makes of it, the message goes on
        raise Unfit(Status.BAD_DECODING_ERROR) from error
    if kind == STATUS_CODE:
        return float(value.value)
    return float(value) if kind in NUMERIC else text(value)


def text(value: object) -> str:
    """A textual value as people write it; "" for null, ISO 8601 for times, hexadecimal bytes."""
    match value:
        case None:
            written = ""
        case str():
            written = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        case bytes():
            written = value.hex()
        case datetime():
            aware = value.replace(tzinfo=value.tzinfo or UTC)
            written = aware.isoformat().replace("+00:00", "Z")
        case ua.LocalizedText():
            written = text(value.Text)
        case ua.QualifiedName():
            written = text(value.Name)
        case ua.NodeId():
            written = text(value.to_string())
        case _:
            written = str(value)
    return written
