"""Shifts and breaks as people write them: `06:00-14:00 Mon-Fri`."""

from __future__ import annotations

import re
from datetime import date

from isthmus.model.path import nearest
from isthmus.model.plant import Maintenance, Shift

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_MINUTES = 1440

_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


class CalendarError(ValueError):
    """A text that is no time of the working week; `hint` says what is."""

    def __init__(self, message: str, *, hint: str = "write it like `06:00-14:00 Mon-Fri`") -> None:
        super().__init__(message)
        self.hint = hint


def span(text: str) -> tuple[int, int]:
    """Start and end of `06:00-14:00` in minutes of the day; 24:00 ends a day."""
    found = _SPAN.fullmatch(text.strip())
    if not found:
        raise CalendarError(f"`{text[:40]}` is no span of time", hint="write it like `09:00-09:15`")
    hours, minutes, to_hours, to_minutes = map(int, found.groups())
    start, end = hours * 60 + minutes, to_hours * 60 + to_minutes
    if minutes > 59 or to_minutes > 59 or start >= DAY_MINUTES or end > DAY_MINUTES:  # noqa: PLR2004
        raise CalendarError(f"`{text[:40]}` is no time of the day", hint="a day is 00:00 to 24:00")
    if start == end:
        raise CalendarError(f"`{text[:40]}` is empty", hint="a whole day is `00:00-24:00`")
    return start, end


def days(text: str) -> frozenset[int]:
    """The days, 0 for Monday, of `Mon-Fri`, `Sat,Sun`, `Fri-Mon`, `daily`."""
    if text.strip().casefold() == "daily":
        return frozenset(range(7))
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = (word.strip() for word in part.partition("-"))
        start = _day(first)
        length = (_day(last) - start) % 7 if last else 0
        found.update((start + step) % 7 for step in range(length + 1))
    return frozenset(found)


def shift(name: str, text: str) -> Shift:
    """The shift `06:00-14:00 Mon-Fri`; without days it is on all of them."""
    hours, _, on = re.sub(r"\s*-\s*", "-", text.strip()).partition(" ")
    start, end = span(hours)
    return Shift(name, start, end, days(on) if on.strip() else frozenset(range(7)))


def maintenance(text: str) -> Maintenance:
    """Planned maintenance: `08:00-12:00 Sun` each week, `2026-12-23 06:00-14:00` once."""
    hint = "write it like `08:00-12:00 Sun` or `2026-12-23 06:00-14:00`"
    first, _, rest = text.strip().partition(" ")
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", first):
        try:
            day = date.fromisoformat(first)
        except ValueError as error:
            raise CalendarError(f"`{first}` is no day", hint=hint) from error
        if not rest.strip():
            raise CalendarError(f"`{first}` says no time of the day", hint=hint)
        start, end = span(rest)
        return Maintenance(start, end, day=day)
    weekly = shift("", text)
    return Maintenance(weekly.start, weekly.end, weekly.days)


def _day(word: str) -> int:
    for number, day in enumerate(DAYS):
        if word.casefold()[:3] == day.casefold():
            return number
    meant = nearest(word, DAYS)
    raise CalendarError(
        f"`{word[:40]}` is no day of the week",
        hint=f"did you mean `{meant}`?" if meant else "days are " + ", ".join(DAYS),
    )
