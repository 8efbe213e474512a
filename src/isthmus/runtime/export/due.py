"""When scheduled exports are due, in the plant's local time, daylight saving included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from isthmus.insight.accounting.calendar import instant, local_day, shifts
from isthmus.model.export import Schedule
from isthmus.model.plant import Equipment, Plant
from isthmus.model.sample import Nanoseconds

SECOND = 10**9
DAY_SECONDS = 86_400
WEEK = 7 * DAY_SECONDS * SECOND
LOOK_WEEKS = 60  # in which a shift is looked for


@dataclass(frozen=True, slots=True)
class Due:
    """One file: what it covers (ns UTC), what people call that, and when it is to be made."""

    start: Nanoseconds
    end: Nanoseconds
    time: Nanoseconds
    name: str = ""


NEVER = Nanoseconds(9_000_000_000 * 10**9)


def next_due(schedule: Schedule, plant: Plant, after: Nanoseconds, zone: ZoneInfo) -> Due:
    """The first file that covers time up to an end after `after`."""
    found = next(_from(schedule, plant, after, zone), None)
    return found or Due(NEVER, NEVER, NEVER)


def missed(
    schedule: Schedule,
    plant: Plant,
    after: Nanoseconds,
    now: Nanoseconds,
    zone: ZoneInfo,
    most: int,
) -> list[Due]:
    """The newest `most` files due by `now` whose end is after `after`, oldest first."""
    kept: list[Due] = []
    for due in islice(_from(schedule, plant, after, zone), 100_000):
        if due.time > now:
            break
        kept = [*kept[-(most - 1) :], due] if most > 1 else [due]
    return kept


def _from(schedule: Schedule, plant: Plant, after: Nanoseconds, zone: ZoneInfo) -> Iterator[Due]:
    wait = round(schedule.wait * SECOND)
    stretches = _stretches(schedule, plant, after, zone)
    for start, end, name in stretches:
        if end > after:
            yield Due(Nanoseconds(start), Nanoseconds(end), Nanoseconds(end + wait), name)


def _stretches(
    schedule: Schedule, plant: Plant, after: Nanoseconds, zone: ZoneInfo
) -> Iterator[tuple[int, int, str]]:
    """Every stretch from about `after` on, by its end."""
    if schedule.at is not None:
        last = round(schedule.last * SECOND)
        day = local_day(after, zone)
        while True:
            end = instant(day, schedule.at, zone)
            yield end - last, end, ""
            day += timedelta(days=1)
    if schedule.each == "shift":
        yield from _shifts(_line(plant, schedule.line), plant, after, zone)
        return
    each = int(schedule.each)
    day = local_day(after, zone)
    if each > DAY_SECONDS:  # weeks begin on Monday
        day -= timedelta(days=day.weekday())
        while True:
            later = day + timedelta(days=each // DAY_SECONDS)
            yield instant(day, 0, zone), instant(later, 0, zone), f"week of {day}"
            day = later
    while True:  # the last piece of a day of 23 or 25 hours is as long as it is
        start, midnight = instant(day, 0, zone), instant(day + timedelta(days=1), 0, zone)
        at = int(start)
        while at < midnight:
            till = min(at + each * SECOND, int(midnight))
            if each == DAY_SECONDS or midnight - till < each * SECOND // 2:
                till = int(midnight)
            yield at, till, f"{day}" if each == DAY_SECONDS else ""
            at = till
        day += timedelta(days=1)


def _shifts(
    line: Equipment | None, plant: Plant, after: Nanoseconds, zone: ZoneInfo
) -> Iterator[tuple[int, int, str]]:
    calendar = plant.calendars.get(line.calendar) if line else None
    if calendar is None:
        return
    at, ended = int(after), int(after)
    for _ in range(LOOK_WEEKS):
        found = shifts(calendar, Nanoseconds(at), Nanoseconds(at + WEEK), zone)
        for stretch in sorted(found, key=lambda one: one.end):
            if stretch.end > ended:
                ended = stretch.end
                yield stretch.start, stretch.end, f"{stretch.name} shift"
        at += WEEK


def _line(plant: Plant, path: str) -> Equipment | None:
    return plant.equipment(path) if path else next(plant.lines(), None)
