"""Aggregates of the bounding values: what held at the start and at the end (Part 13, 5.4.3)."""

from __future__ import annotations

import numpy as np

from isthmus.historian.query.pieces import Bounds, Lines
from isthmus.historian.query.rows import BAD_ROW, UNCERTAIN_ROW
from isthmus.historian.query.rules import (
    CALCULATED,
    INTERPOLATED,
    RAW,
    Column,
    codes,
)
from isthmus.historian.query.window import Function, Window
from isthmus.model.sample import Bools, Int64s


def _interpolative(window: Window) -> Column:
    """5.4.3.4: the value at the start; beyond what is known the last one, uncertain."""
    lines = Lines.interpolated(window.rows, window.sloped)
    bounds, rows = lines.bounds(), lines.rows
    row, raw = bounds.row[:, :-1], bounds.raw[:, :-1]
    value, state = bounds.value[:, :-1], bounds.state[:, :-1]
    doubt = (state == UNCERTAIN_ROW) | _skipped(window, bounds, rows.time)
    beyond = window.rows.edges[None, :-1] >= window.rows.known_to[:, None]
    status = codes(row < 0, doubt | beyond)
    if len(rows.quality):
        status = np.where(raw, rows.quality[row], status).astype(np.uint32)
    return Column.of(value, status, np.where(raw, RAW, INTERPOLATED).astype(np.uint32))


def _skipped(window: Window, bounds: Bounds, time: Int64s) -> Bools:
    """Whether a bad sample lies between each start and the sample that it comes from."""
    rows = window.rows
    row = bounds.row[:, :-1]
    if not len(time):
        return np.zeros(window.shape, np.bool_)
    fit = np.flatnonzero(rows.state != BAD_ROW)
    after = np.minimum(rows.first[:, :-1], len(rows.time) - 1)
    own = rows.place[after] == np.arange(rows.count)[:, None]
    on_it = own & (rows.time[after] == rows.edges[:-1])
    latest = np.where(on_it, after, rows.first[:, :-1] - 1)  # the last row up to each start
    skipped: Bools = (row >= 0) & (fit[row] != latest)
    return skipped


def _bound(*, end: bool) -> Function:
    """5.4.3.28, 5.4.3.29: the simple bounding value at the start or the end."""

    def bound(window: Window) -> Column:
        cut = slice(1, None) if end else slice(None, -1)
        bounds, edges = window.bounds, window.rows.edges[cut]
        state, raw = bounds.state[:, cut], bounds.raw[:, cut]
        beyond = edges[None, :] > window.rows.known_to[:, None] if end else ~window.known
        status = codes((state >= BAD_ROW) | beyond, state == UNCERTAIN_ROW)
        bits = CALCULATED if end else np.where(raw, RAW, INTERPOLATED).astype(np.uint32)
        return Column.of(bounds.value[:, cut], status, bits)

    return bound


def _delta_bounds(window: Window) -> Column:
    """5.4.3.30: from the bounding value at the start to the one at the end."""
    start, end = (_bound(end=which)(window) for which in (False, True))
    worst = (np.maximum(start.status, end.status) & 0xFFFF_0000).astype(np.uint32)
    with np.errstate(over="ignore", invalid="ignore"):
        return Column.of(end.value - start.value, worst, CALCULATED)


AT_EDGE: dict[str, Function] = {
    "Interpolative": _interpolative,
    "StartBound": _bound(end=False),
    "EndBound": _bound(end=True),
    "DeltaBounds": _delta_bounds,
}
