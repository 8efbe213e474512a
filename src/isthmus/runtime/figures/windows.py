"""Windows of figures: hours, shifts, days, weeks, orders, batches, products of equipment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from isthmus.insight.accounting.calendar import instant, local_day, shifts
from isthmus.model.plant import Equipment
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures import worked
from isthmus.runtime.figures.read import Records, Window

HOUR = 3_600 * 10**9
KINDS = ("hour", "shift", "day", "week", "order", "batch", "product", "whole")


def windows(
    records: Records, equipment: Equipment, kind: str, start: Nanoseconds, end: Nanoseconds
) -> Iterator[Window]:
    """Every window of that kind that touches [start, end), whole, in order.

    Days and weeks are local: where the clocks are changed a day has 23 or 25 hours. Without a
    calendar there are no shifts; orders, batches and products are what a tag of that role tells.
    `whole` is [start, end) itself.
    """
    if kind == "whole":
        yield Window("", start, end)
    elif kind in worked.KINDS:
        yield from worked.runs(records, equipment, kind, start, end)
    elif kind == "hour":
        for hour in range(start // HOUR * HOUR, end, HOUR):
            yield Window("", Nanoseconds(hour), Nanoseconds(hour + HOUR))
    elif kind == "shift":
        calendar = records.calendar(equipment)
        for each in shifts(calendar, start, end, records.zone) if calendar else ():
            yield Window(each.name, each.start, each.end)
    else:
        yield from _days(records, 7 if kind == "week" else 1, start, end)


def _days(records: Records, many: int, start: Nanoseconds, end: Nanoseconds) -> Iterator[Window]:
    day = local_day(start, records.zone)
    if many > 1:
        day -= timedelta(days=day.weekday())
    while (first := instant(day, 0, records.zone)) < end:
        later = day + timedelta(days=many)
        last = instant(later, 0, records.zone)
        if last > start:
            yield Window(_name(day, many), first, last)
        day = later


def _name(day: date, many: int) -> str:
    if many == 1:
        return day.isoformat()
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"
