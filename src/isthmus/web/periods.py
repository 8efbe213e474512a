"""Shifts, orders and days to compare one with another."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from isthmus.insight.accounting.calendar import instant, local_day, shifts
from isthmus.model.plant import Equipment
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.app import App
from isthmus.runtime.figures.windows import windows
from isthmus.web import contract
from isthmus.web.ask import Line, line_of, time_range
from isthmus.web.history import From, To

MOST = 200

Kind = Annotated[Literal["shift", "order", "day"], Query(description="Which kind of stretch.")]


def routes(app: App) -> APIRouter:
    """The route that names stretches of time."""
    router = APIRouter(prefix="/api", tags=["history"])

    @router.get("/periods", summary="Shifts, orders or days in a range, the newest 200")
    def periods(
        start: From, end: To, kind: Kind = "shift", line: Line = ""
    ) -> list[contract.Period]:
        place = line_of(app, line or None)
        begin, stop = time_range(start, end)
        told = {"shift": _shifts, "order": _orders, "day": _days}[kind]
        return told(app, place, begin, stop)[-MOST:]

    return router


def _shifts(
    app: App, line: Equipment, start: Nanoseconds, end: Nanoseconds
) -> list[contract.Period]:
    calendar = app.plant.calendars.get(line.calendar)
    if calendar is None:
        return []
    start = Nanoseconds(max(start, end - MOST * 86_400 * 10**9))
    found = shifts(calendar, start, end, ZoneInfo(app.plant.timezone))
    return [_period("shift", one.name, one.start, one.end) for one in found]


def _days(app: App, _: Equipment, start: Nanoseconds, end: Nanoseconds) -> list[contract.Period]:
    zone = ZoneInfo(app.plant.timezone)
    day, last = (
        local_day(Nanoseconds(max(start, end - MOST * 86_400 * 10**9)), zone),
        local_day(end, zone),
    )
    found = []
    while day <= last:
        later = day + timedelta(days=1)
        found.append(
            _period("day", f"{day:%a %d %b}", instant(day, 0, zone), instant(later, 0, zone))
        )
        day = later
    return found


def _orders(
    app: App, line: Equipment, start: Nanoseconds, end: Nanoseconds
) -> list[contract.Period]:
    found = windows(app.records, line, "order", start, end)
    return [_period("order", one.name, one.start, one.end) for one in found]


def _period(
    kind: Literal["shift", "order", "day"], name: str, start: int, end: int
) -> contract.Period:
    return contract.Period(kind=kind, name=name, start=start / 1e6, end=end / 1e6)
