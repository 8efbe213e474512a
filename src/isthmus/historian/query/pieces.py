"""Intervals cut into pieces on which a tag's value is one straight line (Part 13, 5.4.3.2).

Each interval of each tag begins with a piece of its own, whose value is the bounding value there;
so no interval is without a piece, and sums over intervals are one `reduceat`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.historian.query.rows import BAD_ROW, GOOD_ROW, UNCERTAIN_ROW, Rows, States
from isthmus.model.sample import Bools, Floats, Int64s

NONE = 3  # before the first sample of a tag
SECOND = 1e9


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """The bounding value at each edge of each tag, of shape (tags, edges)."""

    value: Floats
    state: States  # good, uncertain, bad, or none
    raw: Bools  # a sample stands there
    row: Int64s  # the sample that it comes from, -1 where there is none


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """All pieces by (tag, interval, time), with what each is worth.

    `first` is the place of each interval's first piece, for `reduceat`.
    """

    first: Int64s
    row: Int64s  # the sample that a piece comes from, -1 where there is none
    edge: Bools  # the piece begins at the start of its interval, not with a sample
    seconds: Floats  # how long it lasts, as far as something is known
    middle: Floats  # the value in the middle
    state: States  # of the straight line: 0 good, 1 uncertain, 2 bad, 3 none
    shape: tuple[int, int]  # tags, intervals

    def sum(self, of: Floats) -> Floats:
        """The sum over each interval, of shape (tags, intervals)."""
        return np.add.reduceat(of, self.first).reshape(self.shape)

    def final(self) -> Floats:
        """The good value that held last in each interval, NaN where it ends in none."""
        last = np.append(self.first[1:], len(self.state)) - 1
        held = np.where(self.state[last] == GOOD_ROW, self.middle[last], np.nan)
        return held.reshape(self.shape)

    def lasting(self, state: int) -> Floats:
        """How many seconds of each interval are in `state`."""
        return self.sum(np.where(self.state == state, self.seconds, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Straight lines from sample to sample: a slope each, and how good the line is."""

    rows: Rows
    slope: Floats | None  # in the value's unit a nanosecond; None where all are level
    state: States

    @classmethod
    def simple(cls, rows: Rows, sloped: Bools) -> Lines:
        """From each sample to the very next one, whatever it is (3.1.9).

        Stepped tags are level. A sloped line towards a bad sample is level and uncertain, towards
        an uncertain one it is uncertain.
        """
        state = rows.state
        if not sloped.any():
            return cls(rows, None, state)
        follows = _follows(rows)
        tilted = follows & sloped[rows.place]
        towards = np.append(state[1:], GOOD_ROW)
        worse = tilted & (towards != GOOD_ROW) & (state == GOOD_ROW)
        level = ~tilted | (towards == BAD_ROW) | (state == BAD_ROW)
        return cls(rows, _slope(rows, ~level), np.where(worse, np.int8(UNCERTAIN_ROW), state))

    @classmethod
    def interpolated(cls, rows: Rows, sloped: Bools) -> Lines:
        """From each sample that is not bad to the next such one (3.1.8).

        A line over a bad sample, or with an uncertain end, is uncertain.
        """
        fit = rows.state != BAD_ROW
        passed = np.cumsum(~fit)[fit]  # bad rows so far
        kept = rows.where(fit)
        follows = _follows(kept)
        tilted = follows & sloped[kept.place]
        skips = np.append(passed[1:] != passed[:-1], False)
        towards = np.append(kept.state[1:], GOOD_ROW)
        worse = tilted & (skips | (towards != GOOD_ROW))
        return cls(kept, _slope(kept, tilted), np.where(worse, np.int8(UNCERTAIN_ROW), kept.state))

    def at(self, row: Int64s, time: Int64s, later: Floats | float = 0.0) -> Floats:
        """The value of the line of each `row`, `later` ns after `time`; NaN where it is -1."""
        rows = self.rows
        if not len(rows.time):
            return np.full(len(row), np.nan)
        if self.slope is None:
            return np.where(row < 0, np.nan, rows.value[row])
        found = rows.value[row] + self.slope[row] * ((time - rows.time[row]) + later)
        return np.where(row < 0, np.nan, found)

    def state_of(self, row: Int64s) -> States:
        """The state of the line of each `row`, 3 where the row is -1."""
        if not len(self.state):
            return np.full(len(row), NONE, np.int8)
        return np.where(row < 0, np.int8(NONE), self.state[row])

    def bounds(self) -> Bounds:
        """The bounding value at every edge."""
        rows, edges = self.rows, self.rows.edges
        shape = (rows.count, len(edges))
        first = rows.first.ravel()
        inside = np.minimum(first, max(len(rows.time) - 1, 0))
        at = np.tile(edges, rows.count)
        place = np.repeat(np.arange(rows.count), len(edges))
        raw = np.zeros(len(first), np.bool_)
        if len(rows.time):
            raw = (first < len(rows.time)) & (rows.place[inside] == place)
            raw &= rows.time[inside] == at
        row = np.where(raw, first, _own(rows, first - 1, place))
        state = self.state_of(row)
        if len(rows.time):
            state = np.where(raw, rows.state[row], state)
        value = np.where(state >= BAD_ROW, np.nan, self.at(row, at))
        return Bounds(
            value.reshape(shape), state.reshape(shape), raw.reshape(shape), row.reshape(shape)
        )

    def pieces(self) -> Pieces:
        """The pieces of every interval."""
        rows, edges = self.rows, self.rows.edges
        size, many = rows.count, rows.intervals
        counts = np.diff(rows.first, axis=1)
        bound = _own(rows, rows.first[:, :-1].ravel() - 1, np.repeat(np.arange(size), many))
        first = np.concatenate([[0], np.cumsum(counts.ravel() + 1)[:-1]])
        total = int(counts.sum()) + size * many
        edge = np.zeros(total, np.bool_)
        edge[first] = True
        row, starts, ends = np.empty((3, total), np.int64)
        within = rows.inside
        row[first], row[~edge] = bound, within
        starts[first], starts[~edge] = np.tile(edges[:-1], size), rows.time[within]
        ends[:-1] = starts[1:]
        ends[np.append(first[1:], total) - 1] = np.tile(edges[1:], size)
        if (rows.known_to < edges[-1]).any():
            ends = np.minimum(ends, np.repeat(rows.known_to, counts.sum(axis=1) + many))
        length = np.maximum(ends - starts, 0)
        middle = self.at(row, starts, length / 2)
        state = self.state_of(row)
        return Pieces(first, row, edge, length / SECOND, middle, state, (size, many))


def _follows(rows: Rows) -> Bools:
    """Whether the next row is of the same tag."""
    if not len(rows.place):
        return np.zeros(0, np.bool_)
    return np.append(rows.place[1:] == rows.place[:-1], False)


def _slope(rows: Rows, tilted: Bools) -> Floats | None:
    if not tilted.any():
        return None
    slope = np.zeros(len(rows.value))
    with np.errstate(all="ignore"):
        rise = np.diff(rows.value) / np.diff(rows.time)
    slope[:-1] = np.where(tilted[:-1] & np.isfinite(rise), rise, 0.0)
    return slope


def _own(rows: Rows, row: Int64s, place: Int64s) -> Int64s:
    """`row` where it is of the tag `place`, else -1."""
    if not len(rows.place):
        return np.full(len(row), -1, np.int64)
    return np.where((row >= 0) & (rows.place[row] == place), row, -1)
