"""What a kWh costs by the time of the day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from isthmus.insight.accounting.calendar import instant, local_day
from isthmus.model.plant import Plant
from isthmus.model.sample import Floats, Int64s, Nanoseconds

PRICE = 0.18  # a kWh of industry in Europe, where the plant file names none
DAY = 1_440
HALF = 1_800 * 10**9
Span = tuple[int, int, float]
"""First and last minute of the local day, and what holds between them."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices of a kWh by spans of the local day."""

    spans: tuple[Span, ...]
    zone: ZoneInfo
    demand: float = 0.0  # price of a kW of the highest quarter hour of a month

    @classmethod
    def of(cls, plant: Plant) -> Tariff:
        """The plant's tariff of electricity: keys `HH:MM-HH:MM` with a price."""
        entries = electricity(plant)
        prices = {key: value for key, value in entries.items() if isinstance(value, int | float)}
        spans = tuple(
            (*span, float(value)) for key, value in prices.items() if (span := _span(str(key)))
        )
        return cls(spans, ZoneInfo(plant.timezone), float(prices.get("demand_per_kw", 0.0)))

    def at(self, time: Nanoseconds) -> float:
        """The price of a kWh at `time`; the mean one where no span holds then."""
        found = held(self.spans, time, self.zone)
        return self.mean if found is None else found

    def over(self, edges: Int64s) -> Floats:
        """The mean price in each bucket between `edges` (ns)."""
        return means(edges, changes(self.spans, edges, self.zone), self.at)

    @property
    def assumed(self) -> bool:
        """Whether the plant file tells no price, so that one of ours stands in."""
        return not self.spans

    @property
    def mean(self) -> float:
        """The price over a whole day, each span weighted by its length."""
        lengths = [(last - first) % DAY or DAY for first, last, _ in self.spans]
        if not lengths:
            return PRICE
        total = sum(length * span[2] for length, span in zip(lengths, self.spans, strict=True))
        return total / sum(lengths)


def electricity(plant: Plant) -> Mapping[str, object]:
    """What the plant file says of electricity."""
    told = plant.tariffs.get("electricity")
    return told if isinstance(told, Mapping) else {}


def held(spans: Iterable[Span], time: Nanoseconds, zone: ZoneInfo) -> float | None:
    """What the first of `spans` that holds at `time` says; None where none does.

    Wall clocks decide: an hour that comes twice has its price twice.
    """
    local = datetime.fromtimestamp(time / 1e9, zone)
    minute = local.hour * 60 + local.minute
    for first, last, value in spans:
        inside = first <= minute < last if first < last else minute >= first or minute < last
        if inside:
            return value
    return None


def changes(spans: Iterable[Span], edges: Int64s, zone: ZoneInfo) -> Int64s:
    """Every moment between the outer `edges` at which another of `spans` may begin.

    Half hours are among them: at one of them clocks are changed.
    """
    start, end = int(edges[0]), int(edges[-1])
    minutes = {minute for first, last, _ in spans for minute in (first, last)}
    found = list(range(start // HALF * HALF, end, HALF))
    day = local_day(Nanoseconds(start), zone) if minutes else None
    while day is not None and instant(day, 0, zone) < end:
        found += [instant(day, minute, zone) for minute in minutes]
        day += timedelta(days=1)
    times = np.unique(np.array(found, np.int64))
    return times[(times > start) & (times < end)]


def means(edges: Int64s, cuts: Int64s, at: Callable[[Nanoseconds], float]) -> Floats:
    """The mean over each bucket of what changes at `cuts` only."""
    times = np.union1d(edges, cuts)
    value = np.array([at(Nanoseconds(time)) for time in times[:-1].tolist()], dtype=float)
    area = np.concatenate([[0.0], np.cumsum(value * np.diff(times))])
    return np.asarray(np.diff(area[np.searchsorted(times, edges)]) / np.diff(edges))


def _span(text: str) -> tuple[int, int] | None:
    """Minutes of the day of `HH:MM-HH:MM`, None of any other text."""
    ends = []
    for word in text.split("-"):
        hours, colon, minutes = word.strip().partition(":")
        if not (colon and hours.isdecimal() and minutes.isdecimal()):
            return None
        ends.append((int(hours) * 60 + int(minutes)) % DAY)
    return (ends[0], ends[1]) if len(ends) == 2 else None  # noqa: PLR2004
