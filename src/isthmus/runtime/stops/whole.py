"""Stops from their first to their last moment, whatever range of time was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from isthmus.insight.accounting.partition import Partition
from isthmus.insight.accounting.rules import TimeElement
from isthmus.insight.accounting.stop import STANDS, Stop, stops
from isthmus.model.plant import Equipment
from isthmus.model.sample import Int64s, Nanoseconds
from isthmus.runtime.figures.elements import partition, rules_of
from isthmus.runtime.figures.read import Bounds, Records, Window

HOUR, DAY = 3_600 * 10**9, 86_400 * 10**9
LONGEST = 32 * DAY  # ns for which a beginning is looked for; what stood before is another stop
AHEAD = 2 * LONGEST + DAY  # the same of an end: from such a beginning up to now, and more


@dataclass(frozen=True, slots=True)
class Whole:
    """The stops of a unit that touch a range of time, and whether the last one goes on now.

    `inside` are the seconds of planned work of each that lie in that range.
    """

    stops: Sequence[Stop]
    inside: Sequence[float]
    going: bool

    @classmethod
    def of(cls, records: Records, unit: Equipment, span: Bounds, cuts: Int64s) -> Self:
        """The stops of `unit` that touch `span`, cut in two at `cuts` (ns).

        How long it stood before and after is read first, so that the rest is read once. A beginning
        that lies too far away is taken to be at one midnight (UTC), wherever it is asked from.
        """
        now, told = records.now(), Telling(records, unit)
        oldest = _oldest(span[0], now)
        first = told.began(span[0], oldest)
        last = told.lasted(span[1], min(now, span[1] + AHEAD))
        read = partition(records, unit, (Nanoseconds(first), Nanoseconds(last)))
        every = stops(read, cuts)
        found = [each for each in every if each.start < span[1] and each.end > span[0]]
        if not found:
            return cls((), (), going=False)
        end = found[-1].end
        until = int(read.end[-1])
        going = end == every[-1].end and read.lies_in(end - 1) == read.lies_in(until - 1)
        if first <= oldest:
            found[0] = _since(read, found[0], oldest)
        starts = np.array([max(each.start, span[0]) for each in found], np.int64)
        ends = np.array([min(each.end, span[1]) for each in found], np.int64)
        inside = read.seconds(STANDS, starts, ends).tolist()
        return cls(found, inside, going=going and until >= now)


def _since(read: Partition, stop: Stop, oldest: int) -> Stop:
    """The same stop, of which nothing before `oldest` is told."""
    start = max(stop.start, oldest)
    (seconds,) = read.seconds(STANDS, np.array([start]), np.array([stop.end])).tolist()
    return replace(stop, start=start, seconds=seconds)


def _oldest(start: int, now: int) -> int:
    """How far a beginning is looked for from `start`: the same midnight for all recent ones."""
    fixed = (now - LONGEST) // DAY * DAY
    return fixed if start >= fixed - DAY else (start - LONGEST) // DAY * DAY


@dataclass(frozen=True, slots=True)
class Telling:
    """What a unit and its people tell of its time, the calendar and orders aside."""

    records: Records
    unit: Equipment

    def began(self, time: int, oldest: int) -> int:
        """Since when it has stood as it does at `time`; `time` where it does not stand."""
        kind, last, step = self._at(time), time, HOUR
        while kind is not None and last > oldest:
            first = max(oldest, last - step)
            start, element = self._elements(first, last)
            other = np.flatnonzero(element != kind)
            if len(other):
                return int(start[other[-1] + 1]) if other[-1] + 1 < len(start) else last
            last, step = first, 2 * step
        return last

    def lasted(self, time: int, newest: int) -> int:
        """Until when it stands as it did just before `time`, `newest` at most."""
        kind, first, step = self._at(time - 1), time, HOUR
        while kind is not None and first < newest:
            last = min(newest, first + step)
            start, element = self._elements(first, last)
            other = np.flatnonzero(element != kind)
            if len(other):
                return int(start[other[0]])
            first, step = last, 2 * step
        return first

    def silent(self, start: int, end: int) -> bool:
        """Whether nothing is known of [start, end)."""
        if start >= end:
            return False
        return bool((self._elements(start, end)[1] == TimeElement.UNKNOWN).all())

    def _at(self, time: int) -> int | None:
        """As what it stood at `time`; None where it did not."""
        element = int(self._elements(time, time + 1)[1][0])
        return element if element in STANDS else None

    def _elements(self, first: int, last: int) -> tuple[Int64s, Int64s]:
        """What counted as which element of time from each moment on."""
        window = Window("", Nanoseconds(first), Nanoseconds(last))
        tags = [self.unit.tag("state"), self.unit.tag("cause")]
        accounts = self.records.shelf(tags, window).accounts(self.unit)
        return accounts.start, rules_of(self.unit).elements(accounts.state, accounts.cause)
