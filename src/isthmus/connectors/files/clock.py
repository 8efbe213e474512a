"""When a line was written, as the machine wrote it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from isthmus.connectors.files.config import UNITS
from isthmus.model.sample import Nanoseconds

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATEST = 1 << 62  # ns; the year 2116


class LineClock:
    """Reads the times of one machine's lines.

    In the hour that autumn repeats, a local time is the first of the two until time would run
    backwards, then the second; `last` is the time of the file's line before.
    """

    def __init__(self, layout: str, timezone: str) -> None:
        self._layout, self._zone = layout, ZoneInfo(timezone)

    def read(self, text: str, last: int = 0) -> Nanoseconds | None:
        """The time that `text` writes (ns UTC), None where it writes none."""
        text = text.strip()
        try:
            if self._layout in UNITS:
                time = int(Decimal(text) * UNITS[self._layout])
            else:
                time = self._local(text, last)
        except (ValueError, OverflowError, InvalidOperation):
            return None
        return Nanoseconds(time) if 0 < time < LATEST else None

    def _local(self, text: str, last: int) -> int:
        if self._layout:
            moment = datetime.strptime(text, self._layout)  # noqa: DTZ007 - the zone is ours to add
        else:
            moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return _nanoseconds(moment)
        first = _nanoseconds(moment.replace(tzinfo=self._zone))
        if first >= last:
            return first
        again = _nanoseconds(moment.replace(tzinfo=self._zone, fold=1))
        return again if again >= last else first


def _nanoseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND * 1000
