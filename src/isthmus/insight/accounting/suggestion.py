"""Which reason a stop most likely had, how sure that is, and what speaks for it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from isthmus.insight.accounting.accounts import Accounts, Episode, Look
from isthmus.insight.accounting.correction import Correction
from isthmus.insight.accounting.rules import TimeElement
from isthmus.insight.accounting.stop import Stop
from isthmus.model.event import Event
from isthmus.model.reason import Category, Reasons

NEAR = 180 * 10**9  # ns before a stop in which a neighbour's fault may have led to it
FIRST_OUT = (60 * 10**9, 30 * 10**9)  # ns before and after the beginning of a stop
CHANGE = 120 * 10**9  # ns around a stop in which an order or product changed
ALARM, MATCH, TOLD, CHANGED, SHORT = 0.4, 0.6, 0.9, 0.7, 0.5
FOUND, ALONE, BESIDE = 0.95, 0.6, 0.35  # of neighbours
LEARNED = 2  # how many stops of the past chance is worth


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A reason by name, how sure (0 to 1), and what speaks for it, the strongest first."""

    reason: str
    confidence: float
    because: tuple[str, ...]


@dataclass(frozen=True)
class Neighbour:
    """A unit of the same line: what it is called, and its time."""

    title: str
    accounts: Accounts

    @cached_property
    def faults(self) -> list[Episode]:
        """When it stood by its own fault, in order."""
        return [each for each in self.accounts.episodes() if each.look is Look.STOP]

    def fault_before(self, moment: int) -> Episode | None:
        """The first fault that began by `moment` (ns) and had not long been over."""
        last = bisect_right(self.faults, moment, key=lambda each: each.start)
        near = bisect_right(self.faults, moment - NEAR, hi=last, key=lambda each: each.end)
        return self.faults[near] if near < last else None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known around a stop.

    `before` and `behind` are the units up and down the line, the nearest first; `alarms` those at
    the unit; `changes` are times (ns) at which its order or product changed; `past` is what
    people said of its stops.
    """

    before: Sequence[Neighbour] = ()
    behind: Sequence[Neighbour] = ()
    alarms: Sequence[Event] = ()
    changes: Sequence[int] = ()
    past: Sequence[Correction] = ()


@dataclass(frozen=True, slots=True)
class _Hint:
    reason: str
    weight: float
    text: str


def first_out(stop: Stop, alarms: Sequence[Event]) -> Event | None:
    """The first alarm around the beginning of a stop; what followed, followed from it."""
    early, late = FIRST_OUT
    near = (each for each in alarms if stop.start - early <= each.time <= stop.start + late)
    return min(near, key=lambda each: each.time, default=None)


def suggest(stop: Stop, known: Evidence, reasons: Reasons) -> Suggestion | None:
    """The reason for which most speaks; None where nothing does."""
    return next(iter(suggestions(stop, known, reasons)), None)


def suggestions(stop: Stop, known: Evidence, reasons: Reasons) -> list[Suggestion]:
    """Every reason for which something speaks, that for which most does first.

    Hints for one reason are taken for independent: two of 60 % make 84 %.
    """
    found: dict[str, list[_Hint]] = {}
    for hint in _hints(stop, known, reasons):
        if hint.reason:
            found.setdefault(hint.reason, []).append(hint)
    told = []
    for reason, hints in found.items():
        against = math.prod(1 - hint.weight for hint in hints)
        texts = [hint.text for hint in sorted(hints, key=lambda hint: -hint.weight)]
        told.append(Suggestion(reason, 1 - against, tuple(texts)))
    return sorted(told, key=lambda each: -each.confidence)


def _hints(stop: Stop, known: Evidence, reasons: Reasons) -> Iterator[_Hint]:
    told = reasons.named(stop.cause)
    if told is not None:
        yield _Hint(told.name, TOLD, f"the machine tells: {told.title}")
    yield from _from_neighbours(stop, known, reasons)
    yield from _from_alarms(stop, known, reasons)
    yield from _from_the_past(stop, known)
    edges = (stop.start, stop.end)
    if any(abs(change - edge) < CHANGE for change in known.changes for edge in edges):
        text = "the order or product changed at it"
        yield _Hint(_of(reasons, Category.SETUP), CHANGED, text)
    if stop.element is TimeElement.MICRO:
        yield _Hint(_of(reasons, Category.MICRO_STOP), SHORT, "it was short")


def _from_neighbours(stop: Stop, known: Evidence, reasons: Reasons) -> Iterator[_Hint]:
    sides = (
        (TimeElement.STARVED, Category.STARVED, known.before, "nothing came in"),
        (TimeElement.BLOCKED, Category.BLOCKED, known.behind, "there was no room behind"),
    )
    for element, category, side, words in sides:
        name, here = _of(reasons, category), stop.element is element
        if not here and not stop.own:
            continue
        culprit = _stood(side, stop)
        if culprit is not None:
            yield _Hint(name, FOUND if here else BESIDE, culprit)
        elif here:
            yield _Hint(name, ALONE, words)


def _stood(side: Sequence[Neighbour], stop: Stop) -> str | None:
    """The nearest unit that stood by its own fault just before the stop, and why."""
    for unit in side:
        fault = unit.fault_before(stop.start)
        if fault is not None:
            accounts = unit.accounts
            causes = accounts.cause[fault.first : fault.last]
            told = next((accounts.words.get(int(each), "") for each in causes if each), "")
            since = max(0, stop.start - fault.start) / 60e9
            why = f" ({told.replace('_', ' ')})" if told else ""
            return f"{unit.title} had stood for {since:.1f} min{why}"
    return None


def _from_alarms(stop: Stop, known: Evidence, reasons: Reasons) -> Iterator[_Hint]:
    alarm = first_out(stop, known.alarms)
    if alarm is None:
        return
    text = f"first alarm: {alarm.text}"
    same = [each.reason for each in known.past if each.alarm == alarm.text and each.reason]
    for reason, count in Counter(same).most_common(1):
        yield _Hint(
            *(reason, count / (len(same) + 1)),
            f"{text}; {count} of {len(same)} stops that it began with had this reason",
        )
    if same:
        return
    words = alarm.text.casefold()
    for each in reasons:
        if each.title.casefold() in words or each.name.rpartition("/")[2] in words.split():
            yield _Hint(each.name, MATCH, text)
            return
    yield _Hint(_of(reasons, Category.BREAKDOWN), ALARM, text)


def _from_the_past(stop: Stop, known: Evidence) -> Iterator[_Hint]:
    """What people said of the unit's stops in the same state; chance counts as two of them."""
    same = [each.reason for each in known.past if each.state == stop.state and each.reason]
    for reason, count in Counter(same).most_common(1):
        text = f"{count} of {len(same)} stops in this state had this reason"
        yield _Hint(reason, count / (len(same) + LEARNED), text)


def _of(reasons: Reasons, category: Category) -> str:
    return next((each.name for each in reasons if each.category is category), "")
