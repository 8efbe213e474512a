"""Cycle times from a counter: how long pieces took while the unit ran."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.insight.counter import Growth
from isthmus.model.sample import Floats, Int64s

PERCENTS = (5, 25, 50, 75, 95)
MOST_BARS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Cycles:
    """Seconds a piece, and how many pieces took so long."""

    seconds: Floats
    pieces: Floats

    @property
    def count(self) -> float:
        """Pieces in all."""
        return float(self.pieces.sum())

    @property
    def mean(self) -> float | None:
        """Seconds a piece, on average over pieces."""
        return float((self.seconds * self.pieces).sum()) / self.count if self.count else None

    def percentile(self, percent: float) -> float | None:
        """The seconds that so many percent of the pieces did not exceed."""
        if not self.count:
            return None
        order = np.argsort(self.seconds, kind="stable")
        total = np.cumsum(self.pieces[order])
        place = int(np.searchsorted(total, total[-1] * percent / 100 * (1 - 1e-12)))
        return float(self.seconds[order][min(place, len(order) - 1)])

    def bars(self, edges: Floats) -> Floats:
        """The pieces whose time lies between `edges`; what lies outside is in the outer bars."""
        inside = np.clip(self.seconds, edges[0], np.nextafter(edges[-1], edges[0]))
        found: Floats = np.histogram(inside, edges, weights=self.pieces)[0].astype(np.float64)
        return found


def cycles(growth: Growth, starts: Int64s, ends: Int64s) -> Cycles:
    """The cycle times inside stretches in which the unit ran (`starts` to `ends`, ns, in order).

    Pieces that were counted together took the same time each. The first rise in a stretch is left
    out: nobody knows when its first piece began.
    """
    rises = np.flatnonzero(np.diff(growth.total) > 0) + 1
    times, made = growth.time[rises], np.diff(growth.total)[rises - 1]
    if not len(starts) or len(times) <= 1:
        return Cycles(np.zeros(0), np.zeros(0))
    place = np.searchsorted(starts, times, side="right") - 1
    inside = (place >= 0) & (times <= ends[np.maximum(place, 0)])
    together = inside[1:] & inside[:-1] & (place[1:] == place[:-1])
    seconds = np.diff(times) / 1e9 / made[1:]
    return Cycles(seconds[together], made[1:][together])


def bins(found: Cycles) -> Floats:
    """Edges of bars that show the distribution: equal widths up to the 99th percentile."""
    last = found.percentile(99)
    if last is None:
        return np.zeros(0)
    first = float(found.seconds.min())
    width = (found.percentile(75) or last) - (found.percentile(25) or first)
    step = 2 * width / found.count ** (1 / 3)  # Freedman and Diaconis
    if step <= 0:  # half of them took the same time
        step = (last - first) / (np.log2(found.count) + 1)  # Sturges
    many = int(np.clip(np.ceil((last - first) / step), 1, MOST_BARS)) if step > 0 else 1
    edges: Floats = np.linspace(first, max(last, first + 1e-9), many + 1)
    return edges
