"""Counters: wraps, resets, standstills and gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.insight.told import BAD, S, series

from isthmus.insight.counter import Growth
from isthmus.insight.energy.baseline import base_load
from isthmus.insight.series import Series
from isthmus.model.sample import Nanoseconds
from isthmus.model.tag import Counter


def growth(rows, **rules):
    return Growth.of(series(rows, 0, 1000), Counter(**rules))


def test_a_wrap_a_reset_and_a_stumble():
    assert growth([(1, 990, 0), (2, 998, 0), (3, 5, 0)], wraps_at=1000).sum == 15
    assert growth([(1, 990, 0), (2, 998, 0), (3, 5, 0)], resets=True).sum == 13
    stumbled = growth([(1, 100, 0), (2, 98, 0), (3, 99, 0), (4, 105, 0)])
    assert (stumbled.sum, stumbled.backwards) == (5, 1)


def test_a_gap_hides_nothing():
    assert growth([(1, 10, 0), (2, 0, BAD), (3, 30, 0)]).sum == 20


def told_on_change(*stretches):
    """A counter of one a second in each stretch (s), told by a sample only when it moves."""
    seconds = np.concatenate([np.arange(first, last) for first, last in stretches])
    return np.asarray(seconds * S, np.int64), np.arange(len(seconds), dtype=float)


def test_a_counter_told_only_on_change_stands_still_while_nothing_is_told():
    time, value = told_on_change((0, 3600))
    found = Growth.of(Series(time, value, Nanoseconds(0), Nanoseconds(14_400 * S)), Counter())
    hours = np.arange(5, dtype=np.int64) * 3600 * S
    assert found.per_bucket(hours).tolist() == [3599, 0, 0, 0]


def test_idle_minutes_between_two_runs_are_idle():
    time, value = told_on_change((0, 3600), (3 * 3600, 4 * 3600))
    found = Growth.of(Series(time, value, Nanoseconds(0), Nanoseconds(14_400 * S)), Counter())
    minutes = np.arange(241, dtype=np.int64) * 60 * S
    idle = (minutes[:-1] >= 3600 * S) & (minutes[:-1] < 3 * 3600 * S)
    made = found.per_bucket(minutes)
    assert base_load(np.where(idle, 10.0, 50.0), np.round(made, 3)) == 10
    assert made.sum() == pytest.approx(found.sum)


def test_a_counter_read_every_ten_minutes_grew_all_the_while():
    rows = [(600 * turn, 100 * turn, 0) for turn in range(13)]
    found = Growth.of(series(rows, 0, 7260), Counter())
    np.testing.assert_allclose(found.per_bucket(np.arange(121, dtype=np.int64) * 60 * S), 10)


def test_a_gap_in_a_counter_is_bridged_not_taken_for_a_standstill():
    found = Growth.of(series([(0, 0, 0), (600, 0, BAD), (1200, 120, 0)], 0, 1260), Counter())
    assert found.per_bucket(np.array([0, 600, 1200]) * S).tolist() == pytest.approx([60, 60])


@given(
    st.lists(st.integers(0, 400), min_size=2, max_size=40),
    st.lists(st.integers(1, 400), min_size=40, max_size=40),
    st.lists(st.integers(0, 20_000), max_size=6),
)
def test_growth_in_buckets_adds_up_wherever_they_are_cut(steps, apart, cuts):
    times = np.cumsum(apart)[: len(steps)]
    rows = list(zip(times.tolist(), np.cumsum(steps).tolist(), [0] * len(steps), strict=True))
    end = int(times[-1]) + 100
    found = Growth.of(series(rows, 0, end), Counter())
    inner = sorted({cut for cut in cuts if times[0] < cut < end})
    edges = np.array([times[0], *inner, end], np.int64) * S
    made = found.per_bucket(edges)
    assert (made >= 0).all()
    assert made.sum() == pytest.approx(found.sum) == sum(steps[1:])


@given(
    st.lists(st.integers(0, 400), min_size=2, max_size=40),
    st.integers(0, 999),
    st.integers(1, 300),
)
def test_any_counter_that_wraps_gives_back_what_was_counted(steps, first, width):
    true = first + np.concatenate([[0], np.cumsum(steps)])
    rows = [(10 * number + 1, value % 1000, 0) for number, value in enumerate(true.tolist())]
    found = growth(rows, wraps_at=1000)
    assert found.sum == pytest.approx(sum(steps))
    edges = np.arange(0, rows[-1][0] + width + 1, width, dtype=np.int64) * S
    assert np.nansum(found.per_bucket(edges)) == pytest.approx(sum(steps))


def test_a_counter_read_slowly_at_first_grew_all_the_while_then():
    """Old history by the quarter hour, then its own by the second: each part as it was read."""
    slow, fast = np.arange(5) * 900, 3600 + np.arange(1, 2001)
    time = np.concatenate([slow, fast]) * 10**9
    value = np.concatenate([slow, fast]).astype(float)
    told = Growth.of(Series(time, value, Nanoseconds(0), Nanoseconds(time[-1] + 1)), Counter())
    half = np.array([450, 1350, 2250, 3150])
    np.testing.assert_allclose(told.until(half * 10**9), half)
