"""Stops from their first to their last moment, whatever range of time was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from isthmus.insight.accounting.stop import Stop, stood, stops
from isthmus.model.plant import Equipment
from isthmus.model.sample import Int64s, Nanoseconds
from isthmus.runtime.figures.elements import partition
from isthmus.runtime.figures.read import Bounds, Records

HOUR, DAY = 3_600 * 10**9, 86_400 * 10**9
LONGEST = 32 * DAY  # ns before and after a range in which the ends of its stops are looked for


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

        Where the first or the last one reaches the edge of what was read, more is read.
        """
        (first, last), now, step = span, records.now(), HOUR
        while True:
            read = partition(records, unit, (first, last))
            found = [each for each in stops(read, cuts) if _meet(each, span)]
            if not found:
                return cls((), (), going=False)
            opens, ends = found[0].start, found[-1].end
            sooner = read.lies_in(opens) == read.episode[0] and opens not in cuts
            later = read.lies_in(ends - 1) == read.episode[-1] and ends not in cuts
            going = later and int(read.end[-1]) >= now
            if step >= 2 * LONGEST or not (sooner or (later and not going)):
                inside = [
                    stood(read, max(each.start, span[0]), min(each.end, span[1])) for each in found
                ]
                return cls(found, inside, going=going)
            reach = min(step, LONGEST)
            first = Nanoseconds(span[0] - reach) if sooner else first
            last = Nanoseconds(min(span[1] + reach, now)) if later else last
            step *= 2


def _meet(stop: Stop, span: Bounds) -> bool:
    return stop.start < span[1] and stop.end > span[0]
