"""When work is planned: shifts and breaks of a calendar in local time, daylight saving included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from isthmus.model.plant import Calendar, Shift
from isthmus.model.sample import Nanoseconds

DAY_MINUTES = 1440
MINUTE = 60 * 10**9  # ns


@dataclass(frozen=True, slots=True)
class Stretch:
    """A named piece of time, ns UTC."""

    name: str
    start: Nanoseconds
    end: Nanoseconds


def local_day(time: Nanoseconds, zone: ZoneInfo) -> date:
    """The local date at `time`."""
    return datetime.fromtimestamp(time / 1e9, zone).date()


def instant(day: date, minute: int, zone: ZoneInfo) -> Nanoseconds:
    """The time of `minute` of the local `day`; minutes from 1440 on are in the next day."""
    day += timedelta(days=minute // DAY_MINUTES)
    hour, rest = divmod(minute % DAY_MINUTES, 60)
    local = datetime(day.year, day.month, day.day, hour, rest, tzinfo=zone)
    return Nanoseconds(int(local.astimezone(UTC).timestamp()) * 10**9)


def shifts(
    calendar: Calendar, start: Nanoseconds, end: Nanoseconds, zone: ZoneInfo
) -> list[Stretch]:
    """Every shift that touches [start, end), whole, in order; none begins on a holiday."""
    found = []
    for day in _days(start, end, zone):
        if day in calendar.holidays:
            continue
        for shift in calendar.shifts:
            if day.weekday() in shift.days:
                stretch = _stretch(shift, day, zone)
                if max(start, stretch.start) < min(end, stretch.end):
                    found.append(stretch)
    return sorted(found, key=lambda stretch: stretch.start)


def shift_at(calendar: Calendar, time: Nanoseconds, zone: ZoneInfo) -> Stretch:
    """The shift running at `time`; where none is, the time since the last one ended, unnamed."""
    week = 8 * 86_400 * 10**9
    around = shifts(calendar, Nanoseconds(time - week), Nanoseconds(time + week), zone)
    for stretch in around:
        if stretch.start <= time < stretch.end:
            return stretch
    ended = [stretch.end for stretch in around if stretch.end <= time]
    comes = [stretch.start for stretch in around if stretch.start > time]
    day = local_day(time, zone)
    return Stretch(
        "",
        max(ended, default=instant(day, 0, zone)),
        min(comes, default=instant(day, DAY_MINUTES, zone)),
    )


def breaks(
    calendar: Calendar, start: Nanoseconds, end: Nanoseconds, zone: ZoneInfo
) -> list[Stretch]:
    """Every planned break inside [start, end), cut to it."""
    found = []
    for day in _days(start, end, zone):
        for first, last in calendar.breaks:
            until = last if last > first else last + DAY_MINUTES
            begin = instant(day, first, zone)
            stop = Nanoseconds(begin + (until - first) * MINUTE)  # as long as on any other day
            if begin < end and stop > start:
                found.append(Stretch("break", max(begin, start), min(stop, end)))
    return sorted(found, key=lambda stretch: stretch.start)


def maintenance(
    calendar: Calendar, start: Nanoseconds, end: Nanoseconds, zone: ZoneInfo
) -> list[Stretch]:
    """Every planned maintenance that touches [start, end), whole, in order."""
    found = []
    for day in _days(start, end, zone):
        for each in calendar.maintenance:
            if each.on(day):
                stretch = _stretch(Shift("maintenance", each.start, each.end, each.days), day, zone)
                if stretch.start < end and stretch.end > start:
                    found.append(stretch)
    return sorted(found, key=lambda stretch: stretch.start)


def planned(
    calendar: Calendar | None, start: Nanoseconds, end: Nanoseconds, zone: ZoneInfo
) -> list[Stretch]:
    """The stretches of [start, end) in which work is planned: shifts less breaks and maintenance.

    Without shifts all time is planned, less maintenance.
    """
    if calendar is None:
        return [Stretch("", start, end)]
    pauses = maintenance(calendar, start, end, zone)
    work = [Stretch("", start, end)]
    if calendar.shifts:
        work = shifts(calendar, start, end, zone)
        pauses = sorted([*pauses, *breaks(calendar, start, end, zone)], key=lambda each: each.start)
    found: list[Stretch] = []
    for shift in work:
        begin, stop = max(shift.start, start), min(shift.end, end)
        if found:
            begin = max(begin, found[-1].end)  # overlapping shifts count once
        for pause in pauses:
            if pause.end <= begin or pause.start >= stop:
                continue
            if pause.start > begin:
                found.append(Stretch(shift.name, begin, pause.start))
            begin = max(begin, pause.end)
        if begin < stop:
            found.append(Stretch(shift.name, begin, stop))
    return found


def _stretch(shift: Shift, day: date, zone: ZoneInfo) -> Stretch:
    until = shift.end if shift.end > shift.start else shift.end + DAY_MINUTES
    begin = instant(day, shift.start, zone)
    return Stretch(shift.name, begin, max(begin, instant(day, until, zone)))


def _days(start: Nanoseconds, end: Nanoseconds, zone: ZoneInfo) -> Iterator[date]:
    day, last = local_day(start, zone) - timedelta(days=1), local_day(end, zone)
    while day <= last:
        yield day
        day += timedelta(days=1)
