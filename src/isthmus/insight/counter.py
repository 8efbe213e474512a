"""Counters that wrap, restart and stumble, as the amounts they stand for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.insight.series import Series
from isthmus.model.sample import Floats, Int64s
from isthmus.model.tag import Counter

HEARTBEAT = 60 * 10**9  # a value that comes and does not move is kept this often (ns)


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """How much a counter grew up to each of `time`, from 0 at the first; straight between them."""

    time: Int64s
    total: Floats
    backwards: int  # steps down that are neither a wrap nor a reset: taken as no growth

    @classmethod
    def of(cls, series: Series, counter: Counter) -> Growth:
        """The growth of `series`.

        A step down is a wrap where `wraps_at` is set and the step is larger than half of it; else
        a reset where the counter `resets` and lands below half of what it had (it then counted
        from 0 to the new value); else a stumble, which adds nothing until the old height is
        reached again. A gap hides nothing: the counter kept counting. Without a gap a value held:
        a counter told only when it moves stood still until shortly before the next sample.
        """
        good = ~np.isnan(series.value)
        time, value = series.time[good], series.value[good]
        grown, stumbles = _steps(value, counter)
        total = np.concatenate([[0.0], np.cumsum(grown)])[: len(value)]
        return cls(*_held(time, total, np.flatnonzero(good), series), stumbles)

    def per_bucket(self, edges: Int64s) -> Floats:
        """The growth between `edges` (ns), straight between samples; NaN where not covered.

        Buckets add up: what one ends with the next begins with.
        """
        if not self.known:
            return np.full(len(edges) - 1, np.nan)
        grown: Floats = np.diff(self.until(edges))
        covered = (edges[1:] > self.time[0]) & (edges[:-1] < self.time[-1])
        return np.where(covered, grown, np.nan)

    def until(self, times: Int64s) -> Floats:
        """The growth up to each of `times` (ns), straight between samples; needs a sample."""
        return np.interp(times.astype(np.float64), self.time.astype(np.float64), self.total)

    def inside(self, starts: Int64s, ends: Int64s) -> float | None:
        """The growth from `starts` to `ends` (ns), summed; None where nothing is known."""
        return float((self.until(ends) - self.until(starts)).sum()) if self.known else None

    @property
    def known(self) -> bool:
        """Whether anything is: two moments at least."""
        return len(self.time) > 1

    @property
    def sum(self) -> float | None:
        """The growth over the whole window; None where nothing is known."""
        return float(self.total[-1]) if self.known else None


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


def _held(time: Int64s, total: Floats, place: Int64s, series: Series) -> tuple[Int64s, Floats]:
    """Times and totals with a moment more wherever a height held longer than it took to grow.

    Growth takes a heartbeat, or as long as the samples usually are apart, if that is more: a
    counter read every ten minutes grew all the while. `place` is where in `series` each stands.
    """
    if not len(time):
        return time, total
    apart = np.diff(time)
    follows = np.diff(place) == 1  # no gap between
    usual = int(np.median(apart[follows])) if follows.any() else 0
    rise = max(HEARTBEAT, usual)
    far = np.flatnonzero(follows & (apart > rise))
    time, total = (
        np.insert(time, far + 1, time[far + 1] - rise),
        np.insert(total, far + 1, total[far]),
    )
    if place[-1] == len(series.value) - 1 and time[-1] < series.end:
        time, total = np.append(time, series.end), np.append(total, total[-1])
    return time, total


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
