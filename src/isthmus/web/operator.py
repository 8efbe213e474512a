"""A machine or a line as its operator sees it: state, rate, order; what they may do, who helps."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query

from isthmus.model.access import Principal, Right
from isthmus.model.notice import Notice
from isthmus.model.plant import Equipment, Level
from isthmus.model.record import Kind
from isthmus.model.sample import Nanoseconds
from isthmus.model.state import PACKML
from isthmus.runtime.app import App
from isthmus.runtime.figures.performance import state_now
from isthmus.runtime.figures.pieces import Pieces, counters
from isthmus.runtime.figures.read import Window, bottleneck, ideal_rate, units
from isthmus.web.access import Seen, Sight
from isthmus.web.ask import Problem, equipment, line_of
from isthmus.web.contract.operator import Called, CallWish, Helper, Station
from isthmus.web.history import numbers
from isthmus.web.orders import orders
from isthmus.web.overview import rate
from isthmus.web.ribbon import title
from isthmus.web.scorecard import noted
from isthmus.web.shift_notes import left_for

CALLS = 2  # the priority of a call
MINUTE = 60 * 10**9  # ns
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
        return found.model_copy(update=_personal(app, seen, found))

    @router.post("/operator/call", summary="Call a rota to a machine")
    def call(wish: CallWish, seen: Seen) -> Called:
        place = equipment(app, wish.path)
        seen.require(Right.ACKNOWLEDGE, place.path)
        return _call(app, place, wish.rota, seen.principal)

    return router


def _helpers(app: App) -> list[Helper]:
    notify = app.notify
    now = notify.wall()
    return [
        Helper(
            name=name,
            title=rota.title or name.replace("_", " "),
            who=[_called(app, who) for who in notify.whom.duties(name, now, now + 1)[0].who],
        )
        for name, rota in notify.entry.on_call.items()
    ]


def _called(app: App, name: str) -> str:
    person = app.notify.entry.people.get(name)
    return (person.title if person else "") or name


def _call(app: App, place: Equipment, rota: str, who: Principal) -> Called:
    """Tell those on call that they are wanted at `place`; in the ledger who called."""
    helpers = {each.name: each for each in _helpers(app)}
    helper = helpers.get(rota)
    if helper is None:
        known = ", ".join(helpers) or "none: write `notify: {on_call}` in plant.yaml"
        raise Problem(404, f"there is no rota {rota}", f"known: {known}")
    if not helper.who:
        raise Problem(409, f"nobody is on call in {helper.title} now", "call by telephone")
    now = app.notify.wall()
    text = f"{who.name or who.id} calls {helper.title} to {title(place)}"
    app.trust.ledger.record(Kind.NOTICE, who.id, text, about=place.path, facts={"rota": rota})
    key = f"call/{place.path}/{rota}/{now // MINUTE}"
    link = f"/operator?at={place.path}"
    notice = Notice(key, "call", f"You are wanted at {title(place)}", text, app.now(), place.path)
    app.notify.tell(replace(notice, priority=CALLS, link=link), (rota,))
    return Called(rota=rota, title=helper.title, who=helper.who, at=now / 1e6)


def _personal(app: App, seen: Sight, found: Station) -> dict[str, object]:
    """What who asks may see and do."""
    who, acts = seen.principal, seen.one(found.path, Right.ACKNOWLEDGE)
    line = line_of(app, found.line) if seen.one(found.line) else None
    return {
        "who": who.id,
        "name": who.name,
        "may_say": seen.one(found.path, Right.ANNOTATE),
        "may_acknowledge": acts,
        "helpers": _helpers(app) if acts else [],
        "may_note": seen.one(found.line, Right.ANNOTATE),
        "notes": [noted(note) for note in left_for(app, line)] if line else [],
        **({} if line else {"order": None}),
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
    rate = ideal_rate(line) if whole else unit.ideal_rate or line.ideal_rate
    return good, rate * seconds if rate else None
