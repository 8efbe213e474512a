"""Samples as frames, and by name all else that the bus carries as frames.

The body of a samples frame is one encapsulated Arrow IPC record batch message (Arrow columnar
format 1.0 or later), without its schema message: the columns `tag` int32, `time` int64 (ns UTC),
`value` float64, `quality` uint32 (OPC UA StatusCode), none with nulls; buffers are plain, for a
few bytes that unpack to gigabytes would bring a site down. The head: `isthmus.bus.envelope`.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from isthmus.bus.document import (
    decode_catalogue,
    decode_events,
    encode_catalogue,
    encode_events,
)
from isthmus.bus.envelope import FrameKind, seal, unseal
from isthmus.model.errors import ProtocolError
from isthmus.model.sample import Batch

__all__ = [
    "MAX_ROWS",
    "decode",
    "decode_catalogue",
    "decode_events",
    "encode",
    "encode_catalogue",
    "encode_events",
    "slices",
]

MAX_ROWS = 65_536
SCHEMA = pa.schema(
    [
        pa.field("tag", pa.int32(), nullable=False),
        pa.field("time", pa.int64(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("quality", pa.uint32(), nullable=False),
    ]
)
_HEADER, _LENGTH, _COMPRESSION = 2, 0, 3  # fields of Message and RecordBatch in Arrow's Message.fbs


def encode(batch: Batch) -> bytes:
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
    return seal(FrameKind.SAMPLES, memoryview(rows.serialize()))


def decode(data: bytes | memoryview) -> Batch:
    """The batch of a frame, its columns views of `data`.

    Raises ProtocolError where the frame is damaged, compressed or of more rows than 65,536.
    """
    body = unseal(data, FrameKind.SAMPLES)
    try:
        message = pa.ipc.read_message(pa.py_buffer(body))
        _check(message.metadata)
        rows = pa.ipc.read_record_batch(message, SCHEMA)
        rows.validate()
        tag, time, value, quality = (column.to_numpy() for column in rows.columns)
    except (pa.ArrowException, ValueError, OSError, EOFError, struct.error) as error:
        raise ProtocolError(f"reading a frame: {error}") from error
    return Batch(tag, time, value, quality)


def slices(batch: Batch, rows: int = MAX_ROWS) -> list[Batch]:
    """`batch` cut into views that fit into frames."""
    size = len(batch)
    if size <= rows:
        return [batch]
    return [batch.slice(start, start + rows) for start in range(0, size, rows)]


def _array(kind: pa.DataType, column: npt.NDArray[Any], dtype: type[np.generic]) -> pa.Array[Any]:
    packed = np.ascontiguousarray(column, dtype)
    return pa.Array.from_buffers(kind, len(packed), [None, pa.py_buffer(packed)])


def _check(metadata: pa.Buffer) -> None:
    """ValueError where reading the record batch of this flatbuffer would take too much memory."""
    data = memoryview(metadata)
    message = struct.unpack_from("<I", data)[0]
    header = _field(data, message, _HEADER)
    if not header:
        raise ValueError("it holds no record batch")
    batch = header + struct.unpack_from("<I", data, header)[0]
    if _field(data, batch, _COMPRESSION):
        raise ValueError("it is compressed")
    length = _field(data, batch, _LENGTH)
    rows = struct.unpack_from("<q", data, length)[0] if length else 0
    if not 0 <= rows <= MAX_ROWS:
        raise ValueError(f"it has {rows} rows, at most {MAX_ROWS} are allowed")


def _field(data: memoryview, table: int, number: int) -> int:
    """Where a field of a flatbuffer's table is, 0 where it is absent."""
    places = table - struct.unpack_from("<i", data, table)[0]
    if places < 0:
        raise ValueError("its metadata point outside")
    (size,) = struct.unpack_from("<H", data, places)
    at = 4 + 2 * number
    offset = struct.unpack_from("<H", data, places + at)[0] if at < size else 0
    return table + offset if offset else 0
