"""Three shifts, two breaks and one planned stop in the night."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from isthmus.demo.physics.machine import Duty

ZONE = ZoneInfo("Europe/Berlin")
SHIFTS = (("early", 6 * 60, 14 * 60), ("late", 14 * 60, 22 * 60), ("night", 22 * 60, 6 * 60))
_BREAKS = ((2 * 60, 3 * 60), (9 * 60 + 30, 10 * 60), (18 * 60, 18 * 60 + 30))
_NIGHT_STOP = 45  # minutes from which a break is a planned stop: machines are switched off
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Calendar:
    """Breaks as (start, end) in minutes of the local day."""

    breaks: tuple[tuple[int, int], ...]

    @classmethod
    def around(cls, opening: int) -> Calendar:
        """The calendar of a plant that opens at `opening` (s, UTC).

        A break that would be on then, or soon after, is held 90 minutes later: whoever opens
        the plant shall see it run.
        """
        minute = _minute(opening)
        moved = []
        for start, end in _BREAKS:
            near = start - 20 <= minute <= end + 3
            by = 90 if near else 0
            moved.append((start + by, end + by))
        return cls(tuple(moved))

    def duty(self, now: int) -> Duty:
        """What is asked of the machines at `now` (s, UTC)."""
        minute = _minute(now)
        for start, end in self.breaks:
            if start <= minute < end:
                return Duty.OFF if end - start >= _NIGHT_STOP else Duty.BREAK
        return Duty.WORK

    @staticmethod
    def shift(now: int) -> str:
        """The shift that works at `now` (s, UTC)."""
        minute = _minute(now)
        for name, start, end in SHIFTS:
            if start <= minute < end or (end < start and not end <= minute < start):
                return name
        raise AssertionError(minute)


def _minute(now: int) -> int:
    local = datetime.fromtimestamp(now, UTC).astimezone(ZONE)
    return local.hour * 60 + local.minute
