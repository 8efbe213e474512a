"""An iCalendar file (RFC 5545) as a rota: its events with recurrences, read when it changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from isthmus.insight.notify.rota import Duty
from isthmus.model.errors import StorageError
from isthmus.model.plantfile_oncall import PersonEntry
from isthmus.model.sample import Nanoseconds

log = logging.getLogger(__name__)

INSTALL = "pip install 'isthmus[calendar]'"
LARGEST = 8 << 20  # bytes
MOST = 5_000  # events of one look


@dataclass(slots=True)
class CalendarFile:
    """Who is on call by a calendar file; `trouble` says why it tells nothing."""

    file: Path
    people: Mapping[str, PersonEntry]
    trouble: str = ""
    _seen: tuple[int, int] = (0, 0)  # when it was written, and how long it is
    _calendar: Any = None
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
        try:
            import icalendar  # noqa: PLC0415 - optional
        except ImportError as error:
            raise StorageError(f"reading {self.file} needs `{INSTALL}`") from error
        try:
            known = self.file.stat()
            seen = known.st_mtime_ns, known.st_size
            if seen == self._seen and self._calendar is not None:
                return
            self._calendar = None
            if known.st_size <= LARGEST:
                self._calendar = icalendar.Calendar.from_ical(self.file.read_bytes())
                self._seen = seen
        except Exception as error:  # the library raises whatever it stumbles over
            self._calendar = None
            raise StorageError(f"reading {self.file}: {_said(error)}") from error
        if self._calendar is None:
            raise StorageError(f"{self.file} has more than {LARGEST >> 20} MB")

    def _between(self, start: int, end: int, zone: ZoneInfo) -> list[Duty]:
        try:
            import recurring_ical_events  # noqa: PLC0415 - optional
        except ImportError as error:
            raise StorageError(f"reading {self.file} needs `{INSTALL}`") from error
        first, last = (datetime.fromtimestamp(each / 1e9, UTC) for each in (start, end))
        try:
            found = recurring_ical_events.of(self._calendar).between(first, last)
            made = [self._duty(each, zone) for each in found[:MOST]]
        except Exception as error:  # the library raises whatever it stumbles over
            text = f"{self.file} has an event that is not understood: {_said(error)}"
            raise StorageError(text) from error
        return sorted((each for each in made if each.who), key=lambda each: each.start)

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
