"""Which reason a stop most likely had, how sure that is, and what speaks for it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isthmus.insight.accounting.correction import Correction
from isthmus.insight.accounting.neighbour import Neighbour
from isthmus.insight.accounting.rules import TimeElement
from isthmus.insight.accounting.stop import Stop
from isthmus.model.event import Event
from isthmus.model.reason import Category, Reasons
from isthmus.model.state import State

NEAR = 180 * 10**9  # ns before a stop in which a neighbour's fault may have led to it
FIRST_OUT = (60 * 10**9, 30 * 10**9)  # ns before and after the beginning of a stop
CHANGE = 120 * 10**9  # ns around a stop in which an order or product changed
ALARM, MATCH, TOLD, CHANGED, SHORT = 0.4, 0.6, 0.9, 0.7, 0.5
SETTING, FAULT = 0.7, 0.4
FOUND, ALONE, BESIDE = 0.95, 0.6, 0.35  # of neighbours
STANDS, STOOD, LEAST = 0.75, 0.4, 0.6  # the same, where it is not told for whom it waits
HARDLY = 60 * 10**9  # ns of waiting around a stop that are as good as none
FAULTS = frozenset({State.ABORTING, State.ABORTED, State.CLEARING})
WAITS = frozenset({State.SUSPENDED, State.SUSPENDING, State.UNSUSPENDING})
ALIKE = 3  # times as long at most
LEARNED = 2  # how many stops of the past chance is worth


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A reason by name, how sure (0 to 1), and what speaks for it, the strongest first."""

    reason: str
    confidence: float
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known around a stop.

    `before` and `behind` are the units up and down the line, the nearest first; `alarms` those at
    the unit; `changes` are times (ns) at which its order or product changed; `past` is what
    people said of its stops, `elsewhere` of those of the line's other units.
    """

    before: Sequence[Neighbour] = ()
    behind: Sequence[Neighbour] = ()
    alarms: Sequence[Event] = ()
    changes: Sequence[int] = ()
    past: Sequence[Correction] = ()
    elsewhere: Sequence[Correction] = ()


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
    if stop.element is TimeElement.AUST:
        yield _Hint(_of(reasons, Category.SETUP), SETTING, "it told the state of being set up")
    if stop.state in FAULTS and stop.own:
        yield _Hint(_of(reasons, Category.BREAKDOWN), FAULT, "it told the state of a fault")
    if stop.element is TimeElement.MICRO:
        yield _Hint(_of(reasons, Category.MICRO_STOP), SHORT, "it was short")


def _from_neighbours(stop: Stop, known: Evidence, reasons: Reasons) -> Iterator[_Hint]:
    sides = (
        (TimeElement.STARVED, Category.STARVED, known.before, "nothing came in"),
        (TimeElement.BLOCKED, Category.BLOCKED, known.behind, "there was no room behind"),
    )
    undecided = _undecided(stop)
    for element, category, side, words in sides:
        name, here = _of(reasons, category), stop.element is element and not undecided
        if not here and not stop.own and not undecided:
            continue
        culprit = next((said for each in side if (said := each.stood(stop.start, NEAR))), None)
        if culprit is not None and undecided:
            held = any(each.held(stop.start, stop.end) for each in side)
            yield _Hint(name, STANDS if held else STOOD, culprit)
        elif culprit is not None:
            yield _Hint(name, FOUND if here else BESIDE, culprit)
        elif here:
            yield _Hint(name, ALONE, words)
    if undecided:
        yield from _from_waiting(stop, known, reasons)


def _from_waiting(stop: Stop, known: Evidence, reasons: Reasons) -> Iterator[_Hint]:
    """It waits for the side of the unit that holds the line back: it hardly waits, it runs most."""
    sides = ((Category.STARVED, known.before), (Category.BLOCKED, known.behind))
    units = [
        (unit.waited(stop.start, stop.end), unit.ran(stop.start, stop.end), unit.title, category)
        for category, side in sides
        for unit in side
    ]
    least = min((waited for waited, *_ in units), default=0.0)
    lean = [each for each in units if each[0] <= least + HARDLY]
    if lean:
        _, _, title, category = max(lean, key=lambda each: each[1])
        yield _Hint(_of(reasons, category), LEAST, f"{title} waited less than others around it")


def _undecided(stop: Stop) -> bool:
    """Whether the machine says only that it waits for others."""
    return stop.state in WAITS and not stop.cause


def _from_alarms(stop: Stop, known: Evidence, reasons: Reasons) -> Iterator[_Hint]:
    alarm = first_out(stop, known.alarms)
    if alarm is None or _undecided(stop):
        return
    text = f"first alarm: {alarm.text}"
    said = (*known.past, *known.elsewhere)  # a code means the same on the next machine
    same = [each.reason for each in said if each.alarm == alarm.text and each.reason]
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
    """What people said of the unit's stops that were alike; chance counts as two of them.

    Alike is what stood in the same state for about as long: a jam and an empty magazine differ.
    """
    same = [each.reason for each in known.past if each.reason and _alike(each, stop)]
    for reason, count in Counter(same).most_common(1):
        text = f"{count} of {len(same)} stops in this state and about as long had this reason"
        yield _Hint(reason, count / (len(same) + LEARNED), text)


def _alike(said: Correction, stop: Stop) -> bool:
    """Whether a stop of the past was in the same state, and neither much shorter nor longer."""
    lasted, was = stop.end - stop.start, said.end - said.start
    return said.state == stop.state and was < ALIKE * lasted and lasted < ALIKE * was


def _of(reasons: Reasons, category: Category) -> str:
    return next((each.name for each in reasons if each.category is category), "")
