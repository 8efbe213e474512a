"""The shift, local day or week that a report is of, those before it, and what it is made of."""

from __future__ import annotations

from datetime import datetime, timedelta

from isthmus.insight.accounting.calendar import instant, local_day, shift_at
from isthmus.model.errors import Refused
from isthmus.model.plant import Equipment
from isthmus.model.report import Kind
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.read import Records, Window
from isthmus.runtime.figures.windows import windows
from isthmus.runtime.report.scope import lines_of

DAY = 86_400 * 10**9
BACK = {"shift": 1, "day": 1, "week": 7}  # days in which one of the kind is looked for
FINER = {"shift": "hour", "day": "shift", "week": "day"}
DAYS = {"day": 1, "week": 7}


def period_of(records: Records, place: Equipment, kind: Kind, at: Nanoseconds) -> Window:
    """The shift, local day or week (from Monday on) around `at`, up to now.

    Shifts of an area or a site are those of its first line.
    """
    if at > records.now():
        raise Refused("that time is still to come", hint="leave `at` out for the one that runs")
    return cut(records, whole(records, place, kind, at))


def whole(records: Records, place: Equipment, kind: Kind, at: Nanoseconds) -> Window:
    """The same up to its end, also where that is still to come."""
    zone = records.zone
    if kind == "shift":
        line = lines_of(place)[0]
        calendar = records.calendar(line)
        if calendar is None or not calendar.shifts:
            raise Refused(
                f"{line.path} has no shifts", hint="give the line a `calendar`, or ask for a day"
            )
        found = shift_at(calendar, at, zone)
        return Window(found.name, found.start, found.end)
    day = local_day(at, zone)
    if kind == "week":
        day -= timedelta(days=day.weekday())
    last = day + timedelta(days=DAYS[kind])
    return Window(kind, instant(day, 0, zone), instant(last, 0, zone))


def cut(records: Records, window: Window) -> Window:
    """As much of `window` as is over."""
    now = records.now()
    return window if window.end <= now else Window(window.name, window.start, now)


def runs(records: Records, place: Equipment, kind: Kind, window: Window) -> bool:
    """Whether `window` is only the beginning of a shift, day or week that goes on behind it."""
    line = lines_of(place)[0]
    found = list(windows(records, line, kind, window.start, window.end))
    if found:
        same = [one for one in found if kind != "shift" or one.name == window.name]
        return any(one.start == window.start and one.end > window.end for one in same)
    calendar = records.calendar(line)  # between shifts there are no windows
    if kind != "shift" or calendar is None or not calendar.shifts:
        return False
    return whole(records, place, kind, window.start).end > window.end


def called(records: Records, kind: Kind, window: Window) -> str:
    """What people call it: `early shift, Thu 2026-11-26`."""
    day = local_day(window.start, records.zone)
    if kind == "week":
        year, week, _ = day.isocalendar()
        return f"week {week} of {year}"
    date = f"{day:%a} {day.isoformat()}"
    return f"{window.name or 'no'} shift, {date}" if kind == "shift" else date


def before(
    records: Records, place: Equipment, kind: Kind, window: Window, many: int
) -> list[Window]:
    """The `many` whole ones before `window`, oldest first."""
    line = lines_of(place)[0]
    reach = BACK[kind] * DAY * (many + 8)
    since = Nanoseconds(max(0, window.start - reach))
    found = windows(records, line, kind, since, window.start)
    return [one for one in found if one.end <= window.start][-many:]


def compared(window: Window, past: list[Window], *, running: bool) -> Window:
    """What `window` is compared with: the one before, as much of it where `window` still runs."""
    length = window.end - window.start
    if not past:
        return Window("", Nanoseconds(max(0, window.start - length)), window.start)
    last = past[-1]
    if not running:
        return last
    return Window(last.name, last.start, Nanoseconds(min(last.end, last.start + length)))


def course(records: Records, place: Equipment, kind: Kind, window: Window) -> list[Window]:
    """The hours of a shift, the shifts of a day (hours without a calendar), the days of a week."""
    line, finer = lines_of(place)[0], FINER[kind]
    span = window.start, window.end
    found = list(windows(records, line, finer, *span)) or list(
        windows(records, line, "hour", *span)
    )
    cut_ = [Window(one.name, *_inside(one, window)) for one in found]
    return [one for one in cut_ if one.end > one.start]


def _inside(one: Window, window: Window) -> tuple[Nanoseconds, Nanoseconds]:
    return Nanoseconds(max(one.start, window.start)), Nanoseconds(min(one.end, window.end))


def moment(records: Records, time: int) -> str:
    """A time for people, with its zone."""
    return f"{local(records, time):%Y-%m-%d %H:%M %Z}"


def local(records: Records, time: int) -> datetime:
    """A time of the site."""
    return datetime.fromtimestamp(time / 1e9, records.zone)
