"""Which notices go where, and which of them wait for the morning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from isthmus.insight.accounting.calendar import instant, local_day
from isthmus.model.alarm import Priority
from isthmus.model.calendar import span
from isthmus.model.notice import Notice
from isthmus.model.path import Pattern
from isthmus.model.plantfile_notify import NotifyEntry, RouteEntry
from isthmus.model.sample import Nanoseconds


@dataclass(slots=True)
class Routes:
    """The routes of a plant whose paths are below `root` (`acme/riverside`)."""

    entry: NotifyEntry
    root: str
    zone: ZoneInfo

    def of(self, notice: Notice) -> Iterator[RouteEntry]:
        """The routes that a notice takes."""
        for route in self.entry.routes.values():
            if self._fits(route, notice):
                yield route

    def _fits(self, route: RouteEntry, notice: Notice) -> bool:
        name = notice.about.rpartition("/")[2]
        return (
            notice.kind in route.kinds
            and Priority(notice.priority).word in route.priorities
            and (not route.names or name in route.names)
            and any(self._at(text, notice.about) for text in route.at)
        )

    def _at(self, text: str, about: str) -> bool:
        """A pattern that selects equipment selects all that is below it, too."""
        if text == "**":
            return True
        pattern = Pattern.parse(text)
        parts = about.split("/")
        return any(
            pattern.matches("/".join(parts[:length]), self.root)
            for length in range(1, len(parts) + 1)
        )

    def due(self, route: RouteEntry, notice: Notice, now: int) -> int:
        """From when it may be told: now, or at the end of the quiet hours."""
        if not route.quiet or Priority(notice.priority).word not in route.quiet_for:
            return now
        start, end = span(route.quiet)
        today = local_day(Nanoseconds(now), self.zone)
        for day in (today, today - timedelta(days=1)):
            last = end if end > start else end + 1440
            until = instant(day, last, self.zone)
            if instant(day, start, self.zone) <= now < until:
                return until
        return now
