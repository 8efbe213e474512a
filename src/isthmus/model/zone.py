"""Local time of a zone for columns of times."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from isthmus.model.sample import Int64s

QUARTER = 900 * 10**9  # ns: offsets change at quarters of an hour


def offsets(time: Int64s, zone: ZoneInfo) -> Int64s:
    """How much local time is ahead of UTC at each of `time`, both in ns."""
    quarters, place = np.unique(time // QUARTER, return_inverse=True)
    ahead = np.array([_offset(int(quarter) * 900, zone) for quarter in quarters], np.int64)
    return ahead[place] if len(time) else np.empty(0, np.int64)


def changes(start: int, end: int, zone: ZoneInfo) -> bool:
    """Whether the clocks of `zone` change between two times (ns UTC)."""
    days = np.append(np.arange(start, end, 86_400 * 10**9, dtype=np.int64), np.int64(end))
    return len(np.unique(offsets(days, zone))) > 1


def _offset(second: int, zone: ZoneInfo) -> int:
    ahead = datetime.fromtimestamp(second, zone).utcoffset()
    return int(ahead.total_seconds()) * 10**9 if ahead is not None else 0
