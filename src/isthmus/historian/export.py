"""Tables for other programs: samples with names instead of ids, Arrow streams, JSON rows."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from isthmus.model.sample import Batch, TagId


def table(rows: Batch, paths: Mapping[TagId, str]) -> pa.Table:
    """Columns `time` (ns UTC), `tag` (path), `value`, `quality` (OPC UA StatusCode)."""
    known = np.array(sorted(paths), np.int32)
    names = pa.array([paths[TagId(number)] for number in known.tolist()], pa.string())
    places = pa.array(np.searchsorted(known, rows.tag).astype(np.int32))
    return pa.table(
        {
            "time": pa.array(rows.time, pa.timestamp("ns", "UTC")),
            "tag": pa.DictionaryArray.from_arrays(places, names),
            "value": pa.array(rows.value, from_pandas=True),
            "quality": pa.array(rows.quality),
        }
    )


def arrow_stream(made: pa.Table) -> bytes:
    """The table as an Arrow IPC stream."""
    out = io.BytesIO()
    with pa.ipc.new_stream(out, made.schema) as stream:
        stream.write_table(made)
    return out.getvalue()


def from_arrow_stream(data: bytes) -> pa.Table:
    """The table of an Arrow IPC stream."""
    return pa.ipc.open_stream(io.BytesIO(data)).read_all()


def json_rows(made: pa.Table) -> list[dict[str, object]]:
    """Rows for JSON: times as ISO 8601 text, what is not a number as null."""
    columns = {}
    for name in made.column_names:
        values = made[name].to_pylist()
        columns[name] = [_plain(value) for value in values]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def write_table(made: pa.Table, kind: str, out: BinaryIO) -> None:
    """`made` as `csv` or `parquet`."""
    if kind == "csv":
        pyarrow.csv.write_csv(made, out)
    else:
        pyarrow.parquet.write_table(made, out, compression="zstd")


def _plain(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
