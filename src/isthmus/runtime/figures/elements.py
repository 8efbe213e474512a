"""Elements of key figures of a unit, a line or an area, for any windows: times, pieces, energy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from isthmus.insight.accounting.accounts import Accounts
from isthmus.insight.accounting.calendar import shift_at
from isthmus.insight.accounting.partition import Partition
from isthmus.insight.accounting.rules import Rules
from isthmus.insight.accounting.startup import startups
from isthmus.insight.accounting.timetable import Timetable
from isthmus.insight.elements import Elements
from isthmus.model.plant import Equipment, Level
from isthmus.model.sample import Floats, Int64s, Nanoseconds
from isthmus.runtime.figures.bucket import PART, portions, reaching, summed
from isthmus.runtime.figures.counted import counted
from isthmus.runtime.figures.quantities import quantities
from isthmus.runtime.figures.read import Bounds, Records, Window, bottleneck, meters, units
from isthmus.runtime.figures.worked import worked

MARGIN = 1_800 * 10**9  # ns around the windows: short stops are seen whole, and what led to gaps


def elements(
    records: Records, equipment: Equipment, windows: Sequence[Window], *, every: bool = False
) -> Elements | None:
    """The elements of a work unit, a line or an area, a row a window; None where nothing is told.

    Of a line they are those of its bottleneck, with `every` the sums over its units; of an area
    the sums over its lines. What has not happened yet belongs to no window.
    """
    if equipment.level is Level.AREA:
        return _sum([elements(records, line, windows, every=every) for line in equipment.children])
    if equipment.level is Level.WORK_CENTER and every:
        return _sum([elements(records, unit, windows) for unit in units(equipment)])
    line = equipment if equipment.level is Level.WORK_CENTER else None
    unit = bottleneck(equipment) if line else equipment
    if unit is None or unit.tag("state") is None or not windows:
        return None
    now = records.now()
    starts = np.array([min(window.start, now) for window in windows], np.int64)
    ends = np.array([min(window.end, now) for window in windows], np.int64)
    span = Nanoseconds(int(starts.min())), Nanoseconds(int(ends.max()))
    if span[0] >= span[1]:
        return None
    found = partition(records, unit, span)
    times = found.elements(starts, ends)

    def tells(bounds: Bounds) -> Partition:
        first, last = bounds[0], Nanoseconds(min(bounds[1], max(now, span[1])))
        covered = found.start[0] <= first and last <= found.end[-1]
        return found if covered else partition(records, unit, (first, last))

    begins = startups(found, round(unit.startup * 1e9)) if unit.startup else None
    pieces = counted(records, line, unit, tells, starts, ends, begins)
    energy = {"EN": _energy(records, line or unit, starts, ends)}
    more = {name: of for name, of in (pieces | energy).items() if of is not None}
    rest = quantities(records, line or unit, starts, ends)
    return Elements(times.start, times.end, {**times.columns, **more, **rest})


def partition(records: Records, unit: Equipment, span: Bounds) -> Partition:
    """The partition of the time of `unit` over `span` and somewhat before and after it.

    It reaches back to where planned time last ended before the span, so that a stop that held
    since then counts where its first planned moment lies.
    """
    rules = rules_of(unit)
    back = max(MARGIN, rules.micro) + round((unit.startup or 0) * 1e9)
    start, end = _reach(records, unit, span, back, max(MARGIN, rules.micro))
    state, cause = unit.tag("state"), unit.tag("cause")
    parts = []
    for first, last in _parts(start, end):
        parts.append(records.shelf([state, cause], Window("", first, last)).accounts(unit))
    accounts = Accounts.joined(parts)
    timetable = Timetable.of(records.calendar(unit), start, end, records.zone)
    orders = worked(records, unit, "order", (start, end))
    return Partition.of(accounts, timetable, rules, orders)


def rules_of(unit: Equipment) -> Rules:
    """How the time of `unit` is accounted for."""
    return Rules(round(unit.micro_stop * 1e9)) if unit.micro_stop else Rules()


def _reach(records: Records, unit: Equipment, span: Bounds, back: int, ahead: int) -> Bounds:
    start, end = span
    calendar = records.calendar(unit)
    if calendar is not None and calendar.shifts:
        here = shift_at(calendar, Nanoseconds(start - 1), records.zone)
        if not here.name:
            start = here.start
        start = _before_breaks(records, unit, start)
    return Nanoseconds(start - back), Nanoseconds(min(end + ahead, max(records.now(), end)))


def _before_breaks(records: Records, unit: Equipment, start: Nanoseconds) -> Nanoseconds:
    """Where the planned time before `start` ends; a day before it at most."""
    day = Nanoseconds(start - 86_400 * 10**9)
    ends = [each.end for each in records.planned(unit, Window("", day, start))]
    return max(ends, default=day)


def _parts(start: Nanoseconds, end: Nanoseconds) -> Iterator[Bounds]:
    for first in range(start, end, PART):
        yield Nanoseconds(first), Nanoseconds(min(first + PART, end))


def _energy(records: Records, equipment: Equipment, starts: Int64s, ends: Int64s) -> Floats | None:
    """The energy used, in all time; None where nothing measures it."""
    found = [equipment] if equipment.level is not Level.WORK_CENTER else None
    sources = meters(records.plant, equipment) if found is None else found
    tags = [unit.tag("energy") or unit.tag("power") for unit in sources]
    if not any(tags):
        return None
    edges = np.unique(np.concatenate([starts, ends]))
    used = np.full(len(edges) - 1, np.nan)
    for rows, bounds in portions(edges):
        shelf = reaching(records, tags, *bounds)
        used[rows] = shelf.kwh(sources, edges[rows.start : rows.stop + 1])
    return summed(edges, used, starts, ends)


def _sum(parts: Sequence[Elements | None]) -> Elements | None:
    """The sums of elements of the same windows; only those that all of them tell."""
    told = [part for part in parts if part is not None]
    if not told:
        return None
    common = set.intersection(*(set(part.columns) for part in told))
    summed = {name: np.sum([part.columns[name] for part in told], axis=0) for name in common}
    return Elements(told[0].start, told[0].end, summed)
