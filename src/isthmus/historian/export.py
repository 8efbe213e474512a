"""Samples as files for people and for other tools."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from isthmus.model.sample import Batch, Status, TagId

CHUNK = 65_536
SCHEMA = pa.schema(
    [
        pa.field("path", pa.dictionary(pa.int32(), pa.string())),
        pa.field("time", pa.timestamp("ns", "UTC")),
        pa.field("value", pa.float64()),
        pa.field("quality", pa.uint32()),
    ]
)


def write_csv(rows: Batch, paths: Mapping[TagId, str], out: BinaryIO) -> None:
    """Write path, time (ISO 8601, UTC, ns), value, quality (OPC UA's word), a line a sample."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(("path", "time", "value", "quality"))
    words = {int(code): Status.word(int(code)) for code in np.unique(rows.quality)}
    for first in range(0, len(rows), CHUNK):
        part = rows.slice(first, first + CHUNK)
        times = np.datetime_as_string(part.time.view("M8[ns]"), timezone="UTC").tolist()
        columns = (part.tag.tolist(), times, part.value.tolist(), part.quality.tolist())
        writer.writerows(
            (paths.get(TagId(tag), tag), time, value, words[quality])
            for tag, time, value, quality in zip(*columns, strict=True)
        )
    text.detach()


def write_parquet(rows: Batch, paths: Mapping[TagId, str], out: BinaryIO) -> None:
    """Write path, time (ns UTC), value, quality (OPC UA's number) as one Parquet file."""
    tags, place = np.unique(rows.tag, return_inverse=True)
    names = pa.array([paths.get(TagId(tag), str(tag)) for tag in tags.tolist()], pa.string())
    table = pa.table(
        [
            pa.DictionaryArray.from_arrays(pa.array(place.astype(np.int32)), names),
            pa.array(rows.time).cast(SCHEMA.field("time").type),
            pa.array(rows.value),
            pa.array(rows.quality),
        ],
        schema=SCHEMA,
    )
    pq.write_table(table, out, compression="zstd", version="2.6")
