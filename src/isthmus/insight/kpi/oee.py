"""ISO 22400-2 numbers of a work unit or a line, as pure functions of times and quantities.

A ratio whose denominator is zero is None: nothing was planned, made or run, so nothing can be said.
Ratios are never averaged: add up the times and the quantities, then divide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from isthmus.insight.accounting.accounts import Accounts, Episode, Look
from isthmus.insight.accounting.calendar import Stretch
from isthmus.insight.accounting.partition import Orders, Partition
from isthmus.insight.accounting.rules import Rules
from isthmus.insight.accounting.timetable import Timetable
from isthmus.insight.elements import Elements
from isthmus.model.sample import Nanoseconds
from isthmus.model.state import PACKML, Cause


@dataclass(frozen=True, slots=True)
class Times:
    """Time elements of ISO 22400-2 (5.1) in seconds; they add up to `planned_busy`.

    `planned_busy` PBT, `actual_production` APT, `actual_unit_delay` ADET (starved, blocked, short
    stops), `actual_unit_down` ADOT, `actual_unit_setup` AUST; `unknown` is planned time of which
    nothing is known, which counts as not produced and is always told; `no_order` is planned time
    in which there was nothing to do.
    """

    planned_busy: float = 0.0
    actual_production: float = 0.0
    actual_unit_delay: float = 0.0
    actual_unit_down: float = 0.0
    actual_unit_setup: float = 0.0
    unknown: float = 0.0
    no_order: float = 0.0

    def __add__(self, other: Times) -> Times:
        both = zip(astuple(self), astuple(other), strict=True)
        return Times(*(mine + theirs for mine, theirs in both))

    @classmethod
    def of(
        cls,
        accounts: Accounts,
        planned: Sequence[Stretch] | None = None,
        rules: Rules | None = None,
        orders: Orders | None = None,
    ) -> Times:
        """The time elements of what lies inside `planned`; of all the time where that is None.

        They are those of `Partition`: what a moment counts as is decided there alone.
        """
        start, end = Nanoseconds(int(accounts.start[0])), Nanoseconds(int(accounts.end[-1]))
        timetable = Timetable.within(planned or (), start, end)
        if planned is None:
            timetable = Timetable.within([Stretch("", start, end)], start, end)
        found = Partition.of(accounts, timetable, rules, orders)
        window = np.array([start], np.int64), np.array([end], np.int64)
        return cls.at(found.elements(*window), 0)

    @classmethod
    def at(cls, elements: Elements, row: int) -> Times:
        """The time elements of one window of `elements`."""
        return cls(*(float(elements.columns[name][row]) for name in _ELEMENTS))


_ELEMENTS = ("PBT", "APT", "ADET", "ADOT", "AUST", "UNKNOWN", "NOT")  # as the fields of Times


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


def oee(times: Times, count: Count | None, *, planned_run_time_per_item: float | None) -> Oee:
    """The OEE of summed times (s) and quantities (pieces); PRI in seconds a piece.

    A = APT / PBT, E = PRI x PQ / APT, Q = GQ / PQ, OEE index = A x E x Q (ISO 22400-2, 6.2 to
    6.5); the index is 0 where planned time passed and nothing was made. Without counts (None), or
    where nothing is known of the planned time, it is None; without PRI so are E and the index.
    """
    ran = times.actual_production
    seen = times.planned_busy - times.unknown
    availability = ran / times.planned_busy if times.planned_busy and seen > 0 else None
    if count is None:
        return Oee(availability, None, None, None)
    made = count.produced
    item = planned_run_time_per_item
    effectiveness = item * made / ran if ran and item is not None else None
    quality = count.good / made if made else None
    index = None
    if availability is not None and item is not None:
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

    Time in production and breaks is left out. A stop in several states counts once a cause; time
    without an order is lost like any other that was planned.
    """
    seconds = accounts.seconds if planned is None else accounts.within(planned)
    totals: dict[str, tuple[float, int]] = {}
    for episode in accounts.episodes():
        if episode.look is Look.RUN:
            continue
        lost: dict[str, float] = {}
        rows = slice(episode.first, episode.last)
        spent = seconds[rows].tolist()
        if episode.look is Look.BREAK:
            idle = accounts.cause[rows] % _CAUSES == Cause.NO_ORDER
            spent = np.where(idle, seconds[rows], 0.0).tolist()
        for word, part in zip(_words(episode, accounts), spent, strict=True):
            lost[word] = lost.get(word, 0.0) + part
        for word, part in lost.items():
            if part > 0:
                before, stops = totals.get(word, (0.0, 0))
                totals[word] = before + part, stops + 1
    found = [Loss(unit, word, spent, stops) for word, (spent, stops) in totals.items()]
    return sorted(found, key=lambda loss: -loss.seconds)


_CAUSES = 16  # a reason's number says in its low bits as which cause it counts


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
