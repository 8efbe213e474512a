"""What a record of Kafka holds: a sample or an event as JSON, or many samples in columns."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from isthmus.model.event import Event
from isthmus.model.sample import Batch, TagId
from isthmus.model.tag import Tag

SCHEMA = pa.schema(
    [
        pa.field("path", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("time", pa.timestamp("ns", "UTC"), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("quality", pa.uint32(), nullable=False),
    ]
)


def samples(batch: Batch, tags: Mapping[TagId, Tag]) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of a record for each row; a value that is no number is null."""
    quoted = {id_: json.dumps(tag.path) for id_, tag in tags.items()}
    keys = {id_: tag.path.encode() for id_, tag in tags.items()}
    moments = np.datetime_as_string(batch.time.view("M8[ns]"))
    columns = (batch.tag.tolist(), moments.tolist(), batch.value.tolist(), batch.quality.tolist())
    for tag, moment, value, quality in zip(*columns, strict=True):
        number = repr(value) if math.isfinite(value) else "null"
        text = (
            f'{{"path": {quoted[tag]}, "time": "{moment}Z", "value": {number}, '
            f'"quality": {quality}}}'
        )
        yield keys[tag], text.encode()


def event(told: Event) -> bytes:
    """The value of an event's record."""
    data = {
        key: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in told.data.items()
    }
    moment = np.datetime_as_string(np.datetime64(told.time, "ns"))
    body = {
        "path": told.path,
        "time": f"{moment}Z",
        "kind": told.kind,
        "text": told.text,
        "severity": told.severity,
        "data": data,
    }
    return json.dumps(body).encode()


def columns(batch: Batch, tags: Mapping[TagId, Tag]) -> bytes:
    """All rows as one Arrow IPC stream, lz4 inside."""
    ids, place = np.unique(batch.tag, return_inverse=True)
    names = pa.array([tags[TagId(int(id_))].path for id_ in ids], pa.string())
    rows = pa.RecordBatch.from_arrays(
        [
            pa.DictionaryArray.from_arrays(pa.array(place.astype(np.int32)), names),
            pa.array(batch.time).cast(SCHEMA.field("time").type),
            pa.array(batch.value),
            pa.array(batch.quality),
        ],
        schema=SCHEMA,
    )
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, SCHEMA, options=pa.ipc.IpcWriteOptions(compression="lz4")) as ipc:
        ipc.write_batch(rows)
    return bytes(out.getvalue())
