"""A machine or a line as its operator sees it: state, rate, order, and what they may do there."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query

from isthmus.model.access import Right
from isthmus.model.plant import Equipment, Level
from isthmus.model.sample import Nanoseconds
from isthmus.model.state import PACKML
from isthmus.runtime.app import App
from isthmus.runtime.figures.performance import state_now
from isthmus.runtime.figures.pieces import Pieces, counters
from isthmus.runtime.figures.read import Window, bottleneck, units
from isthmus.web.access import Seen, Sight
from isthmus.web.ask import Problem, equipment, line_of
from isthmus.web.contract.operator import Station
from isthmus.web.history import numbers
from isthmus.web.orders import orders
from isthmus.web.overview import rate
from isthmus.web.ribbon import title

FRESH = 2.0  # s for which an answer is good for everybody who asks
BACK = 8 * 3_600 * 10**9  # ns in which the begin of a state is looked for
Place = Annotated[str, Query(description="Path of a unit or a line; the first line where empty.")]


@dataclass(slots=True)
class _Stations:
    """The stations asked for lately, each computed once for all who ask."""

    app: App
    kept: dict[str, tuple[float, Station]] = field(default_factory=dict)

    def at(self, place: Equipment) -> Station:
        known = self.kept.get(place.path)
        if known and time.monotonic() - known[0] < FRESH:
            return known[1]
        made = _told(self.app, place)
        self.kept[place.path] = time.monotonic(), made
        return made


def routes(app: App) -> APIRouter:
    """The route of the operator page."""
    router = APIRouter(prefix="/api", tags=["figures"])
    stations = _Stations(app)

    @router.get("/operator", summary="A unit or a line as its operator sees it")
    def operator(seen: Seen, path: Place = "") -> Station:
        place = equipment(app, path) if path else line_of(app, "")
        found = stations.at(place)
        return found.model_copy(update=_personal(seen, found))

    return router


def _personal(seen: Sight, found: Station) -> dict[str, object]:
    """What who asks may see and do."""
    who = seen.principal
    return {
        "who": who.id,
        "name": who.name,
        "may_say": seen.one(found.path, Right.ANNOTATE),
        "may_acknowledge": seen.one(found.path, Right.ACKNOWLEDGE),
        **({} if seen.one(found.line) else {"order": None}),
    }


def _told(app: App, place: Equipment) -> Station:
    line = _line(app, place)
    unit = bottleneck(place) if place.level is Level.WORK_CENTER else place
    if line is None or unit is None or unit.tag("state") is None:
        raise Problem(
            404,
            f"{place.path} tells no state",
            "ask for a line or one of its machines; give it `role: state` in plant.yaml",
        )
    now, shift = app.now(), app.records.shift(line)
    back = Window("", Nanoseconds(min(now - BACK, shift.start)), now)
    kept = app.records.shelf([unit.tag("state"), unit.tag("cause")], back).accounts(unit)
    state, look, since = state_now(kept)
    good, plan = _counts(app, line, unit, Window("shift", shift.start, now))
    running = next((each for each in orders(app, line) if each.state == "running"), None)
    return Station.model_validate(
        {
            "path": place.path,
            "title": title(place),
            "unit": unit.path,
            "line": line.path,
            "now": now / 1e6,
            "shift": shift.name,
            "shift_start": shift.start / 1e6,
            "shift_end": shift.end / 1e6,
            "state": PACKML.get(state, "unknown"),
            "since": since / 1e6,
            "look": look.value,
            "reason": app.plant.reasons.title(int(kept.cause[-1])) if len(kept.cause) else "",
            "rate": rate(app, line, unit),
            "good": good,
            "plan": plan,
            "order": running,
            "who": "",
            "name": "",
            "may_say": False,
            "may_acknowledge": False,
        }
    )


def _line(app: App, place: Equipment) -> Equipment | None:
    if place.level is Level.WORK_CENTER:
        return place
    return next((line for line in app.plant.lines() if place in units(line)), None)


def _counts(
    app: App, line: Equipment, unit: Equipment, window: Window
) -> tuple[float | None, float | None]:
    """Good pieces of `unit` since the begin of the shift, and what was planned until now."""
    if window.end <= window.start:
        return None, None
    busy = app.records.planned(line, window)
    whole = unit is bottleneck(line)
    tags = counters(line) if whole else [unit.tag("good_count"), unit.tag("scrap_count")]
    shelf = app.records.shelf(tags, window)
    pieces = Pieces.of(shelf, line) if whole else Pieces.of_unit(shelf, unit)
    (good,) = numbers(pieces.until(busy, np.array([window.end], np.int64)))
    seconds = sum(each.end - each.start for each in busy) / 1e9
    return good, line.ideal_rate * seconds if line.ideal_rate else None
