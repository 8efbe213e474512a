"""Samples as frames, and by name all else that the bus carries as frames.

The body of a samples frame is one encapsulated Arrow IPC record batch message (Arrow columnar
format 1.0 or later), without its schema message: the columns `tag` int32, `time` int64 (ns UTC),
`value` float64, `quality` uint32 (OPC UA StatusCode), none with nulls; buffers are plain, or LZ4
or ZSTD compressed as the message says. The head around it: `isthmus.bus.envelope`.
"""

from __future__ import annotations

from typing import Any, Literal

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
_SCHEMA_BYTES = SCHEMA.serialize().size
Compression = Literal["", "lz4", "zstd"]


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
    return seal(FrameKind.SAMPLES, _message(rows, compression))


def decode(data: bytes | memoryview) -> Batch:
    """The batch of a frame, its columns views of `data` (copies where it was compressed).

    Raises ProtocolError where the frame is damaged.
    """
    body = unseal(data, FrameKind.SAMPLES)
    try:
        rows = pa.ipc.read_record_batch(pa.py_buffer(body), SCHEMA)
        rows.validate()
        tag, time, value, quality = (column.to_numpy() for column in rows.columns)
    except (pa.ArrowException, ValueError, OSError, EOFError) as error:
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


def _message(rows: pa.RecordBatch, compression: Compression) -> memoryview:
    if not compression:
        return memoryview(rows.serialize())
    # cut out of a stream of schema, batch and end
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, SCHEMA, options=options) as writer:
        writer.write_batch(rows)
        end = sink.tell()
    return memoryview(sink.getvalue())[_SCHEMA_BYTES:end]
