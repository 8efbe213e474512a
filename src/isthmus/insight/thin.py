"""Samples that figures need not see: states told again, counts between the moments that matter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from isthmus.insight.unseen import NEAR, SEEN
from isthmus.model.counter import HEARTBEAT
from isthmus.model.sample import Batch, Bools, Floats, Int64s, Status

BUCKET = 50 * 10**9  # ns of which one sample stays, seldom two
AROUND = NEAR + SEEN  # ns around gaps and steps down in which every sample stays: a pace is seen
SPARSE = 15 * 10**9  # ns between samples, from which on none is left out
MANY = 100  # gaps and steps down, from which on none is


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Times (ns, in order) at which a counter is asked.

    `edges` of windows, `turns` of planned time, and `changes` of what its unit did near a turn,
    where a pace is looked up.
    """

    edges: Int64s
    turns: Int64s
    changes: Int64s

    def within(self, start: int, end: int) -> Moments:
        """Those that lie in [start, end], turns up to `AROUND` beyond."""
        low, high = np.searchsorted(self.turns, [start - AROUND, end + AROUND + 1])
        return Moments(
            _cut(self.edges, start, end), self.turns[low:high], _cut(self.changes, start, end)
        )

    def seen(self, changed: Int64s, startups: Iterable[int] = ()) -> Moments:
        """The same where units changed at times `changed`, and start up for so long (ns)."""
        if lengths := [*startups]:
            begun = np.concatenate([changed, self.turns])
            ends = [begun + length for length in lengths]
            return replace(self, changes=np.sort(np.concatenate([begun, *ends])))
        if not len(self.turns):
            return self
        at = np.searchsorted(self.turns, changed)
        before = changed - self.turns[np.maximum(at - 1, 0)]
        after = self.turns[np.minimum(at, len(self.turns) - 1)] - changed
        near = (np.abs(before) <= AROUND) | (np.abs(after) <= AROUND)
        return replace(self, changes=np.sort(changed[near]))


def changes(rows: Batch) -> Bools:
    """Which samples of one tag tell something else than the one before."""
    value = _known(rows)
    same = value[1:] == value[:-1]
    same |= np.isnan(value[1:]) & np.isnan(value[:-1])
    return np.concatenate([np.ones(min(1, len(rows)), np.bool_), ~same])


def of_counter(rows: Batch, asked: Moments) -> Bools:
    """Which samples of a counter say what all of them do of its growth between moments `asked`.

    Those next to each moment stay, and next to where a pace is looked up: `NEAR` before and after
    a turn. So does every one near gaps and steps down. Elsewhere about one of each `BUCKET` does:
    no stretch of `SEEN` lacks a sample that had one.
    """
    time, size = rows.time, len(rows)
    if size < 2 or size * SPARSE < int(time[-1] - time[0]):  # noqa: PLR2004
        return np.ones(size, np.bool_)
    first, last = int(time[0]), int(time[-1])
    keep, gaps = _some(time)
    odd = np.concatenate([gaps, _odd(_known(rows))])
    if len(odd) > MANY:
        return np.ones(size, np.bool_)
    asked = asked.within(first, last)
    inside = asked.turns[(asked.turns >= first) & (asked.turns < last)]
    at = np.searchsorted(time, inside, "right") - 1
    paces = (time[at] - NEAR, inside, time[at + 1] + NEAR)
    at = np.searchsorted(time, np.concatenate([asked.edges, asked.changes, *paces]))
    keep[np.minimum(at, size - 1)] = keep[np.maximum(at - 1, 0)] = True
    beyond = asked.turns[(asked.turns < first) | (asked.turns >= last)]
    low = np.concatenate([beyond, time[odd]]) - AROUND
    high = np.concatenate([beyond, time[odd + 1]]) + AROUND
    for begin, end in zip(
        *(np.searchsorted(time, each).tolist() for each in (low, high)), strict=True
    ):
        keep[begin : end + 1] = True
    return keep


def _some(time: Int64s) -> tuple[Bools, Int64s]:
    """Samples that are at most `SEEN` apart, or next to each other; after which of all comes a gap.

    They are the first ones of each `BUCKET`, and the last ones before those that then are too far.
    """
    keep = np.zeros(len(time), np.bool_)
    buckets = np.arange(time[0] // BUCKET + 1, time[-1] // BUCKET + 1) * BUCKET
    keep[0] = keep[-1] = keep[np.searchsorted(time, buckets)] = True
    found = np.flatnonzero(keep)
    far = found[1:][np.diff(time[found]) > SEEN]
    keep[far - 1] = True
    return keep, far[time[far] - time[far - 1] > HEARTBEAT] - 1


def _odd(value: Floats) -> Int64s:
    """The samples whose next one is lower, or known where they are not."""
    found = value[1:] < value[:-1]
    lost = np.isnan(value)
    if lost.any():
        found |= lost[1:] != lost[:-1]
    return np.flatnonzero(found)


def _cut(times: Int64s, start: int, end: int) -> Int64s:
    """Those of `times` in [start, end]."""
    return times[slice(*np.searchsorted(times, [start, end + 1]).tolist())]


def _known(rows: Batch) -> Floats:
    bad = rows.quality >= Status.UNCERTAIN
    return np.where(bad, np.nan, rows.value) if bad.any() else rows.value
