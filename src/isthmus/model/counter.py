"""Counters that wrap, restart and stumble, as the amounts they stand for."""

from __future__ import annotations

import numpy as np

from isthmus.model.sample import Bools, Floats, Int64s
from isthmus.model.tag import Counter

HEARTBEAT = 60 * 10**9  # a value that comes and does not move is kept this often (ns)


def growth(time: Int64s, value: Floats, end: int, counter: Counter) -> tuple[Int64s, Floats, int]:
    """Moments, how much a counter grew up to each (from 0), straight between them; and stumbles.

    `value` is NaN where nothing good is known; the last one holds until `end`. A step down is a
    wrap where `wraps_at` is set and the step is larger than half of it; else a reset where the
    counter `resets` and lands below half of what it had (it then counted from 0 to the new
    value); else a stumble, which adds nothing until the old height is reached again. A gap hides
    nothing: the counter kept counting. Without a gap a value held: a counter told only when it
    moves stood still until shortly before the next sample.
    """
    lost = np.isnan(value)
    follows = None
    ends = len(value) and not lost[-1]
    if lost.any():
        place = np.flatnonzero(~lost)
        time, value, follows = time[place], value[place], np.diff(place) == 1
    grown, stumbles = _steps(value, counter)
    total = np.concatenate([[0.0], np.cumsum(grown)])[: len(value)]
    moments, totals = _held(time, total, follows, end if ends else None)
    return moments, totals, stumbles


def _steps(value: Floats, counter: Counter) -> tuple[Floats, int]:
    """How much the counter grew from each value to the next, and how often it stumbled."""
    step = np.diff(value)
    down = step < 0
    grown, stumbles = np.where(down, 0.0, step), 0
    for at in np.flatnonzero(down):
        wraps = counter.wraps_at
        if wraps and -step[at] > wraps / 2:
            grown[at] = step[at] + wraps
        elif counter.resets and value[at + 1] < value[at] / 2:
            grown[at] = value[at + 1]
        else:
            stumbles += 1
            _climb(value, grown, int(at))
    return grown, stumbles


def _held(
    time: Int64s, total: Floats, follows: Bools | None, end: int | None
) -> tuple[Int64s, Floats]:
    """Times and totals with a moment more wherever a height held longer than it took to grow.

    Growth takes a heartbeat, or as long as the samples beside are apart, if that is more: a
    counter read every ten minutes grew all the while, whatever it was read like at other times.
    `follows` says between which lies no gap, None that there is none; the last one holds until
    `end`, if there is one.
    """
    if not len(time):
        return time, total
    apart = np.diff(time)
    rise = _rise(apart if follows is None else np.where(follows, apart, 0))
    late = apart > rise if follows is None else follows & (apart > rise)
    if late.any():
        far = np.flatnonzero(late)
        time, total = (
            np.insert(time, far + 1, time[far + 1] - rise[far]),
            np.insert(total, far + 1, total[far]),
        )
    if end is not None and time[-1] < end:
        time, total = np.append(time, end), np.append(total, total[-1])
    return time, total


def _rise(apart: Int64s) -> Int64s:
    """How long growth takes that is told by each of samples so far apart (ns), 0 over a gap."""
    if len(apart) == 1:
        return np.maximum(apart, HEARTBEAT)
    beside = np.zeros(len(apart), np.int64)
    beside[1:] = apart[:-1]
    beside[:-1] = np.maximum(beside[:-1], apart[1:])
    return np.maximum(beside, HEARTBEAT)


def _climb(value: Floats, grown: Floats, at: int) -> None:
    """Take back the growth after a stumble at `at` until the old height is reached."""
    height = value[at]
    for later in range(at + 1, len(grown)):
        if value[later + 1] < value[later]:
            return
        before = max(height, value[later])
        grown[later] = max(0.0, value[later + 1] - before)
        if value[later + 1] >= height:
            return
