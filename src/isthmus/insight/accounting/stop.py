"""The stops of a unit as people talk of them: when, how long, in which state, for which reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.insight.accounting.partition import Partition
from isthmus.insight.accounting.rules import TimeElement
from isthmus.model.sample import Int64s

STANDS = (
    TimeElement.PAUSE,
    TimeElement.NOT,
    TimeElement.AUST,
    TimeElement.STARVED,
    TimeElement.BLOCKED,
    TimeElement.MICRO,
    TimeElement.ADOT,
)


@dataclass(frozen=True, slots=True)
class Stop:
    """Time without production, from `start` to `end` (ns); `seconds` of it were planned work.

    `state` is the one in which it stood longest, `cause` the reason's number told longest.
    """

    start: int
    end: int
    seconds: float
    element: TimeElement
    state: int
    cause: int
    shift: str = ""

    @property
    def own(self) -> bool:
        """Whether the unit stood by its own fault."""
        return self.element in (TimeElement.ADOT, TimeElement.MICRO)


def stops(partition: Partition, cuts: Int64s) -> list[Stop]:
    """The stops of `partition` in planned time, in order; what people cut at `cuts` stays cut.

    A break inside a stop does not end it, but what ends or begins an order does: without one, time
    is not a stop's.
    """
    rows = np.flatnonzero(np.isin(partition.element, STANDS))
    part = np.searchsorted(np.sort(cuts), partition.start, side="right")
    keys = np.stack([partition.episode[rows], part[rows], partition.element[rows]], axis=1)
    if not len(rows):
        return []
    firsts = np.flatnonzero(np.any(np.diff(keys, axis=0, prepend=-1) != 0, axis=1))
    return [_stop(partition, some) for some in np.split(rows, firsts[1:])]


def _stop(partition: Partition, rows: Int64s) -> Stop:
    lasts = partition.end[rows] - partition.start[rows]
    cause = partition.cause[rows]
    told = cause != 0
    shift = int(partition.shift[rows[0]])
    return Stop(
        int(partition.start[rows[0]]),
        int(partition.end[rows[-1]]),
        float(lasts.sum() / 1e9),
        TimeElement(int(partition.element[rows[0]])),
        _longest(partition.state[rows], lasts),
        _longest(cause[told], lasts[told]) if told.any() else 0,
        partition.shifts[shift] if shift >= 0 else "",
    )


def _longest(values: Int64s, lasts: Int64s) -> int:
    if len(values) == 1:
        return int(values[0])
    known, place = np.unique(values, return_inverse=True)
    return int(known[np.argmax(np.bincount(place.reshape(-1), weights=lasts))])
