"""The head of every frame that the bus carries and its streams keep for years.

16 bytes, little-endian: the magic `ISTH`, the version of this layout (uint16, now 1), the kind of
body (uint16), the CRC-32 of the body (as zlib and Ethernet have it), the length of the body
(uint32). Kinds: 1 samples (`isthmus.bus.frame`), 2 events and 3 catalogue
(`isthmus.bus.document`). A later version never changes the meaning of an earlier one.
"""

from __future__ import annotations

import struct
import zlib
from enum import IntEnum

from isthmus.model.errors import ProtocolError

VERSION = 1
HEAD = struct.Struct("<4sHHII")
_MAGIC = b"ISTH"


class FrameKind(IntEnum):
    """What the body of a frame is."""

    SAMPLES = 1
    EVENTS = 2
    CATALOGUE = 3


def seal(kind: FrameKind, body: bytes | memoryview) -> bytes:
    """The frame around `body`."""
    view = memoryview(body)
    head = HEAD.pack(_MAGIC, VERSION, kind, zlib.crc32(view), view.nbytes)
    return b"".join((head, view))


def unseal(data: bytes | memoryview, kind: FrameKind) -> memoryview:
    """The body of a frame, as a view; ProtocolError where the frame is damaged or another kind."""
    view = memoryview(data)
    if view.nbytes < HEAD.size:
        raise ProtocolError(f"reading a frame: {view.nbytes} bytes, its head alone has {HEAD.size}")
    magic, version, found, crc, length = HEAD.unpack_from(view)
    body = view[HEAD.size :]
    if magic != _MAGIC:
        raise ProtocolError(f"reading a frame: it begins with {magic!r}, not {_MAGIC!r}")
    if version != VERSION:
        raise ProtocolError(
            f"reading a frame: its version is {version}, known is {VERSION}",
            hint="a later Isthmus wrote it: update this one",
        )
    if found != kind:
        raise ProtocolError(f"reading a frame of {kind.name.lower()}: it is of kind {found}")
    if body.nbytes != length:
        raise ProtocolError(f"reading a frame: {body.nbytes} of {length} bytes are there")
    if zlib.crc32(body) != crc:
        raise ProtocolError("reading a frame: its bytes do not match their checksum")
    return body
