"""Windows of derived values: hours of UTC and shifts of the line's calendar, once they are over."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from zoneinfo import ZoneInfo

from isthmus.insight.accounting.calendar import shifts
from isthmus.model.plant import Calendar
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.read import Window

HOUR = 3_600 * 10**9
DAY = 24 * HOUR
Interval = tuple[int, int]


def closed(
    calendar: Calendar | None, zone: ZoneInfo, start: int, end: int, until: int
) -> Iterator[tuple[str, Window]]:
    """The kind of each window that touches [start, end) and ended by `until`, and the window."""
    for hour in range(start // HOUR * HOUR, end, HOUR):
        if hour + HOUR <= until:
            yield "hour", Window("", Nanoseconds(hour), Nanoseconds(hour + HOUR))
    if calendar is not None:
        for shift in shifts(calendar, Nanoseconds(start), Nanoseconds(end), zone):
            if shift.end <= until:
                yield "shift", Window(shift.name, shift.start, shift.end)


def united(intervals: list[Interval], most: int) -> list[Interval]:
    """The same times as disjoint intervals in order; beyond `most` the nearest become one."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    while len(found) > most:
        gaps = [after[0] - before[1] for before, after in pairwise(found)]
        place = gaps.index(min(gaps))
        found[place : place + 2] = [(found[place][0], found[place + 1][1])]
    return found


def covers(intervals: list[Interval], start: int, end: int) -> bool:
    """Whether one of the intervals holds [start, end) whole."""
    return any(low <= start and end <= high for low, high in intervals)
