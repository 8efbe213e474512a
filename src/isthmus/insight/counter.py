"""Counters that wrap, restart and stumble, as the amounts they stand for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.insight.series import Series
from isthmus.model.sample import Floats, Int64s
from isthmus.model.tag import Counter


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """How much a counter grew up to each of its good samples, from 0 at the first."""

    time: Int64s
    total: Floats
    backwards: int  # steps down that are neither a wrap nor a reset: taken as no growth

    @classmethod
    def of(cls, series: Series, counter: Counter) -> Growth:
        """The growth of `series`.

        A step down is a wrap where `wraps_at` is set and the step is larger than half of it; else
        a reset where the counter `resets` and lands below half of what it had (it then counted
        from 0 to the new value); else a stumble, which adds nothing until the old height is
        reached again. A gap hides nothing: the counter kept counting.
        """
        good = ~np.isnan(series.value)
        time, value = series.time[good], series.value[good]
        if len(value) <= 1:
            return cls(time, np.zeros(len(value)), 0)
        step = np.diff(value)
        down = step < 0
        stumbles = 0
        if down.any():
            grown = np.where(down, 0.0, step)
            for at in np.flatnonzero(down):
                wraps = counter.wraps_at
                if wraps and -step[at] > wraps / 2:
                    grown[at] = step[at] + wraps
                elif counter.resets and value[at + 1] < value[at] / 2:
                    grown[at] = value[at + 1]
                else:
                    stumbles += 1
                    _climb(value, grown, int(at))
            step = grown
        return cls(time, np.concatenate([[0.0], np.cumsum(step)]), stumbles)

    def per_bucket(self, edges: Int64s) -> Floats:
        """The growth between `edges` (ns), straight between samples; NaN where not covered.

        Buckets add up: what one ends with the next begins with.
        """
        if len(self.time) <= 1:
            return np.full(len(edges) - 1, np.nan)
        grown: Floats = np.diff(self.until(edges))
        covered = (edges[1:] > self.time[0]) & (edges[:-1] < self.time[-1])
        return np.where(covered, grown, np.nan)

    def until(self, times: Int64s) -> Floats:
        """The growth up to each of `times` (ns), straight between samples; needs a sample."""
        return np.interp(times.astype(np.float64), self.time.astype(np.float64), self.total)

    @property
    def sum(self) -> float:
        """The growth over the whole window."""
        return float(self.total[-1]) if len(self.total) else 0.0


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
