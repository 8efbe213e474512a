"""Answers in the forms that travel: JSON, CSV, an Arrow stream, Parquet."""

from __future__ import annotations

import io
import json
from types import MappingProxyType
from typing import Literal

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from isthmus.historian.settings import SECOND

Form = Literal["json", "csv", "arrow", "parquet"]
MEDIA = MappingProxyType(
    {
        "json": "application/json",
        "csv": "text/csv; charset=utf-8",
        "arrow": "application/vnd.apache.arrow.stream",
        "parquet": "application/vnd.apache.parquet",
    }
)
TEXT_ROWS = 1_000_000  # more are sent as columns only


def form_of(accept: str) -> Form:
    """The form that an `Accept` header asks for; JSON where it names none of ours."""
    forms: tuple[Form, ...] = ("arrow", "parquet", "csv")
    for form in forms:
        if MEDIA[form].partition(";")[0] in accept:
            return form
    return "json"


def encoded(table: pa.Table, form: Form) -> bytes:
    """`table` in `form`."""
    out = io.BytesIO()
    if form == "arrow":
        with pa.ipc.new_stream(out, table.schema) as stream:
            stream.write_table(table)
    elif form == "parquet":
        pyarrow.parquet.write_table(table, out, compression="zstd")
    elif form == "csv":
        pyarrow.csv.write_csv(said(table), out)
    else:
        return json.dumps(rows(table)).encode()
    return out.getvalue()


def rows(table: pa.Table) -> list[dict[str, object]]:
    """A dictionary a row for JSON; times as ISO 8601 text, what is not a number as null."""
    found: list[dict[str, object]] = said(table).to_pylist()
    return found


def said(table: pa.Table) -> pa.Table:
    """The same with times as text and words written out."""
    for place, column in enumerate(table.columns):
        name = table.column_names[place]
        if pa.types.is_timestamp(column.type):
            table = table.set_column(place, name, _time_text(column))
        elif pa.types.is_dictionary(column.type):
            table = table.set_column(place, name, column.cast(pa.string()))
    return table


def _time_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """ISO 8601 with as many digits as are needed, for the whole column."""
    numbers = column.cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
    unit = "ns"
    for wider, size in (("us", 1_000), ("ms", 1_000_000), ("s", SECOND)):
        whole = pa.compute.multiply(pa.compute.divide(numbers, size), size)
        if not pa.compute.all(pa.compute.equal(whole, numbers)).as_py():
            break
        unit = wider
    short = column.cast(pa.timestamp("ns", "UTC")).cast(pa.timestamp(unit, "UTC"))
    return pa.compute.strftime(short, format="%Y-%m-%dT%H:%M:%SZ")
