"""Minimum, Maximum and Range, of samples alone (5.4.3.10-14) or with bounds (5.4.3.15-19)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isthmus.historian.query.rows import BAD_ROW, GOOD_ROW, UNCERTAIN_ROW, States
from isthmus.historian.query.rules import (
    CALCULATED,
    GOOD,
    INTERPOLATED,
    MULTIPLE,
    NO_DATA,
    RAW,
    SUB_NORMAL,
    Column,
)
from isthmus.historian.query.window import Function, Window
from isthmus.model.sample import Bools, Floats, Int64s

AFTER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Values that may be an interval's extreme, by interval and time."""

    group: Int64s
    time: Int64s
    value: Floats
    state: States
    bound: Bools  # not a sample of the interval, but the value at its start or end


def _samples(window: Window) -> Candidates:
    rows, inside = window.rows, window.inside
    return Candidates(
        window.group,
        rows.time[inside],
        rows.value[inside],
        window.state,
        np.zeros(len(inside), np.bool_),
    )


def _with_bounds(window: Window) -> Candidates:
    """Samples and simple bounding values; the end counts for sloped tags only."""
    own, bounds = _samples(window), window.bounds
    size, many = window.shape
    edges = np.broadcast_to(window.rows.edges, (size, many + 1))
    groups = np.arange(size * many).reshape(size, many)
    start = ~bounds.raw[:, :-1] & window.known
    end = window.sloped[:, None] & (edges[:, 1:] < window.rows.known_to[:, None])
    end = end & (bounds.state[:, 1:] < BAD_ROW)  # a bad sample there is the next one's
    parts = [
        (groups[start], edges[:, :-1][start], bounds.value[:, :-1][start]),
        (own.group, own.time, own.value),
        (groups[end], edges[:, 1:][end] - 1, bounds.value[:, 1:][end]),  # EffectiveEndTime
    ]
    group, time, value = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    states = (bounds.state[:, :-1][start], own.state, bounds.state[:, 1:][end])
    state = np.concatenate(states)
    bound = np.ones(len(group), np.bool_)
    bound[len(parts[0][0]) : len(parts[0][0]) + len(own.group)] = False
    order = np.argsort(group, kind="stable")
    order = order[state[order] <= BAD_ROW]  # there is no value before the first sample
    return Candidates(group[order], time[order], value[order], state[order], bound[order])


def _extreme(window: Window, of: Candidates, sign: float, *, actual: bool) -> Column:
    """The least of `sign` times the good values, its status, and its time if `actual`."""
    size = window.shape[0] * window.shape[1]
    good, uncertain, bad = (of.state == each for each in (GOOD_ROW, UNCERTAIN_ROW, BAD_ROW))
    least = _least(of, good, sign, size)
    is_it = good & (sign * of.value == least[of.group])
    first = _first(of, is_it, size)
    found = np.isfinite(least)
    at = np.minimum(first, max(len(of.time) - 1, 0))
    worse = _least(of, uncertain, sign, size) < least
    doubt = worse | (np.bincount(of.group[bad], minlength=size) > 0)
    status = np.where(found, np.where(doubt, SUB_NORMAL, GOOD), NO_DATA).astype(np.uint32)
    bits = np.full(size, CALCULATED)
    time = np.tile(window.rows.edges[:-1], window.shape[0])
    if len(of.time):
        there = of.time[at]
        on_time = (there == time) if not actual else ~doubt
        bits = np.where(of.bound[at], INTERPOLATED, np.where(on_time, RAW, CALCULATED))
        time = np.where(found, there, time) if actual else time
    bits = np.where(np.bincount(of.group[is_it], minlength=size) > 1, bits | MULTIPLE, bits)
    made = Column.of(sign * least, status, bits.astype(np.uint32), time if actual else None)
    return _shaped(made, window)


def _least(of: Candidates, keep: Bools, sign: float, size: int) -> Floats:
    """The least value of each interval, infinite where there is none."""
    least = np.full(size, np.inf)
    group = of.group[keep]
    if len(group):
        begin = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
        least[group[begin]] = np.minimum.reduceat(sign * of.value[keep], begin)
    return least


def _first(of: Candidates, keep: Bools, size: int) -> Int64s:
    """The place of the first candidate kept of each interval."""
    first = np.full(size, AFTER, np.int64)
    places = np.flatnonzero(keep)
    first[of.group[places[::-1]]] = places[::-1]
    return first


def _shaped(column: Column, window: Window) -> Column:
    time = None if column.time is None else column.time.reshape(window.shape)
    return Column(column.value.reshape(window.shape), column.status.reshape(window.shape), time)


def _range(window: Window, of: Candidates) -> Column:
    low = _extreme(window, of, 1.0, actual=False)
    high = _extreme(window, of, -1.0, actual=False)
    worst = np.maximum(low.status, high.status) & 0xFFFF_0000
    with np.errstate(over="ignore"):
        return Column.of(high.value - low.value, worst.astype(np.uint32), CALCULATED)


def _once(window: Window, pick: Callable[[Window], Candidates]) -> Candidates:
    if pick not in window.kept:
        window.kept[pick] = pick(window)
    found: Candidates = window.kept[pick]
    return found


def _made(pick: Callable[[Window], Candidates], sign: float, *, actual: bool = False) -> Function:
    return lambda window: _extreme(window, _once(window, pick), sign, actual=actual)


EXTREMES: dict[str, Function] = {
    "Minimum": _made(_samples, 1.0),
    "Maximum": _made(_samples, -1.0),
    "MinimumActualTime": _made(_samples, 1.0, actual=True),
    "MaximumActualTime": _made(_samples, -1.0, actual=True),
    "Range": lambda window: _range(window, _once(window, _samples)),
    "Minimum2": _made(_with_bounds, 1.0),
    "Maximum2": _made(_with_bounds, -1.0),
    "MinimumActualTime2": _made(_with_bounds, 1.0, actual=True),
    "MaximumActualTime2": _made(_with_bounds, -1.0, actual=True),
    "Range2": lambda window: _range(window, _once(window, _with_bounds)),
}
