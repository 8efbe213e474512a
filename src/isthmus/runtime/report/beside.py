"""What a report tells beside the figures of history: stops, alarms, notes, goals, what was late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from isthmus.insight.alarm.statistics import Statistics
from isthmus.model.plant import Equipment
from isthmus.model.report import Brand
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.alarm.told import entries, figures, journal
from isthmus.runtime.figures.read import Window
from isthmus.runtime.late import KIND as LATE
from isthmus.runtime.scorecard.board import Stand
from isthmus.runtime.scorecard.book import Note
from isthmus.runtime.stops.found import Around, Events
from isthmus.runtime.stops.say import around

if TYPE_CHECKING:
    from isthmus.runtime.app import App

MOST = 5_000


@dataclass(frozen=True, slots=True)
class Alarming:
    """The alarms of a place over a time, and what people call each of them."""

    statistics: Statistics
    titles: dict[str, str]
    more: bool = False


Alarmed = Callable[[Equipment, Window], Alarming | None]


def no_alarms(_: Equipment, __: Window) -> Alarming | None:
    """The plant has no alarms."""
    return None


@dataclass(frozen=True, slots=True)
class Beside:
    """Where all that is asked; a report of a plant that has none of it leaves it out."""

    stops: Around | None = None
    events: Events | None = None
    alarms: Alarmed = no_alarms
    stands: Sequence[Stand] = ()
    notes: Sequence[Note] = ()
    noted: Callable[[int], Nanoseconds] = Nanoseconds  # the plant's time of a note's
    brand: Brand = field(default_factory=Brand)

    @classmethod
    def of(
        cls,
        app: App,
        stands: Sequence[Stand] | None = None,
        notes: Sequence[Note] | None = None,
    ) -> Beside:
        """What `app` knows; `stands` and `notes` are those that may be told, all if None."""
        card, pace = app.scorecard, app.pace
        return cls(
            around(app),
            app.historian,
            lambda place, window: _alarmed(app, place, window),
            card.now() if stands is None else stands,
            card.book.all() if notes is None else notes,
            pace.at if pace else Nanoseconds,
            app.plant.brand,
        )

    def late(self, window: Window, now: Nanoseconds) -> tuple[int, int]:
        """How many samples of that time came late, and how many were corrected."""
        if self.events is None:
            return 0, 0
        found = self.events.events(window.start, now, kinds=(LATE,), limit=MOST)
        told = [
            each.data
            for each in found
            if _number(each.data.get("last")) >= window.start
            and _number(each.data.get("first")) < window.end
        ]
        late, corrected = (
            sum(_number(data.get(name)) for data in told) for name in ("samples", "corrected")
        )
        return late, corrected


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _alarmed(app: App, place: Equipment, window: Window) -> Alarming | None:
    below = f"{place.path}/" if place.path else ""
    chosen = {alarm.path: alarm for alarm in app.alarms.all if alarm.path.startswith(below)}
    if not chosen:
        return None
    past = journal(app, window.start, window.end, path=place.path)
    lines = entries(past.events)
    titles = {
        path: f"{alarm.equipment}: {alarm.definition.title or alarm.definition.name}"
        for path, alarm in chosen.items()
    }
    made = figures(app, window.start, window.end, lines, set(chosen))
    return Alarming(made, titles, past.more)
