"""How much counters grew, for figures: between moments, and by bucket."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.insight.series import Series
from isthmus.model.counter import growth
from isthmus.model.sample import Floats, Int64s
from isthmus.model.tag import Counter


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """How much a counter grew up to each of `time`, from 0 at the first; straight between them."""

    time: Int64s
    total: Floats
    backwards: int  # steps down that are neither a wrap nor a reset: taken as no growth

    @classmethod
    def of(cls, series: Series, counter: Counter) -> Growth:
        """The growth of `series`, by the rules of `isthmus.model.counter`."""
        return cls(*growth(series.time, series.value, series.end, counter))

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
        if not len(times):
            return np.zeros(0)
        first = max(0, int(self.time.searchsorted(times.min())) - 1)
        last = int(self.time.searchsorted(times.max(), "right")) + 1
        near = slice(min(first, len(self.time) - 1), last)  # mostly a few of very many
        return np.interp(
            times.astype(np.float64), self.time[near].astype(np.float64), self.total[near]
        )

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
