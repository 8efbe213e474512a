"""An iCalendar file (RFC 5545) as a rota: its events with recurrences, read when it changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import thread_time
from typing import Any
from zoneinfo import ZoneInfo

from isthmus.insight.notify.rota import Duty
from isthmus.model.errors import StorageError
from isthmus.model.plantfile_oncall import PersonEntry
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.notify.calendar_rule import unfit

log = logging.getLogger(__name__)

INSTALL = "pip install 'isthmus[calendar]'"
LARGEST = 8 << 20  # bytes
MOST = 5_000  # events of people in one look
SLOW, SLOWEST = 1.0, 10.0  # seconds of the processor for one event, and for all
EARLIEST = 1600  # the year in which what comes back may have begun
HOUR = 3_600 * 10**9
LOOKS = 16  # that are kept


@dataclass(slots=True)
class CalendarFile:
    """Who is on call by a calendar file; `trouble` says why it tells nothing."""

    file: Path
    people: Mapping[str, PersonEntry]
    trouble: str = ""
    _seen: tuple[int, int] = (0, 0)  # when it was written, and how long it is
    _fault: str = ""  # of the file as it was seen: looking again would not help
    _calendar: Any = None
    _found: dict[tuple[int, int, str], list[Duty]] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def duties(self, start: int, end: int, zone: ZoneInfo) -> list[Duty]:
        """The events that touch [start, end), whole; none where the file cannot be read."""
        with self._guard:
            try:
                self._load()
                found = self._between(start, end, zone)
            except StorageError as error:
                if not self.trouble:
                    log.warning("the rota in %s does not count: %s", self.file, error)
                self.trouble = str(error)
                return []
            self.trouble = ""
            return found

    def fault(self, start: int, end: int, zone: ZoneInfo) -> str:
        """Why it tells nothing of [start, end), empty where it can be read."""
        with self._guard:
            try:
                self._load()
                self._between(start, end, zone)
            except StorageError as error:
                return str(error)
            return ""

    def _load(self) -> None:
        """Read the file where it is not the one that was seen; StorageError where it is no rota."""
        try:
            import icalendar  # noqa: PLC0415 - optional
        except ImportError as error:
            raise StorageError(f"reading {self.file} needs `{INSTALL}`") from error
        try:
            known = self.file.stat()
            seen = known.st_mtime_ns, known.st_size
            if seen != self._seen:
                self._seen, self._fault, self._calendar = (0, 0), "", None
                self._found.clear()
                self._read(known.st_size, icalendar.Calendar.from_ical)
                self._seen = seen
        except OSError as error:
            raise StorageError(f"reading {self.file}: {_said(error)}") from error
        except StorageError as error:
            self._seen, self._fault = seen, str(error)
            raise
        if self._fault:
            raise StorageError(self._fault)

    def _read(self, size: int, parse: Callable[[bytes], Any]) -> None:
        if size > LARGEST:
            raise StorageError(f"{self.file} has more than {LARGEST >> 20} MB")
        body = self.file.read_bytes()
        if why := unfit(body):  # first: the library may never come back from such a rule
            raise StorageError(f"{self.file}, {why}")
        try:
            self._calendar = parse(body)
        except Exception as error:  # the library raises whatever it stumbles over
            raise StorageError(f"reading {self.file}: {_said(error)}") from error
        for event in self._calendar.walk("VEVENT"):
            begin = getattr(event.get("DTSTART"), "dt", None)
            if "RRULE" in event and getattr(begin, "year", EARLIEST) < EARLIEST:
                text = f"{self.file}: the event {event.get('UID')} began before {EARLIEST}"
                raise StorageError(text)

    def _between(self, start: int, end: int, zone: ZoneInfo) -> list[Duty]:
        """The events of the hours around [start, end), with a day before and after it.

        Looks of an hour share them. The library takes days for those of UTC, a plant's begin up to
        14 hours sooner or 12 later.
        """
        first, last = start // HOUR, -(-end // HOUR)
        key = first, last, zone.key
        if key not in self._found:
            if len(self._found) >= LOOKS:
                self._found.clear()
            begin, stop = (
                datetime.fromtimestamp(each * 3_600, UTC) for each in (first - 24, last + 24)
            )
            self._found[key] = self._expanded(begin, stop, zone)
        return self._found[key]

    def _expanded(self, first: datetime, last: datetime, zone: ZoneInfo) -> list[Duty]:
        try:
            import recurring_ical_events  # noqa: PLC0415 - optional
        except ImportError as error:
            raise StorageError(f"reading {self.file} needs `{INSTALL}`") from error
        found: list[Duty] = []
        begun = thread_time()
        try:
            for series in recurring_ical_events.of(self._calendar).series:
                since = thread_time()
                for each in series.between(first, last):
                    duty = self._duty(each.as_component(keep_recurrence_attributes=False), zone)
                    found += [duty] if duty.who else []
                    self._bound(len(found) <= MOST, f"has more than {MOST:,} events at a time")
                now = thread_time()
                text = f"takes too long: does the event {series.uid} ever come back?"
                self._bound(now - since <= SLOW, text)
                self._bound(now - begun <= SLOWEST, "takes too long: it has too many events")
        except StorageError:
            raise
        except Exception as error:  # the library raises whatever it stumbles over
            text = f"{self.file} has an event that is not understood: {_said(error)}"
            raise StorageError(text) from error
        return sorted(found, key=lambda each: each.start)

    def _bound(self, kept: bool, fault: str) -> None:  # noqa: FBT001
        """A file that is not within its bounds does not count until it changes."""
        if not kept:
            self._fault = f"{self.file} {fault}"
            raise StorageError(self._fault)

    def _duty(self, event: Any, zone: ZoneInfo) -> Duty:  # noqa: ANN401 - of icalendar
        begin = event.start
        stop = event.end
        return Duty(self._who(event), _instant(begin, zone), _instant(stop, zone), "calendar")

    def _who(self, event: Any) -> tuple[str, ...]:  # noqa: ANN401 - of icalendar
        """The people that an event names: by name, title or mail address."""
        words = {str(event.get("SUMMARY", "")).strip().casefold()}
        attendees = event.get("ATTENDEE", [])
        for each in attendees if isinstance(attendees, list) else [attendees]:
            words.add(str(each).casefold().removeprefix("mailto:"))
        return tuple(
            name
            for name, person in self.people.items()
            if words
            & {name.casefold(), person.title.casefold() or name, (person.mail or name).casefold()}
        )


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _instant(moment: date | datetime, zone: ZoneInfo) -> Nanoseconds:
    """Days begin, and times without a zone are, in the zone of the plant."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), zone)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    whole = int((moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1))
    return Nanoseconds(whole * 10**9)
