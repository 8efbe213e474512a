"""The stops of units over a time, with the reason that is told, and the one that is likely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from isthmus.insight.accounting.correction import Correction, bounds_of
from isthmus.insight.accounting.neighbour import AROUND, Neighbour
from isthmus.insight.accounting.rules import TimeElement
from isthmus.insight.accounting.stop import Stop
from isthmus.insight.accounting.suggestion import (
    CHANGE,
    FIRST_OUT,
    NEAR,
    Evidence,
    Suggestion,
    first_out,
    suggestions,
)
from isthmus.model.event import Event
from isthmus.model.plant import Equipment, Level
from isthmus.model.reason import Category
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.read import Bounds, Records, Window, units
from isthmus.runtime.stops.book import Book
from isthmus.runtime.stops.whole import Whole

ALARMS, TEXTS = "alarm", "text"
MOST_EVENTS = 5_000  # of a day
DAY = 86_400 * 10**9


class Events(Protocol):
    """What is asked of a historian about things that happened."""

    def events(
        self,
        start: Nanoseconds,
        end: Nanoseconds,
        *,
        kinds: Sequence[str] = (),
        path: str | None = None,
        limit: int = 10_000,
    ) -> list[Event]:
        """The newest `limit` events in [start, end) by time, at or below `path`."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """A stop of `unit`, of which `inside` seconds of planned work lie in the span asked for.

    `correction` is what a person said of it last, `going` that it goes on. `suggestion` is
    the likeliest reason, `also` are the others for which something speaks; `version` is the number
    of what was said or taken back last.
    """

    unit: Equipment
    stop: Stop
    inside: float
    going: bool
    correction: Correction | None
    suggestion: Suggestion | None
    alarm: str
    asks: bool  # a person should say why
    also: tuple[Suggestion, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class Around:
    """What stops are looked for in: records as they were known, what people said, events."""

    records: Records
    book: Book
    historian: Events

    def as_known(self, moment: int) -> Around:
        """The same as it was known at `moment`: what people said later is left out."""
        book = self.book.at(moment)
        return replace(self, book=book, records=replace(self.records, told=book.told))

    def stops(self, place: Equipment, span: Bounds) -> list[Found]:
        """The stops of a unit, or of all units of a line, that touch `span`, in order.

        Each is told whole, also where it began long before the span or goes on after it.
        """
        now = self.records.now()  # one for all that follows: what stands until then goes on
        still = replace(self, records=replace(self.records, now=lambda: now))
        return still.found(place, (span[0], min(span[1], now)))

    def found(self, place: Equipment, span: Bounds) -> list[Found]:
        """The same where the clock of the records stands still."""
        if span[0] >= span[1]:
            return []
        line = self._line(place)
        row = units(line) if line else [place]
        wanted = row if place.level is Level.WORK_CENTER else [place]
        touching = {
            unit.path: whole
            for unit in wanted
            if unit.tag("state") is not None and (whole := self._whole(unit, span)).stops
        }
        if not touching:
            return []
        opens = min(whole.stops[0].start for whole in touching.values())
        ends = max(whole.stops[-1].end for whole in touching.values())
        near = max(min(opens, span[0]), span[0] - DAY), min(max(ends, span[1]), span[1] + DAY)
        beside = self._neighbours(row, near)
        every: list[Found] = []
        for number, unit in enumerate(row):
            if unit.path in touching:
                sides = beside[:number][::-1], beside[number + 1 :]
                others = [other.path for other in row if other is not unit]
                every += self._of_unit(unit, touching[unit.path], sides, others)
        return sorted(every, key=lambda each: each.stop.start)

    def _neighbours(self, row: Sequence[Equipment], span: tuple[int, int]) -> list[Neighbour]:
        margin, now = max(NEAR, AROUND), self.records.now()
        wide = Nanoseconds(span[0] - margin), Nanoseconds(min(span[1] + margin, now))
        tags = [unit.tag(role) for unit in row for role in ("state", "cause")]
        shelf = self.records.shelf(tags, Window("", *wide))
        return [Neighbour.of(unit.title or unit.name, shelf.accounts(unit)) for unit in row]

    def _line(self, place: Equipment) -> Equipment | None:
        if place.level is Level.WORK_CENTER:
            return place
        lines = (each for each in self.records.plant.lines())
        return next((line for line in lines if place.path.startswith(f"{line.path}/")), None)

    def _of_unit(
        self,
        unit: Equipment,
        whole: Whole,
        sides: tuple[Sequence[Neighbour], Sequence[Neighbour]],
        others: Sequence[str],
    ) -> list[Found]:
        held, touching = self.book.held(unit.path), whole.stops
        first, last = touching[0].start, touching[-1].end
        near = [each for each in held if each.start < last and each.end > first]
        marks = self.book.marks(unit.path, first, last)
        known = Evidence(
            *sides,
            changes=self._changes(unit, first, last),
            past=held,
            elsewhere=[each for path in others for each in self.book.held(path)],
        )
        found, until = [], 0
        for stop, inside in zip(touching, whole.inside, strict=True):
            if stop.start >= until:
                until = stop.start + DAY
                known = replace(known, alarms=self._alarms(unit, stop.start, until))
            said = [each for each in near if each.start < stop.end and each.end > stop.start]
            named = [each for each in said if each.reason]
            alarm = first_out(stop, known.alarms)
            likely = suggestions(stop, known, self.records.plant.reasons)
            found.append(
                Found(
                    unit,
                    stop,
                    inside,
                    whole.going and stop is touching[-1],
                    named[-1] if named else said[-1] if said else None,
                    likely[0] if likely else None,
                    alarm.text if alarm else "",
                    stop.element is TimeElement.ADOT and not named and self._vague(stop.cause),
                    tuple(likely[1:]),
                    max((m.number for m in marks if m.touches(stop.start, stop.end)), default=0),
                )
            )
        return found

    def _whole(self, unit: Equipment, span: Bounds) -> Whole:
        cuts = [cut for each in self.book.held(unit.path) for cut in bounds_of(each)]
        return Whole.of(self.records, unit, span, np.array(cuts, np.int64))

    def _vague(self, cause: int) -> bool:
        """Whether it says too little of a long own stop: nothing, a jam, or no detail."""
        reasons = self.records.plant.reasons
        named = reasons.named(cause)
        if named is None:
            return not cause
        detailed = any(each.parent == named.name for each in reasons)
        return detailed or named.category is Category.MICRO_STOP

    def _alarms(self, unit: Equipment, first: int, last: int) -> list[Event]:
        """The alarms around stops that begin in [first, last)."""
        sides = Nanoseconds(first - FIRST_OUT[0]), Nanoseconds(last + FIRST_OUT[1] + 1)
        return self.historian.events(*sides, kinds=(ALARMS,), path=unit.path, limit=MOST_EVENTS)

    def _changes(self, unit: Equipment, first: int, last: int) -> list[int]:
        """When the order or product changed around stops in [first, last)."""
        sides = Nanoseconds(first - CHANGE), Nanoseconds(last + CHANGE)
        told = self.historian.events(*sides, kinds=(TEXTS,), path=unit.path, limit=MOST_EVENTS)
        paths = {tag.path for role in ("order", "product") if (tag := unit.tag(role))}
        return [each.time for each in told if each.path in paths]
