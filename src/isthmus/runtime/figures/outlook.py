"""The load of a line in the next 24 hours: its peak, its cost, and what could be moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from isthmus.insight.energy.forecast import CLOSED, ahead
from isthmus.insight.energy.shift import Move, moves
from isthmus.insight.series import grid
from isthmus.model.plant import Equipment
from isthmus.model.sample import Floats, Int64s, Nanoseconds
from isthmus.runtime.figures.emission import emission
from isthmus.runtime.figures.energy import consumers
from isthmus.runtime.figures.hours import metered
from isthmus.runtime.figures.read import Records, Window, meters
from isthmus.runtime.figures.tariff import Tariff

QUARTER = 900 * 10**9
HOUR = 4 * QUARTER
DAY = 24 * HOUR
STEPS = 96
BACK = 70  # days that are looked back
AGAIN = 6 * HOUR  # after which all of them are read again: late samples may have come
LATE = 2 * HOUR  # what is read again each time
SURE = 7  # whole days from which an interval means something
SHARES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """The coming 24 hours by quarters between `edges` (ns): kW as `low`, `middle`, `high` (80 %).

    `peak` is the highest quarter by the same shares, `peak_at` the likeliest one, None where no
    peak is known; low and high are NaN below a week of history. The totals are None where any
    quarter is not known. `days` is how many whole days it was learned from, `moves` by machine
    what would save most.
    """

    edges: Int64s
    low: Floats
    middle: Floats
    high: Floats
    peak: tuple[float, float, float]
    peak_at: Nanoseconds | None
    kwh: float | None
    money: float | None
    co2: float | None
    days: int
    moves: tuple[tuple[Equipment, Move], ...]
    closed: bool

    @property
    def unknown(self) -> int:
        """How many of the quarters nothing is known of."""
        return int(np.isnan(self.middle).sum())


def outlook(records: Records, line: Equipment) -> Outlook | None:
    """What the line will draw from the last whole quarter on; None without a whole day before."""
    sources = meters(records.plant, line)
    origin = Nanoseconds(records.now() // QUARTER * QUARTER)
    clock = _Clock.of(records, line, origin)
    past = clock.walls(_quarters(records, line.path, sources, origin))
    found = ahead(past, clock.kind_of_past(len(past)), clock.kind_of_coming(), shares=SHARES)
    if found is None or not np.isfinite(found.load[1]).any():
        return None
    days = int(np.isfinite(past).sum()) // STEPS
    low, middle, high = clock.coming(found.load)
    peak = tuple(found.peak.tolist())
    if days < SURE:
        low, high = np.full((2, STEPS), np.nan)
        peak = (np.nan, peak[1], np.nan)
    tariff = Tariff.of(records.plant)
    price, factor = tariff.over(clock.edges), emission(records, clock.edges).kg
    kwh = middle / 4
    at = int(clock.edges[int(np.nanargmax(middle))]) if np.isfinite(peak[1]) else None
    return Outlook(
        clock.edges,
        low,
        middle,
        high,
        (peak[0], peak[1], peak[2]),
        None if at is None else Nanoseconds(at),
        _total(kwh),
        _total(kwh * price),
        _total(kwh * factor),
        days,
        tuple(_moves(records, line, clock, middle, price, factor)),
        bool((clock.kind_of_coming() == CLOSED).any()),
    )


def _total(column: Floats) -> float | None:
    return float(column.sum()) if np.isfinite(column).all() else None


def _moves(
    records: Records,
    line: Equipment,
    clock: _Clock,
    whole: Floats,
    price: Floats,
    factor: Floats,
) -> list[tuple[Equipment, Move]]:
    found = []
    shared = consumers(records, line)
    for unit in (*line.walk(), *shared):
        if not unit.movable or not (unit.tag("energy") or unit.tag("power")):
            continue
        past = clock.walls(_quarters(records, unit.path, [unit], clock.origin))
        own = ahead(past, clock.kind_of_past(len(past)), clock.kind_of_coming())
        if own is None or not np.isfinite(own.load).any():
            continue
        load = clock.coming(own.load)[0]
        told = moves(
            whole + load if unit in shared else whole,
            load,
            price,
            factor,
            room=float(np.nanquantile(past, 0.98)),
            within=int(unit.movable * 10**9 // QUARTER),
            hour=4,
        )
        found += [(unit, move) for move in told]
        whole = whole.copy()
        for move in told if unit not in shared else ():  # the next machine finds them moved
            whole[move.start : move.start + move.steps] -= move.kwh
            whole[move.to : move.to + move.steps] += move.kwh
    return sorted(found, key=lambda one: -one[1].money)


def _quarters(
    records: Records, key: str, sources: Sequence[Equipment], origin: Nanoseconds
) -> Floats:
    """Mean kW of each quarter hour of ten weeks up to `origin`, NaN where not known.

    They are read day by day, kept, and only what is new is read the next time.
    """
    start = Nanoseconds(origin - BACK * DAY)
    read, first, kept = records.quarters.get(key, (Nanoseconds(0), start, np.empty(0)))
    if not len(kept) or not 0 <= origin - read < AGAIN or start < first:
        read, first, kept = origin, start, np.empty(0)
    kept = kept[(start - first) // QUARTER :]
    sure = max(0, min(len(kept), (origin - LATE - start) // QUARTER))
    parts = [kept[:sure]]
    tags = metered(sources)
    for begin in range(start + sure * QUARTER, origin, DAY):
        end = min(begin + DAY, origin)
        around = Nanoseconds(begin - HOUR), Nanoseconds(min(end + HOUR, records.now()))
        shelf = records.shelf(tags, Window("quarters", *around))  # a slow meter tells it there
        parts.append(shelf.kwh(sources, grid(Nanoseconds(begin), Nanoseconds(end), QUARTER)) * 4)
    told = np.concatenate(parts)
    records.quarters[key] = read, start, told
    return told


@dataclass(frozen=True, slots=True, eq=False)
class _Clock:
    """The wall clock around `origin`: days of it have 96 quarters, also where 92 or 100 passed."""

    origin: Nanoseconds
    edges: Int64s
    past: Int64s  # quarters of the wall clock since 1970, of each quarter before the origin
    after: Int64s  # likewise of those after it
    holidays: frozenset[int]

    @classmethod
    def of(cls, records: Records, line: Equipment, origin: Nanoseconds) -> _Clock:
        def walls(times: Int64s) -> Int64s:
            local = [datetime.fromtimestamp(each / 1e9, records.zone) for each in times.tolist()]
            east = [offset.total_seconds() if (offset := at.utcoffset()) else 0 for at in local]
            return np.asarray((times + np.array(east, np.int64) * 10**9) // QUARTER)

        edges = origin + np.arange(STEPS + 1, dtype=np.int64) * QUARTER
        before = origin - np.arange(BACK * STEPS, 0, -1, dtype=np.int64) * QUARTER
        calendar = records.calendar(line)
        epoch = datetime(1970, 1, 1).toordinal()  # noqa: DTZ001 - days are counted, no time is told
        closed = {day.toordinal() - epoch for day in calendar.holidays} if calendar else set()
        return cls(origin, edges, walls(before), walls(edges[:-1]), frozenset(closed))

    def walls(self, kw: Floats) -> Floats:
        """`kw` of past quarters by the wall clock: an hour left out is NaN, one twice the mean."""
        place = self.past - self._first
        known = np.isfinite(kw) & (place >= 0)
        size = int(self.after[0]) - self._first
        known &= place < size
        count = np.bincount(place[known], minlength=size)
        total = np.bincount(place[known], weights=kw[known], minlength=size)
        with np.errstate(invalid="ignore"):
            whole = total / count
        told = np.flatnonzero(np.isfinite(whole))
        return whole[told[0] :] if len(told) else whole[:0]

    def coming(self, steps: Floats) -> Floats:
        """Columns by the coming wall clock as columns by the quarters that will pass."""
        return steps[:, (self.after - self.after[0]) % STEPS]

    def kind_of_past(self, size: int) -> Int64s:
        """The kinds of day of the last `size` quarters of the wall clock."""
        return self._kind(int(self.after[0]) - size + np.arange(size, dtype=np.int64))

    def kind_of_coming(self) -> Int64s:
        """The kinds of day of the coming 96 quarters of the wall clock."""
        return self._kind(int(self.after[0]) + np.arange(STEPS, dtype=np.int64))

    @property
    def _first(self) -> int:
        return int(self.past[0])

    def _kind(self, walls: Int64s) -> Int64s:
        day = walls // STEPS
        weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
        closed = np.isin(day, list(self.holidays))
        return np.where(closed, CLOSED, weekday)
