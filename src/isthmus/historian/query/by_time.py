"""Aggregates weighted by time: averages, totals, durations, percentages (Part 13, 5.4.3)."""

from __future__ import annotations

import numpy as np

from isthmus.historian.query.pieces import NONE, Pieces
from isthmus.historian.query.rows import BAD_ROW, GOOD_ROW, UNCERTAIN_ROW, States
from isthmus.historian.query.rules import (
    CALCULATED,
    Column,
    codes,
    no_data,
)
from isthmus.historian.query.window import Function, Window
from isthmus.model.sample import Floats


def _mean(pieces: Pieces) -> Floats:
    """The time-weighted mean of what is known."""
    used = pieces.state < BAD_ROW
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        area = pieces.sum(np.where(used, pieces.middle * pieces.seconds, 0.0))
        return area / pieces.sum(np.where(used, pieces.seconds, 0.0))


def _time_average(window: Window) -> Column:
    """5.4.3.6: over bad samples in a straight line, which makes it uncertain."""
    pieces = window.interpolated
    known = pieces.lasting(GOOD_ROW) + pieces.lasting(UNCERTAIN_ROW)
    doubt = (pieces.lasting(UNCERTAIN_ROW) > 0) | (pieces.lasting(NONE) > 0)
    doubt |= window.covered < window.width
    return Column.of(_mean(pieces), codes(known <= 0, doubt), CALCULATED)


def _time_average2(window: Window) -> Column:
    """5.4.3.7: without what is bad."""
    status = no_data(window.by_time(window.simple))
    return Column.of(_mean(window.simple), status, CALCULATED)


def _total(of: Function) -> Function:
    """5.4.3.8, 5.4.3.9: an average times the seconds of its interval."""

    def total(window: Window) -> Column:
        average = of(window)
        return Column(average.value * window.covered, average.status, None)

    return total


def _lasting(state: int, *, percent: bool) -> Function:
    """5.4.3.31-34: time in good or bad samples; always Good."""

    def lasting(window: Window) -> Column:
        pieces = window.simple
        seconds = pieces.sum(np.where(_region(window) == state, pieces.seconds, 0.0))
        if percent:
            with np.errstate(invalid="ignore", divide="ignore"):
                seconds = 100 * seconds / window.covered
        return Column.of(seconds, np.zeros(window.shape, np.uint32), CALCULATED)

    return lasting


def _region(window: Window) -> States:
    """The state of each piece as 5.4.3.31 has it: that of the sample it begins with.

    Only the first region takes the bounding value's. What lies before the first sample is bad.
    """
    pieces, rows = window.simple, window.rows
    if not len(rows.state):
        return np.minimum(pieces.state, np.int8(BAD_ROW))
    of_sample = rows.state[pieces.row]
    return np.minimum(np.where(pieces.edge, pieces.state, of_sample), np.int8(BAD_ROW))


def _in_state(*, zero: bool) -> Function:
    """5.4.3.22, 5.4.3.23: seconds at zero, or not at zero."""

    def in_state(window: Window) -> Column:
        pieces = window.stepped
        there = (pieces.state < BAD_ROW) & ((pieces.middle == 0) == zero)
        seconds = pieces.sum(np.where(there, pieces.seconds, 0.0))
        return Column.of(seconds, no_data(window.by_time(pieces)), CALCULATED)

    return in_state


BY_TIME: dict[str, Function] = {
    "TimeAverage": _time_average,
    "TimeAverage2": _time_average2,
    "Total": _total(_time_average),
    "Total2": _total(_time_average2),
    "DurationInStateZero": _in_state(zero=True),
    "DurationInStateNonZero": _in_state(zero=False),
    "DurationGood": _lasting(GOOD_ROW, percent=False),
    "DurationBad": _lasting(BAD_ROW, percent=False),
    "PercentGood": _lasting(GOOD_ROW, percent=True),
    "PercentBad": _lasting(BAD_ROW, percent=True),
}
