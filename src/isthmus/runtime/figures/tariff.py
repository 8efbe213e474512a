"""What a kWh costs by the time of the day, and the CO2 that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from isthmus.model.plant import Plant
from isthmus.model.sample import Floats, Int64s, Nanoseconds

PRICE = 0.18  # a kWh of industry in Europe, where the plant file names none
CO2 = 0.363  # kg a kWh, likewise
EXTRA = {"co2": CO2, "demand_per_kw": 0.0}
DAY = 1_440


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices of a kWh as (first minute, last minute, price) of the local day; `co2` in kg."""

    spans: tuple[tuple[int, int, float], ...]
    co2: float
    zone: ZoneInfo
    demand: float = 0.0  # price of a kW of the highest quarter hour of a month

    @classmethod
    def of(cls, plant: Plant) -> Tariff:
        """The plant's tariff of electricity: keys `HH:MM-HH:MM` with a price, and `co2`."""
        told = plant.tariffs.get("electricity")
        entries = told if isinstance(told, Mapping) else {}
        prices = {key: value for key, value in entries.items() if isinstance(value, int | float)}
        spans = tuple(
            (*span, float(value)) for key, value in prices.items() if (span := _span(str(key)))
        )
        co2, demand = (float(prices.get(key, usual)) for key, usual in EXTRA.items())
        return cls(spans, co2, ZoneInfo(plant.timezone), demand)

    def at(self, time: Nanoseconds) -> float:
        """The price of a kWh at `time`; the mean one where no span holds then."""
        local = datetime.fromtimestamp(time / 1e9, self.zone)
        minute = local.hour * 60 + local.minute
        for first, last, price in self.spans:
            inside = first <= minute < last if first < last else minute >= first or minute < last
            if inside:
                return price
        return self.mean

    def each(self, times: Int64s) -> Floats:
        """The price at each of `times`."""
        return np.array([self.at(Nanoseconds(time)) for time in times.tolist()], dtype=float)

    @property
    def mean(self) -> float:
        """The price over a whole day, each span weighted by its length."""
        lengths = [(last - first) % DAY or DAY for first, last, _ in self.spans]
        if not lengths:
            return PRICE
        total = sum(length * span[2] for length, span in zip(lengths, self.spans, strict=True))
        return total / sum(lengths)


def _span(text: str) -> tuple[int, int] | None:
    """Minutes of the day of `HH:MM-HH:MM`, None of any other text."""
    ends = []
    for word in text.split("-"):
        hours, colon, minutes = word.strip().partition(":")
        if not (colon and hours.isdecimal() and minutes.isdecimal()):
            return None
        ends.append((int(hours) * 60 + int(minutes)) % DAY)
    return (ends[0], ends[1]) if len(ends) == 2 else None  # noqa: PLR2004
