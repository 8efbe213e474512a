"""An answer as a table, in the form that the caller computes with."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from isthmus.historian.query.forms import Form, encoded, said
from isthmus.model.errors import ConfigError

SHOWN = 10
Scalar = npt.NDArray[np.generic]


class Answer:
    """A table of an answer: rows by time, columns by name.

    It is an Arrow stream to whatever takes one: `polars.DataFrame`, `pyarrow.table`, DuckDB.
    """

    def __init__(self, table: pa.Table, zone: ZoneInfo) -> None:
        self._table, self.zone = table, zone

    # ------------------------------------------------------------------ forms
    def arrow(self) -> pa.Table:
        """A `pyarrow.Table`; times in UTC, to the nanosecond."""
        return self._table

    def pandas(self) -> Any:  # noqa: ANN401 - pandas.DataFrame, where pandas is installed
        """A `pandas.DataFrame` with times in the plant's zone, which are the index if it is wide.

        Paths are a categorical column. Where there is a row for each time and path, times repeat,
        so they stay a column.
        """
        _require("pandas")
        frame = self._table.to_pandas()
        for name in self._times():
            frame[name] = frame[name].dt.tz_convert(str(self.zone))
        wide = "time" in frame.columns and not {"path", "tag"} & set(frame.columns)
        return frame.set_index("time") if wide else frame

    def polars(self) -> Any:  # noqa: ANN401 - polars.DataFrame, where polars is installed
        """A `polars.DataFrame` with times in the plant's zone."""
        polars = _require("polars")
        frame = polars.from_arrow(self._table)
        return frame.with_columns(
            polars.col(name).dt.convert_time_zone(str(self.zone)) for name in self._times()
        )

    def numpy(self) -> dict[str, Scalar]:
        """An array a column: times as `datetime64[ns]` (UTC), NaN where there is no number."""
        found: dict[str, Scalar] = {}
        for name in self._table.column_names:
            column = self._table[name].combine_chunks()
            if pa.types.is_timestamp(column.type):
                column = column.cast(pa.timestamp("ns"))
            found[name] = column.to_numpy(zero_copy_only=False)
        return found

    def rows(self) -> list[dict[str, Any]]:
        """A dictionary a row; times as ISO 8601 text in UTC."""
        made: list[dict[str, Any]] = said(self._table).to_pylist()
        return made

    def save(self, file: str | Path, form: Form | None = None) -> None:
        """Write it as CSV, Parquet, Arrow stream or JSON, by the file's ending or `form`."""
        endings: dict[str, Form] = {
            ".csv": "csv",
            ".parquet": "parquet",
            ".arrow": "arrow",
            ".json": "json",
        }
        chosen = form or endings.get(Path(file).suffix)
        if chosen is None:
            raise ConfigError(
                f"writing {file}: its ending tells no form", hint=f"one of {', '.join(endings)}"
            )
        Path(file).write_bytes(encoded(self._table, chosen))

    def __arrow_c_stream__(self, schema: object = None) -> object:
        return self._table.__arrow_c_stream__(schema)

    def _times(self) -> list[str]:
        return [field.name for field in self._table.schema if pa.types.is_timestamp(field.type)]

    # ------------------------------------------------------------------ what people see
    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self._table.column_names)

    @property
    def units(self) -> dict[str, str]:
        """The unit of each column that has one: of tags side by side."""
        found = {field.name: field.metadata or {} for field in self._table.schema}
        return {name: facts[b"unit"].decode() for name, facts in found.items() if b"unit" in facts}

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows())

    def __repr__(self) -> str:
        shown = self._shown()
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in shown
        ]
        more = f"\n... {len(self):,} rows" if len(self) > SHOWN else ""
        return "\n".join(lines) + more

    def _repr_html_(self) -> str:
        head, *rows = self._shown()
        top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in rows
        )
        note = f"<p>{len(self):,} rows; times in {html.escape(str(self.zone))}</p>"
        return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>{note}"

    def _shown(self) -> list[list[str]]:
        """The head and the first rows as text, times in the plant's zone."""
        first = local(self._table.slice(0, SHOWN), self.zone)
        return [self.columns, *([_cell(value) for value in row.values()] for row in first)]


def local(table: pa.Table, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Rows with times as people of `zone` write them: without an offset, to the millisecond."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            short = table.column(place).cast(pa.timestamp("ms", "UTC"), safe=False)
            whole = pa.compute.all(pa.compute.equal(pa.compute.millisecond(short), 0)).as_py()
            there = short.cast(pa.timestamp("s" if whole else "ms", str(zone)))
            text = pa.compute.strftime(there, format="%Y-%m-%d %H:%M:%S")
            table = table.set_column(place, field.name, text)
    found: list[dict[str, Any]] = said(table).to_pylist()
    return found


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _require(name: str) -> Any:  # noqa: ANN401 - a module
    from importlib import import_module  # noqa: PLC0415 - only where it is asked for

    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigError(
            f"{name} is not installed", hint=f"pip install 'isthmus[{name}]'"
        ) from error
