"""ISO 22400-2 numbers of a work unit or a line, as pure functions of times and quantities.

A ratio whose denominator is zero is None: nothing was planned, made or run, so nothing can be said.
Ratios are never averaged: add up the times and the quantities, then divide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from isthmus.insight.accounting.accounts import MICRO, Accounts, Episode, Look
from isthmus.insight.accounting.calendar import Stretch
from isthmus.model.state import PACKML


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
    def of(cls, accounts: Accounts, planned: Sequence[Stretch] | None = None) -> Times:
        """The time elements of what lies inside `planned`; of all the time where that is None.

        Breaks and time without an order that the machine itself tells are not planned either. A
        stop is short by its whole length, whatever states it is told in and wherever it is cut.
        """
        seconds = accounts.seconds if planned is None else accounts.within(planned)
        times = cls()
        for episode in accounts.episodes():
            if episode.look is Look.BREAK:
                continue
            spent = float(seconds[episode.first : episode.last].sum())
            field = _element(episode)
            grown = getattr(times, field) + spent
            times = replace(times, planned_busy=times.planned_busy + spent, **{field: grown})
        return times


def _element(episode: Episode) -> str:
    if episode.look is Look.STOP:
        short = episode.end - episode.start < MICRO
        return "actual_unit_delay" if short else "actual_unit_down"
    return _ELEMENT[episode.look]


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


def losses(unit: str, accounts: Accounts, planned: Sequence[Stretch] | None = None) -> list[Loss]:
    """Time that one unit lost inside `planned` by cause, largest first.

    Time in production and breaks is left out. A stop in several states counts once a cause.
    """
    seconds = accounts.seconds if planned is None else accounts.within(planned)
    totals: dict[str, tuple[float, int]] = {}
    for episode in accounts.episodes():
        if episode.look in (Look.RUN, Look.BREAK):
            continue
        lost: dict[str, float] = {}
        spent = seconds[episode.first : episode.last].tolist()
        for word, part in zip(_words(episode, accounts), spent, strict=True):
            lost[word] = lost.get(word, 0.0) + part
        for word, part in lost.items():
            if part > 0:
                before, stops = totals.get(word, (0.0, 0))
                totals[word] = before + part, stops + 1
    found = [Loss(unit, word, spent, stops) for word, (spent, stops) in totals.items()]
    return sorted(found, key=lambda loss: -loss.seconds)


def _words(episode: Episode, accounts: Accounts) -> list[str]:
    """What to call each stretch of an episode: its cause, else the last or first one told in it.

    Where no cause is told at all, the state that lasted longest names the whole.
    """
    size = episode.last - episode.first
    if episode.look in _WORDS:
        return [_WORDS[episode.look]] * size
    rows = slice(episode.first, episode.last)
    words_of = accounts.words
    causes = [words_of.get(cause, "") if cause else "" for cause in accounts.cause[rows].tolist()]
    longest = episode.first + int(np.argmax(accounts.seconds[rows]))
    state = PACKML.get(int(accounts.state[longest]), "stop")
    word = next((cause for cause in causes if cause), state)
    words = []
    for cause in causes:
        word = cause or word
        words.append(word.replace("_", " "))
    return words


_WORDS = {Look.UNKNOWN: "no data", Look.STARVED: "starved", Look.BLOCKED: "blocked"}
