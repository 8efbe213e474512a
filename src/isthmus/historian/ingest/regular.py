"""One column of a file as a load by days: equal steps of the wall clock, a row a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isthmus.historian.ingest.comma import Commas
from isthmus.historian.ingest.csv_file import CsvFile
from isthmus.historian.ingest.moment import LocalTime, Moments
from isthmus.historian.ingest.piece import Reject
from isthmus.historian.ingest.step import (
    DAY,
    SECOND,
    averaged,
    midnights,
    require_one_span,
    require_own_times,
    steadied,
    step_of,
)
from isthmus.historian.ingest.value import Values
from isthmus.historian.ingest.when import When
from isthmus.model.errors import ConfigError, Mistake
from isthmus.model.sample import Bools, Floats, Int64s

Stamps = Literal["start", "end"]
FINEST = 60 * SECOND  # what comes more often is averaged
LISTED = 8
MOST_DAYS = 40_000
ALL_WRONG = (
    "not one line could be read: --delimiter says what stands between cells, --skip N where the"
    " names are, --time-format how times are written"
)


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """A load by days of the wall clock: rows are days from `first` on, columns steps of `step` ns.

    NaN where the file tells nothing. `stamps` says whether the file writes when a step begins or
    ends, `form` how it writes times, `rows` how many it has, `twice` how many of them tell a
    step again (their mean counts).
    """

    load: Floats
    first: date
    step: int
    column: str
    form: str
    stamps: Stamps
    rows: int
    twice: int

    def days(self) -> list[date]:
        """The date of each row."""
        return [self.first + timedelta(days=at) for at in range(len(self.load))]

    def gaps(self) -> list[tuple[datetime, datetime]]:
        """From when until when nothing is known, between the first and the last that is."""
        known = np.flatnonzero(np.isfinite(self.load.ravel()))
        places = np.flatnonzero(np.diff(known) > 1)
        return [(self._time(known[at] + 1), self._time(known[at + 1])) for at in places.tolist()]

    def span(self) -> tuple[datetime, datetime]:
        """From when until when something is known."""
        known = np.flatnonzero(np.isfinite(self.load.ravel()))
        return self._time(known[0]), self._time(known[-1] + 1)

    def _time(self, place: int) -> datetime:
        midnight = datetime(self.first.year, self.first.month, self.first.day)  # noqa: DTZ001 - a wall clock
        return midnight + timedelta(seconds=int(place) * self.step / SECOND)


def by_days(
    file: CsvFile,
    target: str,
    *,
    time: str = "",
    form: str = "",
    zone: str = "",
    stamps: str = "",
    decimal: str = "",
) -> Days:
    """The column `target` of `file`; ConfigError with lines where it cannot be read.

    Times that tell a zone are read on the wall clock of `zone` (UTC), others are wall clock
    already. What is empty is found out: the column of time, or those of day and clock, its format,
    and whether it tells the end of a step, which it does where midnight is 24:00 or is written
    with the date of the day before; the decimal sign too, where numbers leave no doubt.
    """
    if target not in file.columns:
        raise ConfigError(
            f"{file.name} has no column `{target}`", hint="it has " + ", ".join(file.columns)[:300]
        )
    local = LocalTime("UTC")
    moments = Moments(local, form)
    when = When.of(file, time, target)
    wall, value, rows = _columns(file, when, target, moments, decimal)
    if not averaged(wall, FINEST) or when.apart(file, target):
        require_own_times(wall, rows, file.name, str(when), lambda: when.hint(file, target))
    require_one_span(wall, rows, file.name)
    if zone and not local.used:
        wall = _wall(wall, zone)
    step = step_of(wall, file.name)
    wall, ends = midnights(steadied(wall, step), step)
    ends = ends or moments.late
    told: Stamps = "end" if stamps == "end" or (ends and stamps != "start") else "start"
    if told == "end":
        wall = wall - step
    load, first, twice = _grid(wall, value, max(step, FINEST), file.name)
    return Days(load, first, max(step, FINEST), str(when), moments.form, told, len(wall), twice)


def _columns(
    file: CsvFile, when: When, target: str, moments: Moments, decimal: str
) -> tuple[Int64s, Floats, Int64s]:
    """Times, values and lines of all rows; ConfigError with the lines that make no sense."""
    times, numbers, rows, wrong = [], [], [], []
    values, commas = Values(decimal=decimal, parted=True), Commas(parted=file.delimiter == ",")
    for piece in file.pieces():
        key = np.zeros(piece.table.num_rows, np.int64)
        told = when.cells(piece.table)
        wall, bad = moments.read(told, key)
        cells = piece.table.column(target).combine_chunks()
        value, quality, absent, odd = values.read(cells, {})
        commas.see(cells, piece.row)
        blank = pc.equal(told, "").to_numpy() & absent  # an empty line
        wrong += [*piece.rejects, *_odd(told, bad & ~blank, piece.row, "time")]
        wrong += _odd(cells, odd & ~bad, piece.row, "number")
        times.append(wall[~bad])
        numbers.append(np.where(quality[~bad] == 0, value[~bad], np.nan))
        rows.append(piece.row[~bad])
        if len(wrong) >= LISTED:
            break
    if not decimal:
        commas.require_sure(file.name, target)
    if wrong:
        mistakes = [
            Mistake(file.name, each.row, f"{each.reason}: `{each.text[:60]}`")
            for each in wrong[:LISTED]
        ]
        if not sum(map(len, times)):
            mistakes[-1] = replace(mistakes[-1], hint=ALL_WRONG)
        raise ConfigError(f"{file.name}: {len(wrong)} lines make no sense", mistakes=mistakes)
    if not sum(map(len, times)):
        raise ConfigError(f"{file.name}: no rows", hint="it has nothing but a line of names")
    return np.concatenate(times), np.concatenate(numbers), np.concatenate(rows)


def _odd(cells: pa.ChunkedArray, odd: Bools, rows: Int64s, what: str) -> Iterator[Reject]:
    for place in np.flatnonzero(odd)[:LISTED].tolist():
        yield Reject(int(rows[place]), str(cells[place]), f"no {what}")


def _wall(time: Int64s, zone: str) -> Int64s:
    """What the wall clock of `zone` shows at `time` (ns UTC)."""
    LocalTime(zone)  # says so where there is no such zone
    told = pc.local_timestamp(pa.array(time).cast(pa.timestamp("ns", zone)))
    wall: Int64s = told.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return wall


def _grid(wall: Int64s, value: Floats, step: int, name: str) -> tuple[Floats, date, int]:
    """The mean of what falls into each step of each day."""
    first, last = int(wall.min() // DAY), int(wall.max() // DAY)
    days = last - first + 1
    if days > MOST_DAYS:
        raise ConfigError(f"{name}: times {days:,} days apart", hint="is a time of it astray?")
    known = np.isfinite(value)
    place = ((wall - first * DAY) // step)[known]
    size = days * (DAY // step)
    count = np.bincount(place, minlength=size)
    total = np.bincount(place, weights=value[known], minlength=size)
    load = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    day = datetime.fromtimestamp(first * 86_400, UTC).date()
    return load.reshape(days, DAY // step), day, int((count > 1).sum())
