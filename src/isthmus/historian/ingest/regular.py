"""One column of a file as a load by days: equal steps of the wall clock, a row a day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isthmus.historian.ingest.csv_file import CsvFile
from isthmus.historian.ingest.moment import LocalTime, Moments, detected
from isthmus.historian.ingest.piece import Reject
from isthmus.historian.ingest.shape import TIME
from isthmus.historian.ingest.value import Values
from isthmus.model.errors import ConfigError, Mistake
from isthmus.model.sample import Bools, Floats, Int64s

Stamps = Literal["start", "end"]
SECOND = 10**9
DAY = 86_400 * SECOND
FINEST = 60 * SECOND  # what comes more often is averaged
LISTED = 8
MOST_DAYS = 40_000


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
    file: CsvFile, target: str, *, time: str = "", form: str = "", zone: str = "", stamps: str = ""
) -> Days:
    """The column `target` of `file`; ConfigError with lines where it cannot be read.

    Times that tell a zone are read on the wall clock of `zone` (UTC), others are wall clock
    already. What is empty is found out: the column of time, its format, and whether it tells the
    end of a step, which it does where midnight is written with the date of the day before.
    """
    if target not in file.columns:
        raise ConfigError(
            f"{file.name} has no column `{target}`", hint="it has " + ", ".join(file.columns)[:300]
        )
    local = LocalTime("UTC")
    moments = Moments(local, form)
    column = time or _time_column(file)
    wall, value = _columns(file, column, target, moments)
    if zone and not local.used:
        wall = _wall(wall, zone)
    step = _step(wall, file.name)
    wall, ends = _midnights(wall, step)
    told: Stamps = "end" if stamps == "end" or (ends and stamps != "start") else "start"
    if told == "end":
        wall = wall - step
    load, first, twice = _grid(wall, value, max(step, FINEST), file.name)
    return Days(load, first, max(step, FINEST), column, moments.form, told, len(wall), twice)


def _time_column(file: CsvFile) -> str:
    """By its name, else the first column whose cells are times."""
    low = {name.lower(): name for name in reversed(file.columns)}
    if found := next((low[word] for word in TIME if word in low), ""):
        return found
    rows = [line.split(file.delimiter) for line in file.sample[:50]]
    for place, name in enumerate(file.columns):
        cells = [row[place].strip().strip('"') for row in rows if place < len(row)]
        with suppress(ConfigError):
            if any(cells) and detected(pa.array(cells)):
                return name
    raise ConfigError(
        f"{file.name}: no column is a time",
        hint="name it with --time; there are " + ", ".join(file.columns)[:300],
    )


def _columns(file: CsvFile, time: str, target: str, moments: Moments) -> tuple[Int64s, Floats]:
    """Times and values of all rows; ConfigError with the lines that make no sense."""
    if time not in file.columns:
        raise ConfigError(
            f"{file.name} has no column `{time}`", hint="it has " + ", ".join(file.columns)[:300]
        )
    times, numbers, wrong = [], [], []
    values = Values()
    for piece in file.pieces():
        key = np.zeros(piece.table.num_rows, np.int64)
        wall, bad = moments.read(piece.table.column(time), key)
        cells = piece.table.column(target).combine_chunks()
        value, quality, absent, odd = values.read(cells, {})
        told = piece.table.column(time)
        blank = pc.equal(pc.utf8_trim_whitespace(told), "").to_numpy() & absent  # an empty line
        wrong += [*piece.rejects, *_odd(told, bad & ~blank, piece.row, "time")]
        wrong += _odd(cells, odd & ~bad, piece.row, "number")
        times.append(wall[~bad])
        numbers.append(np.where(quality[~bad] == 0, value[~bad], np.nan))
        if len(wrong) >= LISTED:
            break
    if wrong:
        raise ConfigError(
            f"{file.name}: {len(wrong)} lines make no sense",
            mistakes=[
                Mistake(file.name, each.row, f"{each.reason}: `{each.text[:60]}`")
                for each in wrong[:LISTED]
            ],
        )
    if not sum(map(len, times)):
        raise ConfigError(f"{file.name}: no rows", hint="it has nothing but a line of names")
    return np.concatenate(times), np.concatenate(numbers)


def _odd(cells: pa.ChunkedArray, odd: Bools, rows: Int64s, what: str) -> Iterator[Reject]:
    for place in np.flatnonzero(odd)[:LISTED].tolist():
        yield Reject(int(rows[place]), str(cells[place]), f"no {what}")


def _wall(time: Int64s, zone: str) -> Int64s:
    """What the wall clock of `zone` shows at `time` (ns UTC)."""
    LocalTime(zone)  # says so where there is no such zone
    told = pc.local_timestamp(pa.array(time).cast(pa.timestamp("ns", zone)))
    wall: Int64s = told.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return wall


def _step(wall: Int64s, name: str) -> int:
    """The step of most rows (ns); ConfigError where there is none that divides a day."""
    apart = np.abs(np.diff(wall))
    apart = apart[apart > 0]
    if not len(apart):
        raise ConfigError(f"{name}: fewer than two different times", hint="is it the right column?")
    steps, counts = np.unique(apart, return_counts=True)
    step = int(steps[counts.argmax()])
    if DAY % step:
        raise ConfigError(
            f"{name}: most rows are {step / SECOND:g} s apart, no whole part of a day",
            hint="average it to 15 min first, such as `isthmus export --every 15m`",
        )
    return step


def _midnights(wall: Int64s, step: int) -> tuple[Int64s, bool]:
    """Midnights that bear the date of the day that they end, put a day later, and if there are any.

    Loggers that write when a step ends name 24:00 so: 23:45, 00:00 of the same day, 00:15.
    """
    back = np.zeros(len(wall), np.bool_)
    back[1:] = (np.diff(wall) == step - DAY) & (wall[1:] % DAY == 0)
    back[:-1] &= np.diff(wall) >= DAY  # and then on as if nothing had been
    return np.where(back, wall + DAY, wall), bool(back.any())


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
