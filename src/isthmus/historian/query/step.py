"""Intervals of a length that people say: `10s`, `1h`, `1d`, `1w`, `1mo`, in the plant's time zone.

Steps below a day begin anew at each local midnight if a day holds them without rest. So the day on
which the clock goes forward has 23 hours, the one on which it goes back 25, and a shift of 8 h is
cut short there rather than moved for the rest of the summer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from isthmus.historian.settings import DAY, HOUR, MINUTE, SECOND
from isthmus.model.errors import Refused
from isthmus.model.sample import Bools, Int64s, Nanoseconds

ORIGIN = date(2000, 1, 3)  # a Monday: weeks and steps of several days count from it
MOST_INTERVALS = 1_000_000
FIXED = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "sec": SECOND,
    "m": MINUTE,
    "min": MINUTE,
    "h": HOUR,
}
DAYS = {"d": 1, "day": 1, "days": 1, "w": 7, "week": 7, "weeks": 7}
MONTHS = {"mo": 1, "month": 1, "months": 1, "q": 3, "quarter": 3, "y": 12, "year": 12, "years": 12}
_STEP = re.compile(r"(\d+(?:\.\d+)?)?\s*([a-z]+)")


@dataclass(frozen=True, slots=True)
class Step:
    """A length: nanoseconds, or whole local days or months (then the others are 0)."""

    ns: int = 0
    days: int = 0
    months: int = 0

    @classmethod
    def parse(cls, text: str) -> Step:
        """The step that `text` says, such as `10s`, `1h`, `1d`, `1w`, `1mo`, `1y`."""
        found = _STEP.fullmatch(text.strip().casefold())
        number = float(found[1] or 1) if found else 0.0
        if found and number > 0:
            unit = found[2]
            if unit in FIXED and number * FIXED[unit] >= 1:
                return cls.of(round(number * FIXED[unit]))
            if unit in DAYS and number.is_integer():
                return cls(days=round(number) * DAYS[unit])
            if unit in MONTHS and number.is_integer():
                return cls(months=round(number) * MONTHS[unit])
        raise Refused(f"`{text[:40]}` is no step", hint="such as 10s, 1min, 1h, 1d, 1w, 1mo, 1y")

    @classmethod
    def of(cls, ns: int) -> Step:
        """The step of `ns`; hours that make whole days are days: `24h` follows the local clock."""
        return cls(days=ns // DAY) if ns % DAY == 0 else cls(ns=ns)

    @property
    def about(self) -> int:
        """How long it is in ns, more or less."""
        return self.ns or self.days * DAY or self.months * 30 * DAY

    def floor(self, time: Nanoseconds, zone: ZoneInfo) -> Nanoseconds:
        """The last time at or before `time` at which a step begins."""
        begins = self._begins(int(time) - 2 * self.about - DAY, int(time) + 1, zone)
        return Nanoseconds(int(begins[begins <= time][-1]))

    def times(self, start: Nanoseconds, end: Nanoseconds, zone: ZoneInfo) -> Int64s:
        """The times in [start, end) at which a step begins."""
        begins = self._begins(start, end, zone)
        return begins[(begins >= start) & (begins < end)]

    def _begins(self, start: int, end: int, zone: ZoneInfo) -> Int64s:
        """Where steps begin, in [start, end); one or more before `start` may be among them."""
        if self.ns and DAY % self.ns:
            origin = midnight(ORIGIN, zone)
            first = origin + (start - origin) // self.ns * self.ns
            return np.arange(first, end, self.ns, dtype=np.int64)
        first_day, last_day = local_day(start, zone), local_day(end, zone)
        if self.ns:
            nights = [midnight(day, zone) for day in _every(first_day, last_day, 1)]
            nights.append(midnight(last_day + timedelta(days=1), zone))
            parts = [
                np.arange(low, high, self.ns, dtype=np.int64) for low, high in pairwise(nights)
            ]
            return np.concatenate(parts)
        days = (
            _every(first_day, last_day, self.days)
            if self.days
            else _months(first_day, last_day, self.months)
        )
        return np.array([midnight(day, zone) for day in days], np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Adjoining intervals between `edges` (ns UTC).

    `keep` marks those that are asked for (there is nothing between two shifts), `cut` those that
    are shorter than their step; `names` says what each is called, if they have names.
    """

    edges: Int64s
    keep: Bools
    cut: Bools
    names: Sequence[str] = field(default=())

    @property
    def starts(self) -> Int64s:
        """Where each interval asked for begins."""
        return self.edges[:-1][self.keep]

    @property
    def ends(self) -> Int64s:
        """Where each interval asked for ends."""
        return self.edges[1:][self.keep]

    @classmethod
    def whole(cls, start: Nanoseconds, end: Nanoseconds) -> Intervals:
        """One interval."""
        _require_time(start, end)
        return cls.of(np.array([start, end], np.int64))

    @classmethod
    def of(cls, edges: Int64s) -> Intervals:
        """Those between `edges`, all of them asked for."""
        many = len(edges) - 1
        return cls(edges, np.ones(many, np.bool_), np.zeros(many, np.bool_))

    @classmethod
    def every(
        cls,
        step: Step,
        start: Nanoseconds,
        end: Nanoseconds,
        zone: ZoneInfo,
        *,
        most: int = MOST_INTERVALS,
    ) -> Intervals:
        """Those of `step` from `start` to `end`; the first and the last may be cut."""
        _require_time(start, end)
        number = (end - start) // step.about + 2
        if number > most:
            raise Refused(
                f"{number:,} intervals between the two times",
                hint=f"{most:,} are allowed: ask for longer ones, or for less time",
            )
        begins = step._begins(start, end, zone)  # noqa: SLF001 - its own kind
        inner = begins[(begins > start) & (begins < end)]
        edges = np.concatenate([np.array([start]), inner, np.array([end])]).astype(np.int64)
        cut = np.zeros(len(edges) - 1, np.bool_)
        cut[0] = step.floor(start, zone) != start
        cut[-1] |= step.floor(end, zone) != end
        return cls(edges, np.ones(len(cut), np.bool_), cut)

    @classmethod
    def named(
        cls, stretches: Sequence[tuple[str, int, int]], start: Nanoseconds, end: Nanoseconds
    ) -> Intervals:
        """Those of named stretches (name, start, end), such as shifts, cut to [start, end)."""
        _require_time(start, end)
        ordered = sorted(stretches, key=lambda each: each[1:])
        inside = [each for each in ordered if each[1] < end and each[2] > start]
        parts = [(max(low, start), min(high, end)) for _, low, high in inside]
        if any(before[1] > after[0] for before, after in pairwise(parts)):
            raise Refused("some of the stretches overlap", hint="ask for one calendar at a time")
        if not parts:
            raise Refused("no shift lies between the two times", hint="ask for more time")
        edges = np.unique(np.array(parts, np.int64))
        keep, cut = np.zeros(len(edges) - 1, np.bool_), np.zeros(len(edges) - 1, np.bool_)
        place = np.searchsorted(edges, [low for low, _ in parts])
        keep[place] = True
        cut[place] = [
            (low, high) != part for (_, low, high), part in zip(inside, parts, strict=True)
        ]
        return cls(edges, keep, cut, [name for name, _, _ in inside])


def length(text: str) -> int:
    """The nanoseconds of `8h`, `30min`, `1.5d`; days are of 24 hours here, months of 30 days."""
    found = _STEP.fullmatch(text.strip().casefold())
    days = {**DAYS, **{name: 30 * many for name, many in MONTHS.items()}}
    ns = FIXED.get(found[2]) or days.get(found[2], 0) * DAY if found else 0
    if not found or not found[1] or not ns:
        raise Refused(f"`{text[:40]}` is no length of time", hint="such as 30min, 8h, 7d")
    return round(float(found[1]) * ns)


def local_day(time: int, zone: ZoneInfo) -> date:
    """The local date at `time` (ns UTC)."""
    return datetime.fromtimestamp(time // SECOND, zone).date()


def midnight(day: date, zone: ZoneInfo) -> int:
    """When the local `day` begins (ns UTC): the first moment of it where midnight is skipped."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    return int(local.astimezone(UTC).timestamp()) * SECOND


def _require_time(start: int, end: int) -> None:
    if start >= end:
        raise Refused("the end is not after the start", hint="give a start before the end")


def _every(first: date, last: date, days: int) -> list[date]:
    begin = first - timedelta(days=(first - ORIGIN).days % days)
    return [begin + timedelta(days=step) for step in range(0, (last - begin).days + 1, days)]


def _months(first: date, last: date, months: int) -> list[date]:
    number = (first.year - 2000) * 12 + first.month - 1
    until = (last.year - 2000) * 12 + last.month - 1
    begin = number - number % months
    return [date(2000 + each // 12, each % 12 + 1, 1) for each in range(begin, until + 1, months)]
