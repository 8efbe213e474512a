"""When a unit starts up: the first of production after a stop, a changeover or time off."""

from __future__ import annotations

import numpy as np

from isthmus.insight.accounting.partition import Partition
from isthmus.insight.accounting.rules import TimeElement
from isthmus.model.sample import Int64s

COLD = (
    TimeElement.OFF,
    TimeElement.PMT,
    TimeElement.PAUSE,
    TimeElement.NOT,
    TimeElement.AUST,
    TimeElement.ADOT,
)
"""After these it starts up; after a short stop, or where it only waited, it goes on."""


def startups(partition: Partition, length: int) -> tuple[Int64s, Int64s]:
    """Starts and ends of the stretches of at most `length` ns in which the unit starts up.

    One that starts again before that begins anew. Where nothing is known before, it may have run.
    """
    runs = partition.element == TimeElement.APT
    begins = np.flatnonzero(runs & ~np.concatenate([[False], runs[:-1]]))
    cold = np.concatenate([[0], np.cumsum(np.isin(partition.element, COLD))])
    ended = np.flatnonzero(runs[:-1] & ~runs[1:]) + 1 if len(runs) else begins
    at = np.searchsorted(ended, begins, side="right") - 1
    before = np.where(at >= 0, ended[np.maximum(at, 0)] if len(ended) else 0, 0)
    starts = partition.start[begins[cold[begins] > cold[before]]]
    last = np.append(starts[1:], partition.end[-1:])
    return starts, np.minimum(starts + length, last[: len(starts)])
