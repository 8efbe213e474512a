"""Parts of a condition that look back over a window of time: `mean(power, 15 min)`.

Time goes in equal steps here: a frame holds a row a moment, and `memory` the rows before it, as
many as the window needs. So one frame of a day and a thousand of a minute give the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isthmus.model.condition.node import Amount, Frame, Number, Proposition
from isthmus.model.sample import Floats

ENOUGH = 0.5  # share of a window that must be known


@dataclass(frozen=True, slots=True)
class Window:
    """What a condition remembers at `place`: the values of the last `seconds`."""

    place: int
    seconds: float

    def rows(self, step: float) -> int:
        """How many moments it holds where they are `step` seconds apart."""
        return max(2, round(self.seconds / step))


@dataclass(frozen=True, slots=True)
class Windowed:
    """What the values of the window make together: their `mean`, `min`, `max`, or `rate`."""

    function: str
    of: Number
    place: int
    seconds: float

    def number(self, frame: Frame) -> Amount:
        """The figure of the window that ends at each moment; not known where half of it is not."""
        value, known = self.of.number(frame)
        rows = _rows(frame, self.place, np.where(known, value, np.nan))
        size = len(frame.memory[self.place])
        filled = np.isfinite(rows)
        count = _sliding(filled.astype(np.float64), size, np.add)[1:]
        enough = count >= ENOUGH * size
        with np.errstate(all="ignore"):
            if self.function == "mean":
                found = _sliding(np.where(filled, rows, 0.0), size, np.add)[1:] / count
            elif self.function == "min":
                found = _sliding(np.where(filled, rows, np.inf), size, np.minimum)[1:]
            elif self.function == "max":
                found = _sliding(np.where(filled, rows, -np.inf), size, np.maximum)[1:]
            else:
                found = self._rate(rows, filled, size)
        return Amount(found, enough & np.isfinite(found))

    def _rate(self, rows: Floats, filled: np.ndarray, size: int) -> Floats:
        """The mean of the second half less that of the first, over the time between them."""
        half = size // 2
        sums = _sliding(np.where(filled, rows, 0.0), half, np.add)
        counts = _sliding(filled.astype(np.float64), half, np.add)
        means = sums / counts
        late = means[len(means) - (len(rows) - size) :]
        early = means[len(means) - len(late) - (size - half) : len(means) - (size - half)]
        found: Floats = (late - early) / (self.seconds * (size - half) / size)
        return found


@dataclass(frozen=True, slots=True)
class Counted:
    """How many times a condition began to hold within the window."""

    of: Proposition
    place: int
    seconds: float

    def number(self, frame: Frame) -> Amount:
        """The count at each moment; not knowing neither begins nor ends anything."""
        holds, known = self.of.test(frame)
        rows = _rows(frame, self.place, np.where(known, holds.astype(np.float64), np.nan))
        size = len(frame.memory[self.place])
        filled = np.isfinite(rows)
        begun = (rows[1:] == 1.0) & (rows[:-1] == 0.0)
        count = _sliding(begun.astype(np.float64), size, np.add)
        seen = _sliding(filled.astype(np.float64), size, np.add)[1:]
        return Amount(count, seen >= ENOUGH * size)


def _rows(frame: Frame, place: int, news: Floats) -> Floats:
    """What was remembered and what is new, below one another; the end of it is remembered."""
    before = frame.memory[place]
    rows = np.concatenate([before, np.broadcast_to(news, frame.value.shape[1:])])
    frame.memory[place] = rows[len(rows) - len(before) :].copy()
    return rows


def _sliding(rows: Floats, size: int, join: Callable[[Floats, Floats], Floats]) -> Floats:
    """The join of each `size` rows in a row, in an order that depends on `size` alone.

    Adding in another order rounds otherwise; an answer must not depend on how time was cut.
    """
    length = len(rows) - size + 1
    found: Floats | None = None
    power, run, start = 1, rows, 0
    left = size
    while left:
        if left & 1:
            part = run[start : start + length]
            found = part if found is None else join(found, part)
            start += power
        left >>= 1
        if left:
            run = join(run[:-power], run[power:])
            power *= 2
    return rows[:0] if found is None else found
