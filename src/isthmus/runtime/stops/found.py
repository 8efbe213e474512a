"""The stops of units over a time, with the reason that is told, and the one that is likely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from isthmus.insight.accounting.correction import Correction, bounds_of
from isthmus.insight.accounting.neighbour import AROUND, Neighbour
from isthmus.insight.accounting.rules import TimeElement
from isthmus.insight.accounting.stop import Stop, stops
from isthmus.insight.accounting.suggestion import (
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
from isthmus.runtime.figures.elements import partition
from isthmus.runtime.figures.read import Bounds, Records, Window, units
from isthmus.runtime.stops.book import Book

ALARMS, TEXTS = "alarm", "text"
MOST_EVENTS = 5_000


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
    """A stop of `unit`; `correction` is what a person said of it last, `going` that it goes on.

    `suggestion` is the likeliest reason, `also` are the others for which something speaks;
    `version` is the number of what was said or taken back last.
    """

    unit: Equipment
    stop: Stop
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
        return replace(self, records=replace(self.records, told=self.book.as_known(moment)))

    def stops(self, place: Equipment, span: Bounds) -> list[Found]:
        """The stops of a unit, or of all units of a line, that touch `span`, in order."""
        span = span[0], min(span[1], self.records.now())
        if span[0] >= span[1]:
            return []
        line = self._line(place)
        found = units(line) if line else [place]
        wanted = found if place.level is Level.WORK_CENTER else [place]
        margin = max(NEAR, AROUND)
        wide = Nanoseconds(span[0] - margin), Nanoseconds(min(span[1] + margin, self.records.now()))
        tags = [unit.tag(role) for unit in found for role in ("state", "cause")]
        shelf = self.records.shelf(tags, Window("", *wide))
        row = [Neighbour.of(unit.title or unit.name, shelf.accounts(unit)) for unit in found]
        every: list[Found] = []
        for place_, unit in enumerate(found):
            if unit in wanted and unit.tag("state") is not None:
                sides = row[:place_][::-1], row[place_ + 1 :]
                others = [other.path for other in found if other is not unit]
                every += self._of_unit(unit, span, sides, others)
        return sorted(every, key=lambda each: each.stop.start)

    def _line(self, place: Equipment) -> Equipment | None:
        if place.level is Level.WORK_CENTER:
            return place
        lines = (each for each in self.records.plant.lines())
        return next((line for line in lines if place.path.startswith(f"{line.path}/")), None)

    def _of_unit(
        self,
        unit: Equipment,
        span: Bounds,
        sides: tuple[Sequence[Neighbour], Sequence[Neighbour]],
        others: Sequence[str],
    ) -> list[Found]:
        held = self.book.held(unit.path)
        cuts = np.array([cut for each in held for cut in bounds_of(each)], np.int64)
        whole = stops(partition(self.records, unit, span), cuts)
        touching = [each for each in whole if each.start < span[1] and each.end > span[0]]
        if not touching:
            return []
        first, last = touching[0].start - FIRST_OUT[0], touching[-1].start + FIRST_OUT[1] + 1
        known = replace(
            self._evidence(unit, (Nanoseconds(first), Nanoseconds(last)), sides),
            past=held,
            elsewhere=[each for path in others for each in self.book.held(path)],
        )
        now = self.records.now()
        near = [each for each in held if each.start < whole[-1].end and each.end > whole[0].start]
        marks = self.book.marks(unit.path, touching[0].start, touching[-1].end)
        found = []
        for stop in touching:
            said = [each for each in near if each.start < stop.end and each.end > stop.start]
            named = [each for each in said if each.reason]
            alarm = first_out(stop, known.alarms)
            likely = suggestions(stop, known, self.records.plant.reasons)
            found.append(
                Found(
                    unit,
                    stop,
                    stop.end >= now,
                    named[-1] if named else said[-1] if said else None,
                    likely[0] if likely else None,
                    alarm.text if alarm else "",
                    stop.element is TimeElement.ADOT and not named and self._vague(stop.cause),
                    tuple(likely[1:]),
                    max((m.number for m in marks if m.touches(stop.start, stop.end)), default=0),
                )
            )
        return found

    def _vague(self, cause: int) -> bool:
        """Whether it says too little of a long own stop: nothing, a jam, or no detail."""
        reasons = self.records.plant.reasons
        named = reasons.named(cause)
        if named is None:
            return not cause
        detailed = any(each.parent == named.name for each in reasons)
        return detailed or named.category is Category.MICRO_STOP

    def _evidence(
        self,
        unit: Equipment,
        span: Bounds,
        sides: tuple[Sequence[Neighbour], Sequence[Neighbour]],
    ) -> Evidence:
        told = self.historian.events(
            *span, kinds=(ALARMS, TEXTS), path=unit.path, limit=MOST_EVENTS
        )
        kinds = [unit.tag(role) for role in ("order", "product")]
        paths = {tag.path for tag in kinds if tag is not None}
        return Evidence(
            *sides,
            [each for each in told if each.kind == ALARMS],
            [each.time for each in told if each.kind == TEXTS and each.path in paths],
        )
