"""Samples that figures need not see: states told again, counts between the moments that matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.insight.unseen import NEAR, SEEN
from isthmus.model.counter import HEARTBEAT
from isthmus.model.sample import Batch, Bools, Floats, Int64s, Status

MINUTE = 60 * 10**9
AROUND = NEAR + SEEN  # ns around turns and gaps in which every sample stays: a pace is seen there
FEW = 4  # samples a minute, up to which none is left out
MANY = 100  # gaps and steps down, from which on none is


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Times (ns, in order) at which a counter is asked: `edges`, and `turns` of planned time."""

    edges: Int64s
    turns: Int64s

    def within(self, start: int, end: int) -> Moments:
        """Those that lie in [start, end], turns up to `AROUND` beyond."""
        first, last = np.searchsorted(self.edges, [start, end + 1])
        low, high = np.searchsorted(self.turns, [start - AROUND, end + AROUND + 1])
        return Moments(self.edges[first:last], self.turns[low:high])


def changes(rows: Batch) -> Bools:
    """Which samples of one tag tell something else than the one before."""
    value = _known(rows)
    same = value[1:] == value[:-1]
    same |= np.isnan(value[1:]) & np.isnan(value[:-1])
    return np.concatenate([np.ones(min(1, len(rows)), np.bool_), ~same])


def of_counter(rows: Batch, asked: Moments) -> Bools:
    """Which samples of a counter say what all of them do of its growth between moments `asked`.

    Those next to each moment stay, and every one near turns, gaps and steps down. Elsewhere the
    first and the last of a minute do: a stretch without a sample is none that there was not.
    """
    time, size = rows.time, len(rows)
    if size < 2 or size * MINUTE < FEW * int(time[-1] - time[0]):  # noqa: PLR2004
        return np.ones(size, np.bool_)
    odd = _odd(time, _known(rows))
    if len(odd) > MANY:
        return np.ones(size, np.bool_)
    first, last = int(time[0]), int(time[-1])
    asked = asked.within(first, last)
    minutes = np.arange(first // MINUTE + 1, last // MINUTE + 1) * MINUTE
    at = np.searchsorted(time, np.concatenate([minutes, asked.edges]))
    keep = np.zeros(size, np.bool_)
    keep[0] = keep[-1] = keep[np.minimum(at, size - 1)] = keep[np.maximum(at - 1, 0)] = True
    low = np.concatenate([asked.turns, time[odd]]) - AROUND
    high = np.concatenate([asked.turns, time[odd + 1]]) + AROUND
    for begin, end in zip(
        *(np.searchsorted(time, each).tolist() for each in (low, high)), strict=True
    ):
        keep[begin : end + 1] = True
    return keep


def _odd(time: Int64s, value: Floats) -> Int64s:
    """The samples whose next one is far, lower, or known where they are not."""
    found = value[1:] < value[:-1]
    found |= time[1:] - time[:-1] > HEARTBEAT
    lost = np.isnan(value)
    if lost.any():
        found |= lost[1:] != lost[:-1]
    return np.flatnonzero(found)


def _known(rows: Batch) -> Floats:
    bad = rows.quality >= Status.UNCERTAIN
    return np.where(bad, np.nan, rows.value) if bad.any() else rows.value
