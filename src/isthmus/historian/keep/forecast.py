"""When the disk will be full, from what was written on each of the last days.

A day more comes every day, and every day the days that pass a rule go. So the future is played
through, day by day; the median of the last complete days is what comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np

from isthmus.historian.keep.retention import DAY, FOREVER, HOUR

RECENT = 14  # days whose median is the growth
ENOUGH = 3  # complete days; with fewer, the mean of what there is
HORIZON = 20 * 365
YEAR = 365
FAR = 2 * YEAR


@dataclass(frozen=True, slots=True)
class Forecast:
    """What will be: `bound` bytes can be used; `full_in` days, None where it stays below.

    `per_day` is None where too little was written to tell. `peak` is the most that will be used.
    """

    used: int
    bound: int
    per_day: int | None
    full_in: float | None
    peak: int

    def __str__(self) -> str:
        if self.per_day is None:
            return "too early to say when it is full"
        if self.full_in is None:
            return f"stays below {size(self.peak)} of {size(self.bound)}"
        return f"full in {span(self.full_in)}" if self.full_in > 0 else "full"


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes a UTC day (days since 1970) of one table, and after how many ns a day goes."""

    days: Mapping[int, int]
    age: int = FOREVER


def forecast(tables: list[Written], *, used: int, bound: int, now: int, since: int) -> Forecast:
    """What will be of `tables`, of which `used` bytes lie on the disk now.

    `since` is the time of the oldest sample; all times in ns.
    """
    today = now // DAY
    grows = [_per_day(table, today, now, since) for table in tables]
    known = [rate for rate in grows if rate is not None]
    if not known:
        return Forecast(used, bound, None, None, used)
    if used >= bound:
        return Forecast(used, bound, sum(known), 0.0, used)
    change = np.zeros(HORIZON, np.int64)
    for table, rate in zip(tables, grows, strict=True):
        change += rate or 0
        if table.age < FOREVER:
            _give_back(change, table, rate or 0, today)
    level = used + np.cumsum(change)
    over = np.nonzero(level > bound)[0]
    peak = int(level.max(initial=used))
    if not len(over):
        return Forecast(used, bound, sum(known), None, max(peak, used))
    day = int(over[0])
    before = used if day == 0 else int(level[day - 1])
    return Forecast(
        *(used, bound, sum(known)), day + (bound - before) / max(1, int(level[day]) - before), peak
    )


def _per_day(table: Written, today: int, now: int, since: int) -> int | None:
    """Bytes of a usual day; None where there is too little to tell."""
    whole = [day for day in sorted(table.days) if since // DAY < day < today][-RECENT:]
    if len(whole) >= ENOUGH:
        first = max(whole[0], whole[-1] - RECENT + 1)  # a day without values counts
        return round(median(table.days.get(day, 0) for day in range(first, today)))
    covered = now - max(since, (today - ENOUGH) * DAY)
    recent = sum(size for day, size in table.days.items() if today - ENOUGH <= day <= today)
    return round(recent * DAY / covered) if covered >= HOUR else None


def _give_back(change: np.ndarray, table: Written, rate: int, today: int) -> None:
    """Take from each coming day what passes the rule on it."""
    lasts = -(-table.age // DAY)  # whole days, and the day itself
    for day, written in table.days.items():
        goes = day + 1 + lasts - today
        if goes < HORIZON:
            change[max(goes, 0)] -= written
    if lasts + 1 < HORIZON:
        change[lasts + 1 :] -= rate


def size(count: int) -> str:
    """Bytes in words, as plant files write them: `120 GB`."""
    for unit, step in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= step:
            number = count / step
            return f"{number:.0f} {unit}" if number >= 10 else f"{number:.1f} {unit}"  # noqa: PLR2004
    return f"{count} B"


def span(days: float) -> str:
    """A time in words: `43 days`."""
    if days >= FAR:
        return f"{days / YEAR:.0f} years"
    if days >= 1.5:  # noqa: PLR2004
        return f"{days:.0f} days"
    return f"{max(1, round(days * 24))} hours"
