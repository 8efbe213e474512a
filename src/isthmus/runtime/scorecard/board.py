"""The scorecard of a running plant: computed beside the pages, so that they only fetch it."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from isthmus.insight.accounting.calendar import instant, local_day
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.scorecard.measure import MEASURES, Measure, Sums, added
from isthmus.insight.scorecard.own import own_measure
from isthmus.insight.scorecard.verdict import Verdict, Way, verdict, way
from isthmus.model.errors import IsthmusError
from isthmus.model.kpi import NEVER, Better
from isthmus.model.plant import Equipment
from isthmus.model.sample import Nanoseconds
from isthmus.model.scorecard import Goal, Period
from isthmus.runtime.scorecard.book import Book
from isthmus.runtime.scorecard.elements import Stretch, stretches
from isthmus.runtime.scorecard.looks import SITE, Looks
from isthmus.runtime.scorecard.own import OwnStretches
from isthmus.runtime.scorecard.standing import benefit, findings, silence, weaknesses

if TYPE_CHECKING:
    from isthmus.runtime.app import App

log = logging.getLogger(__name__)

DAY = 86_400 * 10**9
BACK = 35 * DAY  # of trend
LOOK = 30.0  # seconds between looks
SAVE = 300.0
PILOT = 3_600.0  # seconds between two readings of a line's energy
POINTS = 120


@dataclass(frozen=True, slots=True)
class Stand:
    """One goal now: its value over [start, end), and of how much of that (0 to 1) all is known."""

    goal: Goal
    measure: Measure
    better: Better
    line: str
    value: float | None
    verdict: Verdict
    way: Way
    start: Nanoseconds
    end: Nanoseconds
    known: float
    trend: tuple[tuple[Nanoseconds, float | None], ...] = ()
    why: str = ""
    unit: str = ""


@dataclass(slots=True)
class Scorecard:
    """The goals of a plant with their standing, and the book of what people said."""

    app: App
    book: Book
    looks: Looks
    own: OwnStretches
    stands: tuple[Stand, ...] = ()
    computed: Nanoseconds = NEVER
    trouble: str = ""
    measures: Mapping[str, Measure] = field(default_factory=lambda: MEASURES)
    _benefits: dict[str, tuple[float, float | None]] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, app: App) -> Scorecard:
        """The scorecard of `app`, whose files are in its data folder."""
        folder = app.settings.folder / "scorecard"
        book = Book.open(folder / "notes.jsonl", app.trust.ledger)
        catalogue = Catalogue.of(app.plant.kpis.values())
        own = {
            kpi.id: own_measure(catalogue, kpi)
            for kpi in app.plant.kpis.values()
            if kpi.id in catalogue.kpis
        }
        looks, stretched = Looks.open(folder / "looks.json"), OwnStretches(app.records)
        return cls(app, book, looks, stretched, measures={**own, **MEASURES})

    async def run(self) -> None:
        """Look until cancelled; a trouble is told once, and tried again."""
        saved = time.monotonic()
        while True:
            due = time.monotonic() - saved > SAVE
            if await asyncio.to_thread(self._attempt, save=due) and due:
                saved = time.monotonic()
            await asyncio.sleep(LOOK)

    def _attempt(self, *, save: bool) -> bool:
        """Look, and keep what was seen where it is time to `save`; whether that went well."""
        try:
            self.look()
            if save:
                self.looks.save()
        except IsthmusError as error:
            if not self.trouble:
                log.warning("the scorecard waits: %s", error)
            self.trouble = str(error)
        except Exception as error:
            told = f"a mistake of ours: {type(error).__name__}: {error}"
            if self.trouble != told:
                log.exception("a mistake of ours in the scorecard")
            self.trouble = told
        else:
            self.trouble = ""
        return not self.trouble

    def now(self) -> tuple[Stand, ...]:
        """The goals as they stood at the last look; the first asker has the first look made."""
        if not self.computed:
            self.look()
        return self.stands

    def look(self) -> None:
        """Look at the plant once, and compute how each goal stands."""
        with self._guard:
            self.looks.add(self._stretch(), self._seen())
            goals = self.app.plant.goals.values()
            lines = {line.path: line for goal in goals if (line := self._line(goal))}
            parts = {path: self._parts(line) for path, line in lines.items()}
            self.stands = tuple(self._stand(goal, self._line(goal), parts) for goal in goals)
            self.computed = self.app.now()

    def _line(self, goal: Goal) -> Equipment | None:
        plant = self.app.plant
        return plant.equipment(goal.line) if goal.line else next(plant.lines(), None)

    def _stretch(self) -> tuple[Nanoseconds, Nanoseconds, str]:
        """The shift of the first line that runs now; the local day where it has no calendar."""
        records, line = self.app.records, next(self.app.plant.lines(), None)
        if line is not None and records.calendar(line) is not None:
            shift = records.shift(line)
            return shift.start, shift.end, shift.name
        zone, now = records.zone, self.app.now()
        day = local_day(now, zone)
        return instant(day, 0, zone), instant(day, 1440, zone), ""

    def _seen(self) -> dict[str, dict[str, float]]:
        app = self.app
        site = {"weaknesses": float(weaknesses(app)), "findings": float(findings(app))}
        silent = silence(app)
        if silent is not None:
            site |= {"silent": silent, "looks": 1.0}
        seen = {SITE: site}
        wanted = [goal for goal in app.plant.goals.values() if goal.measure == "pilot_benefit"]
        for line in filter(None, map(self._line, wanted)):
            won = self._benefit(line)
            if won is not None:
                seen[line.path] = {"benefit": won}
        return seen

    def _benefit(self, line: Equipment) -> float | None:
        at, won = self._benefits.get(line.path, (-PILOT, None))
        if time.monotonic() - at >= PILOT or won is None:
            won = benefit(self.app, line)
            self._benefits[line.path] = (time.monotonic(), won)
        return won

    def _parts(self, line: Equipment) -> list[Stretch]:
        app, now = self.app, self.app.now()
        calendar, zone = app.records.calendar(line), app.records.zone
        return stretches(app.historian, line, calendar, zone, Nanoseconds(now - BACK), now)

    def _stand(self, goal: Goal, line: Equipment | None, parts: dict[str, list[Stretch]]) -> Stand:
        measure, now = self.measures[goal.measure], self.app.now()
        better = measure.better if goal.better is Better.NEITHER else goal.better
        path = line.path if line and measure.line else SITE
        if measure.id not in MEASURES:
            found = self.own.of(line, Nanoseconds(now - BACK), now) if line else []
            found = [each for each in found if told(measure, each.sums)]
        elif measure.line and measure.id != "pilot_benefit":
            found = parts.get(path, [])
        else:
            found = self.looks.of(path, now - BACK, now)
        chosen = within(found, goal.period, now)
        value = measure.of(added([each.sums for each in chosen]))
        trend = [(each.end, measure.of(each.sums)) for each in found][-POINTS:]
        return Stand(
            *(goal, measure, better, path, value, verdict(value, goal.target, better)),
            way([one for _, one in trend], better),
            chosen[0].start if chosen else now,
            min(chosen[-1].end, now) if chosen else now,
            known(chosen),
            tuple(trend),
            _why(measure, line, chosen, value),
            self.app.plant.currency if measure.id == "pilot_benefit" else measure.unit,
        )


def told(measure: Measure, sums: Sums) -> bool:
    """Whether all is known that `measure` needs: one that is not would hide all other stretches."""
    return all(math.isfinite(sums.get(name, 0.0)) for name in measure.needs)


def within(found: Sequence[Stretch], period: Period, now: Nanoseconds) -> list[Stretch]:
    """Those of `found` that a goal of `period` looks at: the newest shift, or all of so many days.

    A stretch counts where it ended in that time, whole; so each counts once as time goes on.
    """
    if period is Period.SHIFT:
        return list(found[-1:])
    since = now - round(period.days * DAY)
    return [each for each in found if each.end > since]


def known(parts: Sequence[Stretch]) -> float:
    """Of how much of the planned time of `parts` all is known; 1 where none was planned."""
    planned = sum(each.sums.get("planned_busy", 0.0) for each in parts)
    unknown = sum(each.sums.get("unknown", 0.0) for each in parts)
    return 1 - unknown / planned if planned else 1.0


def _why(
    measure: Measure, line: Equipment | None, chosen: Sequence[Stretch], value: float | None
) -> str:
    """Why there is no value; empty where there is one."""
    if value is not None:
        return ""
    if measure.line and line is None:
        return "the plant file has no line"
    if measure.id == "pilot_benefit":
        return "no hour is judged yet: it needs measures or 8 whole hours with different output"
    if not chosen:
        return "no shift or hour of this time is over and computed yet"
    return "nothing is known of what it is made of in this time"
