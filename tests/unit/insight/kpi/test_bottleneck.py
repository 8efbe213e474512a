"""Bottlenecks: the cases that the methods' papers draw, and what must hold of any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.insight.accounting.accounts import Accounts
from isthmus.insight.kpi.bottleneck import (
    Periods,
    Turning,
    Waited,
    active_periods,
    turning_point,
)
from isthmus.model.state import Cause, State

S = 10**9


def periods(*pairs):
    start, end = zip(*pairs, strict=True) if pairs else ((), ())
    return Periods(np.array(start, np.int64) * S, np.array(end, np.int64) * S)


def shares(found):
    return {each.unit: (each.sole, each.shifting) for each in found}


def test_the_bottleneck_shifts_where_longest_periods_overlap():
    """As drawn by Roser (2002): M1 is it alone, then it shifts to M4, which is it alone."""
    found = active_periods(
        {"m1": periods((0, 50), (70, 75)), "m4": periods((5, 10), (40, 100))}, 0, 100 * S
    )
    assert shares(found) == {"m4": (50, 10), "m1": (40, 10)}
    assert found[0].unit == "m4"


def test_a_gap_in_which_nothing_is_active_belongs_to_nobody():
    found = active_periods({"a": periods((0, 10)), "b": periods((20, 25))}, 0, 30 * S)
    assert shares(found) == {"a": (10, 0), "b": (5, 0)}


def test_what_lies_outside_is_not_counted_and_still_makes_a_period_long():
    found = active_periods({"a": periods((-100, 10)), "b": periods((0, 30))}, 0, 20 * S)
    assert shares(found) == {"a": (0, 10), "b": (10, 10)}


def test_nothing_active_gives_nothing():
    assert shares(active_periods({"a": periods()}, 0, S)) == {"a": (0, 0)}


def test_faults_and_setup_are_active_waiting_is_not():
    states = [State.EXECUTE, State.ABORTED, State.SUSPENDED, State.EXECUTE, State.HELD, 0]
    start = np.arange(6, dtype=np.int64) * 10 * S
    found = Periods.of(
        Accounts(start, start + 10 * S, np.array(states), np.array([0, 0, 0, 0, Cause.BLOCKED, 0]))
    )
    assert (found.start / S).tolist() == [0, 30]
    assert (found.end / S).tolist() == [20, 40]


intervals = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20)), max_size=8)


def laid(steps):
    at, pairs = 0, []
    for gap, length in steps:
        pairs.append((at + gap, at + gap + length))
        at += gap + length
    return periods(*pairs)


@given(st.lists(intervals, min_size=1, max_size=4))
def test_whenever_anything_is_active_somebody_is_the_bottleneck(lines):
    units = {f"u{number}": laid(steps) for number, steps in enumerate(lines)}
    end = 400 * S
    found = active_periods(units, 0, end)
    busy = np.zeros(400, np.bool_)
    for each in units.values():
        for first, last in zip(each.start // S, each.end // S, strict=True):
            busy[first:last] = True
    alone, passing = sum(s.sole for s in found), sum(s.shifting for s in found)
    assert alone + passing / 2 == pytest.approx(busy.sum(), abs=1e-6) or passing > 0
    assert alone + passing >= busy.sum() - 1e-6
    assert alone <= busy.sum()
    for share in found:
        each = units[share.unit]
        assert share.seconds <= ((each.end - each.start).sum() / S) + 1e-6
    halves = [active_periods(units, 0, end // 3), active_periods(units, end // 3, end)]
    for share in found:
        parts = [s for half in halves for s in half if s.unit == share.unit]
        assert sum(s.seconds for s in parts) == pytest.approx(share.seconds)


@pytest.mark.parametrize(
    ("waits", "expected"),
    [
        ([(0, 20), (5, 15), (3, 2), (18, 1), (25, 0)], Turning("u2", plain=True)),
        ([(2, 1), (20, 0), (30, 0)], Turning("u0", plain=True)),
        ([(0, 30), (0, 20), (1, 2)], Turning("u2", plain=True)),
        ([(5, 5), (5, 5)], Turning("u0", plain=False)),
        ([(20, 0), (1, 4), (0, 20)], Turning("u1", plain=False)),
        ([(0, 0), (0, 0)], None),
        ([], None),
    ],
)
def test_waiting_turns_at_the_bottleneck(waits, expected):
    line = [Waited(f"u{n}", starved, blocked) for n, (starved, blocked) in enumerate(waits)]
    assert turning_point(line) == expected
