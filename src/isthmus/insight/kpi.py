"""ISO 22400-2 numbers of a work unit or a line, as pure functions of times and quantities.

A ratio whose denominator is zero is None: nothing was planned, made or run, so nothing can be said.
Ratios are never averaged: add up the times and the quantities, then divide.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from isthmus.insight.accounting import MICRO, Accounts, Look
from isthmus.model.state import CAUSE, PACKML


@dataclass(frozen=True, slots=True)
class Times:
    """Time elements of ISO 22400-2 (5.1) in seconds; they add up to `planned_busy`.

    `planned_busy` PBT, `actual_production` APT, `actual_unit_delay` ADET (starved, blocked, short
    stops), `actual_unit_down` ADOT, `actual_unit_setup` AUST; `unknown` is planned time of which
    nothing is known, which counts as not produced and is always told.
    """

    planned_busy: float = 0.0
    actual_production: float = 0.0
    actual_unit_delay: float = 0.0
    actual_unit_down: float = 0.0
    actual_unit_setup: float = 0.0
    unknown: float = 0.0

    def __add__(self, other: Times) -> Times:
        return Times(
            self.planned_busy + other.planned_busy,
            self.actual_production + other.actual_production,
            self.actual_unit_delay + other.actual_unit_delay,
            self.actual_unit_down + other.actual_unit_down,
            self.actual_unit_setup + other.actual_unit_setup,
            self.unknown + other.unknown,
        )

    @classmethod
    def of(cls, accounts: Accounts) -> Times:
        """The time elements of accounts that are already cut to planned time.

        Breaks and time without an order that the machine itself tells are not planned either.
        """
        times = cls()
        for seconds, kind in zip(accounts.seconds.tolist(), accounts.looks(), strict=True):
            if kind is Look.BREAK:
                continue
            field = _short(kind, seconds)
            grown = getattr(times, field) + seconds
            times = replace(times, planned_busy=times.planned_busy + seconds, **{field: grown})
        return times


def _short(kind: Look, seconds: float) -> str:
    if kind is Look.STOP:
        return "actual_unit_delay" if seconds * 1e9 < MICRO else "actual_unit_down"
    return _ELEMENT[kind]


_ELEMENT = {
    Look.RUN: "actual_production",
    Look.STARVED: "actual_unit_delay",
    Look.BLOCKED: "actual_unit_delay",
    Look.SETUP: "actual_unit_setup",
    Look.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class Count:
    """Quantities in pieces: produced PQ = good GQ + scrap SQ."""

    good: float = 0.0
    scrap: float = 0.0

    @property
    def produced(self) -> float:
        """PQ."""
        return self.good + self.scrap

    def __add__(self, other: Count) -> Count:
        return Count(self.good + other.good, self.scrap + other.scrap)


@dataclass(frozen=True, slots=True)
class Oee:
    """Availability A, effectiveness E, quality ratio Q and their product, the OEE index; 0 to 1.

    E above 1 is kept: the planned run time per item is then too long, and hiding it would lie.
    """

    availability: float | None
    effectiveness: float | None
    quality: float | None
    index: float | None


def oee(times: Times, count: Count | None, *, planned_run_time_per_item: float) -> Oee:
    """The OEE of summed times (s) and quantities (pieces); PRI in seconds a piece.

    A = APT / PBT, E = PRI x PQ / APT, Q = GQ / PQ, OEE index = A x E x Q (ISO 22400-2, 6.2 to
    6.5); the index is 0 where planned time passed and nothing was made. Without counts (None), or
    where nothing is known of the planned time, it is None.
    """
    ran = times.actual_production
    seen = times.planned_busy - times.unknown
    availability = ran / times.planned_busy if times.planned_busy and seen > 0 else None
    if count is None:
        return Oee(availability, None, None, None)
    made = count.produced
    effectiveness = planned_run_time_per_item * made / ran if ran else None
    quality = count.good / made if made else None
    index = availability
    if availability is not None:
        index = availability * (effectiveness or 0.0) * (quality or 0.0)
    return Oee(availability, effectiveness, quality, index)


@dataclass(frozen=True, slots=True)
class Loss:
    """What one cause cost: seconds of planned time, and how often."""

    unit: str
    cause: str
    seconds: float
    stops: int


def losses(unit: str, accounts: Accounts) -> list[Loss]:
    """Lost time of one unit by cause, largest first; time in production and breaks left out."""
    totals: dict[str, tuple[float, int]] = {}
    rows = zip(
        accounts.seconds.tolist(),
        accounts.looks(),
        accounts.state.tolist(),
        accounts.cause.tolist(),
        strict=True,
    )
    for seconds, kind, state, cause in rows:
        if kind in (Look.RUN, Look.BREAK):
            continue
        word = _word(kind, state, cause)
        before, stops = totals.get(word, (0.0, 0))
        totals[word] = before + seconds, stops + 1
    found = [Loss(unit, word, seconds, stops) for word, (seconds, stops) in totals.items()]
    return sorted(found, key=lambda loss: -loss.seconds)


def _word(kind: Look, state: int, cause: int) -> str:
    if kind is Look.UNKNOWN:
        return "no data"
    return CAUSE[cause].replace("_", " ") if cause in CAUSE and cause else PACKML.get(state, "stop")


def mean_times(accounts: Iterable[tuple[float, Look]]) -> tuple[float | None, float | None]:
    """MTBF and MTTR in seconds over (seconds, look) stretches.

    Convention: a failure is a stop of 5 minutes or more that is neither starved, blocked, setup
    nor break; MTBF = time in production / failures, MTTR = time in failures / failures.
    """
    ran = down = 0.0
    failures = 0
    for seconds, kind in accounts:
        if kind is Look.RUN:
            ran += seconds
        elif kind is Look.STOP and seconds * 1e9 >= MICRO:
            down += seconds
            failures += 1
    return (ran / failures, down / failures) if failures else (None, None)
