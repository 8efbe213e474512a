"""What was planned at each moment: operation by shift, breaks, holidays, planned maintenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from isthmus.insight.accounting.calendar import Stretch, breaks, maintenance, shifts
from isthmus.model.plant import Calendar
from isthmus.model.sample import Bools, Int64s, Nanoseconds


@dataclass(frozen=True, slots=True, eq=False)
class Timetable:
    """Stretches of [start, end) without a hole, the last one until `until`.

    `shift` is a place in `names`, -1 without one; `operation` says that work is planned,
    `maintenance` that it is planned maintenance.
    """

    start: Int64s
    until: Nanoseconds
    shift: Int64s
    operation: Bools
    maintenance: Bools
    names: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, calendar: Calendar | None, start: Nanoseconds, end: Nanoseconds, zone: ZoneInfo
    ) -> Timetable:
        """What `calendar` plans for [start, end); without shifts all time is planned operation.

        Units of a line ask for the same, so what was asked last is kept.
        """
        return _made(calendar, start, end, zone)

    @classmethod
    def within(cls, planned: Sequence[Stretch], start: Nanoseconds, end: Nanoseconds) -> Timetable:
        """[start, end) where work is planned in the stretches `planned` alone."""
        bounds = [bound for each in planned for bound in (each.start, each.end)]
        edges = np.unique(np.clip(np.array([start, *bounds, end], np.int64), start, end))
        never = np.zeros(len(edges) - 1, np.bool_)
        none = np.full(len(never), -1, np.int64)
        return cls(edges[:-1], end, none, _covered(edges, planned), never)

    @property
    def busy(self) -> tuple[Int64s, Int64s]:
        """Starts and ends of the stretches in which work is planned, maintenance left out."""
        busy = self.operation & ~self.maintenance
        return self.start[busy], np.append(self.start[1:], self.until)[busy]

    @property
    def turns(self) -> Int64s:
        """When planned work begins or ends, from one shift to the next left out."""
        busy = self.operation & ~self.maintenance
        return np.asarray(self.start[1:][busy[1:] != busy[:-1]])


@lru_cache(maxsize=64)
def _made(
    calendar: Calendar | None, start: Nanoseconds, end: Nanoseconds, zone: ZoneInfo
) -> Timetable:
    work = shifts(calendar, start, end, zone) if calendar else []
    shifted = calendar is not None and bool(calendar.shifts)
    pauses = breaks(calendar, start, end, zone) if calendar and shifted else []
    upkeep = maintenance(calendar, start, end, zone) if calendar else []
    every = [*work, *pauses, *upkeep]
    bounds = [bound for each in every for bound in (each.start, each.end)]
    edges = np.unique(np.clip(np.array([start, *bounds, end], np.int64), start, end))
    size = len(edges) - 1
    names = tuple(dict.fromkeys(each.name for each in work))
    shift = np.full(size, -1, np.int64)
    for each in reversed(work):  # the earlier of two that overlap wins
        first, last = np.searchsorted(edges, [max(each.start, start), min(each.end, end)])
        shift[first:last] = names.index(each.name)
    planned = shift >= 0 if shifted else np.ones(size, np.bool_)
    return Timetable(
        edges[:-1],
        end,
        shift,
        planned & ~_covered(edges, pauses),
        _covered(edges, upkeep),
        names,
    )


def _covered(edges: Int64s, stretches: Sequence[Stretch]) -> Bools:
    depth = np.zeros(len(edges), np.int64)
    for field, step in (("start", 1), ("end", -1)):
        times = np.array([getattr(each, field) for each in stretches], np.int64)
        places = np.searchsorted(edges, np.clip(times, edges[0], edges[-1]))
        np.add.at(depth, places, step)
    return np.asarray(np.cumsum(depth)[:-1] > 0)
