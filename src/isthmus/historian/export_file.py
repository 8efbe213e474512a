"""Files that other programs open, written a table at a time so that memory stays small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol, Self
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from isthmus.model.errors import Refused
from isthmus.model.export import Format
from isthmus.model.tag import Tag

MOST_ROWS: Mapping[Format, int] = {"csv": 20_000_000, "parquet": 50_000_000, "xlsx": 2_000_000}
GROUP_ROWS = 1 << 18  # of a Parquet file: what its writer holds
MEDIA: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of itself: its tags, facts as (name, text), the zone of its local times."""

    tags: Sequence[Tag]
    zone: ZoneInfo
    facts: Sequence[tuple[str, str]] = field(default_factory=tuple)


class ExportFile(Protocol):
    """A file being written; a context manager, whole only once it was left without an error."""

    rows: int

    def write(self, rows: pa.Table) -> None:
        """Append `rows`; all tables of a file have the columns of its first."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...


def create(kind: Format, out: BinaryIO, schema: pa.Schema, about: About) -> ExportFile:
    """A file of `kind` in `out`; Refused beyond the rows of `MOST_ROWS`.

    `xlsx` needs the extra `excel`: ConfigError where it is not installed.
    """
    if kind == "xlsx":
        from isthmus.historian.export_excel import Workbook  # noqa: PLC0415 - an extra

        return Workbook(out, schema, about)
    return (Csv if kind == "csv" else Parquet)(out, schema, about)


def counted(kind: Format, rows: int) -> int:
    """`rows`; Refused where a file of `kind` does not hold so many."""
    if rows > MOST_ROWS[kind]:
        hint = "ask for less time, fewer tags, or one row a stretch with `every`"
        if kind != "parquet":
            hint += f"; Parquet holds {MOST_ROWS['parquet']:,} rows"
        raise Refused(f"exporting more than {MOST_ROWS[kind]:,} rows as {kind}", hint=hint)
    return rows


class Csv:
    """RFC 4180 with a header line; times in UTC, an empty value is one that is not known."""

    def __init__(self, out: BinaryIO, schema: pa.Schema, _: About) -> None:
        self.rows = 0
        self._plain = pa.schema(
            [
                pa.field(each.name, pa.string())
                if pa.types.is_timestamp(each.type) or pa.types.is_dictionary(each.type)
                else each
                for each in schema
            ]
        )
        self._file = pyarrow.csv.CSVWriter(out, self._plain)

    def write(self, rows: pa.Table) -> None:
        """Append `rows`."""
        self.rows = counted("csv", self.rows + rows.num_rows)
        columns = [
            pa.compute.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
            if pa.types.is_timestamp(column.type)
            else column.cast(each.type)
            for column, each in zip(rows.columns, self._plain, strict=True)
        ]
        self._file.write_table(pa.table(columns, schema=self._plain))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


class Parquet:
    """Parquet, zstd; units, the range and what else is to know are in the schema's metadata."""

    def __init__(self, out: BinaryIO, schema: pa.Schema, about: About) -> None:
        self.rows = 0
        told = {f"isthmus.{name.replace(' ', '_')}": text for name, text in about.facts}
        told |= {f"isthmus.unit.{tag.path}": tag.unit for tag in about.tags if tag.unit}
        self._schema = schema.with_metadata(told)
        self._file = pyarrow.parquet.ParquetWriter(out, self._schema, compression="zstd")
        self._waiting: list[pa.Table] = []
        self._held = 0

    def write(self, rows: pa.Table) -> None:
        """Append `rows`."""
        self.rows = counted("parquet", self.rows + rows.num_rows)
        self._waiting.append(rows.replace_schema_metadata(self._schema.metadata))
        self._held += rows.num_rows
        if self._held >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            whole = pa.concat_tables(self._waiting).unify_dictionaries()
            self._file.write_table(whole, row_group_size=GROUP_ROWS)
        self._waiting, self._held = [], 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            self._flush()
        self._file.close()
