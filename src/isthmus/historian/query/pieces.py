"""Intervals cut into pieces on which a tag's value is one straight line (Part 13, 5.4.3.2).

Each interval of each tag begins with a piece of its own, whose value is the bounding value there;
so no interval is without a piece, and sums over intervals are one `reduceat`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.historian.query.rows import BAD_ROW, GOOD_ROW, UNCERTAIN_ROW, Rows
from isthmus.model.sample import Bools, Floats, Int64s

NONE = 3  # before the first sample of a tag
SECOND = 1e9


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """The bounding value at each edge of each tag, of shape (tags, edges)."""

    value: Floats
    state: Int64s  # good, uncertain, bad, or none
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
    state: Int64s  # of the straight line: 0 good, 1 uncertain, 2 bad, 3 none
    shape: tuple[int, int]  # tags, intervals

    def sum(self, of: Floats) -> Floats:
        """The sum over each interval, of shape (tags, intervals)."""
        return np.add.reduceat(of, self.first).reshape(self.shape)

    def lasting(self, state: int) -> Floats:
        """How many seconds of each interval are in `state`."""
        return self.sum(np.where(self.state == state, self.seconds, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Straight lines from sample to sample: a slope each, and how good the line is."""

    rows: Rows
    slope: Floats  # in the value's unit a nanosecond
    state: Int64s

    @classmethod
    def simple(cls, rows: Rows, sloped: Bools) -> Lines:
        """From each sample to the very next one, whatever it is (3.1.9).

        Stepped tags are level. A sloped line towards a bad sample is level and uncertain, towards
        an uncertain one it is uncertain.
        """
        follows, state = _follows(rows), rows.state
        tilted = follows & sloped[rows.place]
        towards = np.append(state[1:], GOOD_ROW)
        worse = tilted & (towards != GOOD_ROW) & (state == GOOD_ROW)
        level = ~tilted | (towards == BAD_ROW) | (state == BAD_ROW)
        return cls(rows, _slope(rows, ~level), np.where(worse, UNCERTAIN_ROW, state))

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
        return cls(kept, _slope(kept, tilted), np.where(worse, UNCERTAIN_ROW, kept.state))

    def at(self, row: Int64s, time: Int64s, later: Floats | float = 0.0) -> Floats:
        """The value of the line of each `row`, `later` ns after `time`; NaN where it is -1."""
        rows = self.rows
        if not len(rows.time):
            return np.full(len(row), np.nan)
        found = rows.value[row] + self.slope[row] * ((time - rows.time[row]) + later)
        return np.where(row < 0, np.nan, found)

    def state_of(self, row: Int64s) -> Int64s:
        """The state of the line of each `row`, 3 where the row is -1."""
        return np.where(row < 0, NONE, self.state[row]) if len(self.state) else row * 0 + NONE

    def bounds(self) -> Bounds:
        """The bounding value at every edge."""
        rows, edges = self.rows, self.rows.edges
        shape = (rows.count, len(edges))
        first = _first_at(rows)
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
        begin = _first_at(rows).reshape(size, -1)[:, :-1].ravel()
        place = np.repeat(np.arange(size), many)
        bound = _own(rows, begin - 1, place)
        within = np.flatnonzero((rows.slot > 0) & (rows.slot <= many))
        group = rows.place[within] * many + rows.slot[within] - 1
        spot = np.searchsorted(group, np.arange(size * many), "left")
        first = spot + np.arange(size * many)
        row = np.insert(within, spot, bound)
        starts = np.insert(rows.time[within], spot, np.tile(edges[:-1], size))
        group = np.insert(group, spot, np.arange(size * many))
        edge = np.zeros(len(row), np.bool_)
        edge[first] = True
        ends = np.append(starts[1:], 0)
        last = np.append(first[1:], len(row)) - 1
        ends[last] = np.tile(edges[1:], size)
        ends = np.minimum(ends, rows.known_to[group // many])
        length = np.maximum(ends - starts, 0)
        middle = self.at(row, starts, length / 2)
        state = self.state_of(row)
        return Pieces(first, row, edge, length / SECOND, middle, state, (size, many))


def _follows(rows: Rows) -> Bools:
    """Whether the next row is of the same tag."""
    if not len(rows.place):
        return np.zeros(0, np.bool_)
    return np.append(rows.place[1:] == rows.place[:-1], False)


def _slope(rows: Rows, tilted: Bools) -> Floats:
    slope = np.zeros(len(rows.value))
    if len(slope) > 1:
        with np.errstate(all="ignore"):
            rise = np.diff(rows.value) / np.diff(rows.time)
        slope[:-1] = np.where(tilted[:-1] & np.isfinite(rise), rise, 0.0)
    return slope


def _first_at(rows: Rows) -> Int64s:
    """The place of the first row at or after each edge of each tag."""
    slots = rows.intervals + 2
    wanted = (np.arange(rows.count)[:, None] * slots + np.arange(1, slots)).ravel()
    return np.searchsorted(rows.key, wanted, "left")


def _own(rows: Rows, row: Int64s, place: Int64s) -> Int64s:
    """`row` where it is of the tag `place`, else -1."""
    if not len(rows.place):
        return np.full(len(row), -1, np.int64)
    return np.where((row >= 0) & (rows.place[row] == place), row, -1)
