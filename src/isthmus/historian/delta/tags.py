"""The tag table beside the samples, so that other tools find names for ids."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from isthmus.historian.delta.damage import checked
from isthmus.historian.delta.manifest import DataFile, fsync
from isthmus.historian.delta.parquet import Sink
from isthmus.model.sample import TagId
from isthmus.model.tag import Tag

TAGS = pa.schema(
    [
        pa.field("tag", pa.int32(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("equipment", pa.string()),
        pa.field("name", pa.string()),
        pa.field("unit", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("role", pa.string()),
        pa.field("counter", pa.bool_()),
        pa.field("legend", pa.string()),  # a JSON object of number to word
        pa.field("description", pa.string()),
        pa.field("range_low", pa.float64()),  # of the instrument, in `unit`
        pa.field("range_high", pa.float64()),
        pa.field("normal_low", pa.float64()),  # of a healthy machine
        pa.field("normal_high", pa.float64()),
    ]
)


def encode_tags(tags: Iterable[tuple[TagId, Tag]]) -> pa.Table:
    """The table of schema `TAGS`, by id."""
    rows = [
        {
            "tag": int(number),
            "path": tag.path,
            "equipment": tag.equipment,
            "name": tag.name,
            "unit": tag.unit,
            "kind": tag.kind.value,
            "role": tag.role,
            "counter": tag.counter is not None,
            "legend": json.dumps(dict(tag.legend)) if tag.legend else None,
            "description": tag.description,
            "range_low": tag.range[0] if tag.range else None,
            "range_high": tag.range[1] if tag.range else None,
            "normal_low": tag.normal[0] if tag.normal else None,
            "normal_high": tag.normal[1] if tag.normal else None,
        }
        for number, tag in sorted(tags, key=lambda pair: pair[0])
    ]
    return pa.Table.from_pylist(rows, schema=TAGS)


def write_tags(table: Path, draft: Path, rows: pa.Table, turn: int) -> DataFile:
    """The durable file of a tag table; raises OSError."""
    with Sink(draft) as sink:
        pq.write_table(rows, sink, compression="zstd", write_page_checksum=True)
    path = table / f"{turn:012d}-000000-{sink.crc:08x}.parquet"
    size = draft.stat().st_size
    draft.rename(path)
    fsync(table)
    span = (int(rows["tag"][0].as_py()), int(rows["tag"][-1].as_py())) if rows.num_rows else (0, -1)
    return DataFile(path.name, size, rows.num_rows, "", turn, span)


def read_tags(root: Path, files: Sequence[DataFile]) -> pa.Table:
    """The tag table in `files`."""
    tables = [checked(root / file.path) for file in files]
    return pa.concat_tables([TAGS.empty_table(), *tables], promote_options="default")
