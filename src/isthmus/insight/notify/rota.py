"""Who is on call at a moment, in the time zone of the plant, on days of 23 and 25 hours too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from isthmus.insight.accounting.calendar import instant, local_day
from isthmus.model.calendar import shift
from isthmus.model.plant import Shift
from isthmus.model.plantfile_oncall import RotaEntry, TurnEntry, turn
from isthmus.model.sample import Nanoseconds

WEEK = 7


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody's time on call, [start, end) in ns UTC; `who` are names of people.

    `why` is `override`, `calendar` or `turn`; empty where nobody is on call.
    """

    who: tuple[str, ...]
    start: Nanoseconds
    end: Nanoseconds
    why: str


def on_call(
    rota: RotaEntry,
    at: Nanoseconds,
    zone: ZoneInfo,
    *,
    holidays: Collection[date] = (),
    events: Sequence[Duty] = (),
) -> tuple[tuple[str, ...], str]:
    """Who is on call at `at`, and why: overrides, then `events` of a calendar file, then turns."""
    for override in reversed(rota.overrides):  # what was written last is what is meant
        if _moment(override.start, zone) <= at < _moment(override.end, zone):
            return tuple(override.who), "override"
    running = [each for each in events if each.start <= at < each.end]
    if running:
        return tuple(dict.fromkeys(name for each in running for name in each.who)), "calendar"
    for each in rota.turns:
        if _within(each, at, zone, holidays):
            return (each.people[_number(each, at, zone) % len(each.people)],), "turn"
    return (), ""


def duties(
    rota: RotaEntry,
    start: Nanoseconds,
    end: Nanoseconds,
    zone: ZoneInfo,
    *,
    holidays: Collection[date] = (),
    events: Sequence[Duty] = (),
) -> list[Duty]:
    """Who is on call from `start` to `end`, without a gap: nobody is told as nobody."""
    marks = {start, end, *_marks(rota, start, end, zone)}
    marks |= {mark for each in events for mark in (each.start, each.end)}
    found: list[Duty] = []
    for first, last in pairwise(sorted(mark for mark in marks if start <= mark <= end)):
        who, why = on_call(rota, first, zone, holidays=holidays, events=events)
        if found and (found[-1].who, found[-1].why) == (who, why):
            found[-1] = Duty(who, found[-1].start, last, why)
        else:
            found.append(Duty(who, first, last, why))
    return found


def _marks(
    rota: RotaEntry, start: Nanoseconds, end: Nanoseconds, zone: ZoneInfo
) -> list[Nanoseconds]:
    """All moments at which somebody else can be on call."""
    found = [_moment(text, zone) for each in rota.overrides for text in (each.start, each.end)]
    day, last = local_day(start, zone) - timedelta(days=1), local_day(end, zone)
    while day <= last:
        found.append(instant(day, 0, zone))  # a holiday begins or ends
        for each in rota.turns:
            hours, (_, minute) = _hours(each), turn(each.hand_over)
            found += [instant(day, minute, zone)]
            if hours is not None:
                found += [instant(day, hours.start, zone), _end(hours, day, zone)]
        day += timedelta(days=1)
    return found


def _hours(entry: TurnEntry) -> Shift | None:
    return shift("", entry.hours) if entry.hours else None


def _within(entry: TurnEntry, at: Nanoseconds, zone: ZoneInfo, holidays: Collection[date]) -> bool:
    """Whether the hours of a turn hold `at`; they belong to the day on which they begin."""
    hours, today = _hours(entry), local_day(at, zone)
    if hours is None:
        return _counts(entry, today, holidays)
    for day in (today, today - timedelta(days=1)):
        begins = day.weekday() in hours.days and _counts(entry, day, holidays)
        if begins and instant(day, hours.start, zone) <= at < _end(hours, day, zone):
            return True
    return False


def _counts(entry: TurnEntry, day: date, holidays: Collection[date]) -> bool:
    if entry.holidays == "as-usual":
        return True
    return (day in holidays) == (entry.holidays == "only")


def _end(hours: Shift, day: date, zone: ZoneInfo) -> Nanoseconds:
    over_night = hours.end <= hours.start
    return instant(day, hours.end + (1440 if over_night else 0), zone)


def _number(entry: TurnEntry, at: Nanoseconds, zone: ZoneInfo) -> int:
    """How many turns after the one of the day `since` that of `at` is; below 0 before it."""
    first = _turn_day(entry, instant(date.fromisoformat(entry.since), 1439, zone), zone)
    running = _turn_day(entry, at, zone)
    return (running - first).days // (WEEK * entry.weeks)


def _turn_day(entry: TurnEntry, at: Nanoseconds, zone: ZoneInfo) -> date:
    """The day of the last hand-over of the week at or before `at`."""
    weekday, minute = turn(entry.hand_over)
    day = local_day(at, zone)
    day -= timedelta(days=(day.weekday() - weekday) % WEEK)
    return day if instant(day, minute, zone) <= at else day - timedelta(days=WEEK)


def _moment(text: str, zone: ZoneInfo) -> Nanoseconds:
    local = datetime.fromisoformat(text).replace(tzinfo=zone)
    return Nanoseconds(int(local.astimezone(UTC).timestamp()) * 10**9)
