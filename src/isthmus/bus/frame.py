"""Frames: what the bus carries and its streams keep for years.

A frame is 16 bytes of head and a body. The head, little-endian: the magic `ISTH`, the version of
this layout (uint16, now 1), the kind of body (uint16), the CRC-32 of the body (ISO-HDLC, as zlib
has it), the length of the body (uint32). Kinds of body:

1. samples: one encapsulated Arrow IPC record batch message (Arrow columnar format 1.0+), without
   its schema message, of the columns `tag` int32, `time` int64 (ns UTC), `value` float64,
   `quality` uint32 (OPC UA StatusCode), none with nulls; buffers plain or LZ4 or ZSTD compressed;
2. events: JSON lines (UTF-8), an object an event;
3. catalogue: one JSON object (UTF-8), the tags of a namespace in the order of their ids.

A later version never changes the meaning of an earlier one.
"""

from __future__ import annotations

import functools
import struct
import zlib
from enum import IntEnum
from typing import Literal

import numpy as np
import pyarrow as pa

from isthmus.model.errors import ProtocolError
from isthmus.model.sample import Batch

VERSION = 1
MAX_ROWS = 65_536
MAX_BYTES = 64 << 20
HEAD = struct.Struct("<4sHHII")
_MAGIC = b"ISTH"

SCHEMA = pa.schema(
    [
        pa.field("tag", pa.int32(), nullable=False),
        pa.field("time", pa.int64(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("quality", pa.uint32(), nullable=False),
    ]
)
Compression = Literal["", "lz4", "zstd"]


class FrameKind(IntEnum):
    """What the body of a frame is."""

    SAMPLES = 1
    EVENTS = 2
    CATALOGUE = 3


def seal(kind: FrameKind, body: bytes | memoryview | pa.Buffer) -> bytes:
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


def encode(batch: Batch, *, compression: Compression = "") -> bytes:
    """The frame of `batch`, at most 65,536 rows; ValueError where there are more."""
    size = len(batch)
    if size > MAX_ROWS:
        raise ValueError(f"a frame holds {MAX_ROWS} rows, not {size}: slice the batch")
    columns = [
        _array(pa.int32(), batch.tag, np.int32),
        _array(pa.int64(), batch.time, np.int64),
        _array(pa.float64(), batch.value, np.float64),
        _array(pa.uint32(), batch.quality, np.uint32),
    ]
    rows = pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
    body = (
        rows.serialize(pa.ipc.IpcWriteOptions(compression=compression))
        if compression
        else (rows.serialize())
    )
    return seal(FrameKind.SAMPLES, body)


def decode(data: bytes | memoryview) -> Batch:
    """The batch of a frame, its columns views of `data` (copies where it was compressed).

    Raises ProtocolError where the frame is damaged.
    """
    body = unseal(data, FrameKind.SAMPLES)
    try:
        rows = pa.ipc.read_record_batch(pa.py_buffer(body), SCHEMA)
        columns = [column.to_numpy(zero_copy_only=True) for column in rows.columns]
    except (pa.ArrowException, ValueError, OSError) as error:
        raise ProtocolError(f"reading a frame: {error}") from error
    return Batch(*columns)


def slices(batch: Batch, rows: int = MAX_ROWS) -> list[Batch]:
    """`batch` cut into views that fit into frames."""
    size = len(batch)
    if size <= rows:
        return [batch]
    return [batch.slice(start, start + rows) for start in range(0, size, rows)]


def _array(kind: pa.DataType, column: np.ndarray, dtype: type[np.generic]) -> pa.Array:
    packed = np.ascontiguousarray(column, dtype)
    return pa.Array.from_buffers(kind, len(packed), [None, pa.py_buffer(packed)])


@functools.cache
def schema_text() -> str:
    """The columns of a samples frame, for people and for files that explain themselves."""
    return ", ".join(f"{field.name} {field.type}" for field in SCHEMA)
