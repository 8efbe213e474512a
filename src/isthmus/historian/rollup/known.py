"""Of which hours roll-ups are right: those that know of every file sealed of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.rollup.table import RollupTable, began
from isthmus.historian.settings import HOUR
from isthmus.model.sample import Bools, Int32s, Int64s


@dataclass(frozen=True, slots=True)
class Hours:
    """Some hours from `base` (since 1970) on, marked or not."""

    base: int
    marked: Bools

    @classmethod
    def within(cls, start: int, end: int) -> Hours:
        """The hours that [start, end) touches; marked are those that lie in it."""
        base = start // HOUR
        hour = np.arange(base, max(base, -(-end // HOUR)))
        return cls(base, (hour * HOUR >= start) & ((hour + 1) * HOUR <= end))

    def at(self, time: Int64s) -> Bools:
        """Whether the hour of each time, which must be one of these, is marked."""
        return self.marked[time // HOUR - self.base]

    def meet(self, times: tuple[int, int]) -> bool:
        """Whether an hour between two times, inclusive, is marked."""
        first = max(0, times[0] // HOUR - self.base)
        return bool(self.marked[first : max(0, times[1] // HOUR - self.base + 1)].any())

    def span(self) -> tuple[int, int]:
        """When the first marked hour begins and the last one ends."""
        places = np.flatnonzero(self.marked)
        if not len(places):
            return 0, 0
        return (self.base + int(places[0])) * HOUR, (self.base + int(places[-1]) + 1) * HOUR


@dataclass(frozen=True, slots=True)
class Known:
    """By hour from `base` on: the greatest seal of its samples, and up to which its roll-ups know.

    0 where there are none.
    """

    base: int
    samples: Int64s
    hours: Int64s
    minutes: Int64s

    @classmethod
    def of(
        cls, samples: Sequence[DataFile], hours: Sequence[DataFile], minutes: Sequence[DataFile]
    ) -> Known:
        """What the live files say."""
        spans = [[_span(file) for file in samples]]
        spans += [[_promise(file) for file in files] for files in (hours, minutes)]
        every = [span for some in spans for span in some]
        base = min((first for first, _, _ in every), default=0)
        size = max((stop for _, stop, _ in every), default=0) - base
        columns = []
        for some in spans:
            column = np.zeros(size, np.int64)
            for first, stop, seq in some:
                part = column[first - base : stop - base]
                np.maximum(part, seq, out=part)
            columns.append(column)
        return cls(base, *columns)

    def over(self, base: int, count: int) -> Known:
        """The same for `count` hours from `base` on."""
        first, size = base - self.base, len(self.samples)
        inside = slice(min(max(first, 0), size), min(max(first + count, 0), size))
        left = min(max(-first, 0), count)
        columns = []
        for column in (self.samples, self.hours, self.minutes):
            part = np.zeros(count, np.int64)
            some = column[inside]
            part[left : left + len(some)] = some
            columns.append(part)
        return Known(base, *columns)

    @property
    def whole(self) -> Bools:
        """The hours of which both roll-ups know everything."""
        right: Bools = (self.hours >= self.samples) & (self.minutes >= self.samples)
        return right

    @property
    def gone(self) -> Bools:
        """The hours of which only roll-ups are left."""
        left: Bools = (self.samples == 0) & (self.hours > 0)
        return left


def _span(file: DataFile) -> tuple[int, int, int]:
    base, (first, stop) = began(file), file.hours
    if file.times[0] <= file.times[1]:
        first = max(first, file.times[0] // HOUR - base)
        stop = min(stop, file.times[1] // HOUR + 1 - base)
    return base + first, base + max(first, stop), file.seq


def _promise(file: DataFile) -> tuple[int, int, int]:
    base = began(file)
    return base + file.hours[0], base + file.hours[1], file.seq


def near(files: Iterable[DataFile], tags: Int32s, start: int, end: int, group: int) -> int:
    """At most how many rows lie in the row groups, of `group` rows, that may hold rows of `tags`.

    That is, of rows that begin in [start, end): a bound that costs no look into a file.
    """
    rows = 0
    for file in files:
        if file.rows and file.times[0] < end and file.times[1] >= start:
            first, stop = (
                np.searchsorted(tags, file.tags[0]),
                np.searchsorted(tags, file.tags[1], "right"),
            )
            rows += min(file.rows, int(stop - first) * group)
    return rows


class Rollups:
    """The roll-ups of a view: their files of one moment, without what is found broken."""

    def __init__(self, hours: RollupTable, minutes: RollupTable) -> None:
        self.hours, self.minutes = hours, minutes
        self._hour_files, self._minute_files = hours.files, minutes.files
        self._known: tuple[int, Known] | None = None

    @property
    def broken(self) -> int:
        """How many files were found broken so far."""
        return len(self.hours.damage) + len(self.minutes.damage)

    @property
    def hour_files(self) -> list[DataFile]:
        """The files of hours that can be read."""
        return [file for file in self._hour_files if file.path not in self.hours.damage]

    @property
    def minute_files(self) -> list[DataFile]:
        """The files of minutes that can be read."""
        return [file for file in self._minute_files if file.path not in self.minutes.damage]

    def known(self, samples: Sequence[DataFile]) -> Known:
        """Of which hours they are right, given the files of samples of the same moment or later."""
        if self._known is None or self._known[0] != self.broken:
            made = Known.of(samples, self.hour_files, self.minute_files)
            self._known = (self.broken, made)
        return self._known[1]
