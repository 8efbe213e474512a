"""Samples as files that other programs open: CSV and Parquet, with names instead of ids."""

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


def write_csv(rows: Batch, paths: Mapping[TagId, str], out: BinaryIO) -> None:
    """RFC 4180 with a header line; an empty value is one that is not a number."""
    made = table(rows, paths)
    text = pa.compute.strftime(made["time"], format="%Y-%m-%dT%H:%M:%SZ")
    plain = made.set_column(0, "time", text).set_column(1, "tag", made["tag"].cast(pa.string()))
    pyarrow.csv.write_csv(plain, out)


def write_parquet(rows: Batch, paths: Mapping[TagId, str], out: BinaryIO) -> None:
    """One Parquet file, zstd."""
    pyarrow.parquet.write_table(table(rows, paths), out, compression="zstd")


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
