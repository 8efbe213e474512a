"""Which tags over which time, as samples or as one row a stretch, written into a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from zoneinfo import ZoneInfo

import pyarrow as pa

from isthmus import __version__
from isthmus.historian.export_file import About, counted, create
from isthmus.historian.port import Samples
from isthmus.model.errors import IsthmusError, Refused
from isthmus.model.export import Format, Layout
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Kind, Tag
from isthmus.model.zone import changes
from isthmus.runtime.export.raw import RAW, raw_tables
from isthmus.runtime.export.reduced import (
    long_schema,
    long_table,
    pieces,
    wide_schema,
    wide_table,
)

SECOND = 10**9
MOST_CELLS = 50_000_000


class StoppedError(IsthmusError):
    """Whoever wanted the file no longer does."""


@dataclass(frozen=True, slots=True)
class Extract:
    """Samples of `tags` in [start, end), or with `every` (ns) one row a stretch.

    `wide` rows have a column a tag, `long` ones are of one tag each.
    """

    tags: Mapping[TagId, Tag]
    start: Nanoseconds
    end: Nanoseconds
    zone: ZoneInfo
    every: int = 0
    layout: Layout = "long"

    def checked(self) -> Extract:
        """This; Refused where it is empty or larger than any file."""
        if not self.tags:
            raise Refused("exporting no tag", hint="choose tags that are numbers or states")
        if self.every and self.every < SECOND:
            raise Refused("exporting a row for less than a second", hint="leave `every` out")
        if self.layout == "wide" and not self.every:
            raise Refused("a wide export of each sample", hint="give `every`, such as `1 min`")
        if self.every and (self.end - self.start) // self.every * len(self.tags) > MOST_CELLS:
            raise Refused(
                f"exporting more than {MOST_CELLS:,} figures",
                hint="ask for less time, fewer tags or a longer `every`",
            )
        return self


def numeric(tags: Mapping[TagId, Tag]) -> dict[TagId, Tag]:
    """Those of `tags` that have samples: all but texts, by path."""
    found = {number: tag for number, tag in tags.items() if tag.kind is not Kind.TEXT}
    return dict(sorted(found.items(), key=lambda pair: pair[1].path))


def export(
    samples: Samples,
    extract: Extract,
    kind: Format,
    out: BinaryIO,
    *,
    facts: tuple[tuple[str, str], ...] = (),
    stopped: Callable[[], bool] = lambda: False,
) -> int:
    """Write the file of `extract` into `out`; how many rows it has.

    Refused where it is too large; StoppedError once `stopped` says so.
    """
    extract.checked()
    if extract.every:  # known before anything is read
        wide = extract.layout == "wide"
        rows = (extract.end - extract.start) // extract.every
        counted(kind, rows if wide else rows * len(extract.tags))
    utc = kind == "xlsx" and changes(extract.start, extract.end, extract.zone)
    schema = _with_utc(_schema(extract), utc=utc)
    about = About(list(extract.tags.values()), extract.zone, (*facts, *_facts(extract)))
    with create(kind, out, schema, about) as file:
        for table in _tables(samples, extract):
            if stopped():
                raise StoppedError("exporting was stopped")
            if table.num_rows:
                file.write(_add_utc(table) if utc else table)
        return file.rows


def _schema(extract: Extract) -> pa.Schema:
    if not extract.every:
        return RAW
    return wide_schema(extract.tags) if extract.layout == "wide" else long_schema()


def _tables(samples: Samples, extract: Extract) -> Iterator[pa.Table]:
    if not extract.every:
        return raw_tables(samples, extract.tags, extract.start, extract.end)
    shape = wide_table if extract.layout == "wide" else long_table
    found = pieces(
        *(samples, extract.tags, extract.start, extract.end, extract.every, extract.zone)
    )
    return (shape(extract.tags, piece) for piece in found)


def _with_utc(schema: pa.Schema, *, utc: bool) -> pa.Schema:
    return schema.insert(1, pa.field("UTC", schema.field("time").type)) if utc else schema


def _add_utc(table: pa.Table) -> pa.Table:
    return table.add_column(1, "UTC", table["time"])


def _facts(extract: Extract) -> tuple[tuple[str, str], ...]:
    zone = extract.zone

    def moment(time: int) -> str:
        return datetime.fromtimestamp(time / 1e9, zone).isoformat(sep=" ", timespec="seconds")

    if not extract.every:
        rows = "each sample as it was stored; a value holds until the next one"
    else:
        figure = "numbers: mean weighted by time; counters: growth; states: what held at its end"
        rows = f"one each {extract.every / SECOND:g} s, `time` is its start"
        rows += f"; {figure}" if extract.layout == "wide" else ""
    quality = (
        "`quality` is the StatusCode of OPC UA; what is not Good or Uncertain is no measurement"
        if not extract.every
        else "only samples of good quality count; empty where none is known, never a guess"
    )
    return (
        ("from", moment(extract.start)),
        ("to", moment(extract.end)),
        ("time zone", f"{zone.key}: `time` in Excel is local; CSV and Parquet are UTC"),
        ("rows hold", rows),
        ("quality rule", quality),
        ("made by", f"Isthmus {__version__}"),
    )
