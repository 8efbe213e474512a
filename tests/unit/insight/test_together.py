"""Rank correlation on a grid against what NumPy makes of ranks that are counted one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.insight.together import FEWEST, ranks, together

ALL = np.ones(360, np.bool_)


def counted(values):
    """Ranks as a person finds them: how many are less, and half of those that are equal."""
    return [sum(v < x for v in values) + (sum(v == x for v in values) + 1) / 2 for x in values]


@given(st.lists(st.integers(-5, 5) | st.just(None), max_size=40))
def test_ranks_are_those_counted_one_by_one(numbers):
    values = np.array([np.nan if one is None else one for one in numbers], float)
    known = values[~np.isnan(values)]
    assert ranks(values)[~np.isnan(values)].tolist() == counted(known.tolist())
    assert np.isnan(ranks(values)[np.isnan(values)]).all()


@given(st.integers(0, 2**32 - 1), st.floats(-2, 2))
def test_the_correlation_is_that_of_the_ranks_of_what_both_know(seed, slope):
    chance = np.random.default_rng(seed)
    one = chance.normal(size=200).round(1)
    other = (slope * one + chance.normal(size=200)).round(1)
    one[chance.random(200) < 0.2] = np.nan
    other[chance.random(200) < 0.2] = np.nan
    found = together(one, other, ALL[:200], 0)
    known = ~np.isnan(one) & ~np.isnan(other)
    want = np.corrcoef(counted(one[known].tolist()), counted(other[known].tolist()))[0, 1]
    assert found.rho == pytest.approx(want, abs=1e-12)
    assert found.pairs == known.sum()


@pytest.mark.parametrize("lag", [-30, -7, 0, 4, 30])
def test_the_lag_is_by_how_much_the_other_comes_later(lag):
    walk = np.random.default_rng(5).normal(size=440)
    one, other = walk[40:400], walk[40 - lag : 400 - lag]
    found = together(one, np.exp(-other), ALL, 30)
    assert (found.lag, found.pairs) == (lag, 360 - abs(lag))
    assert found.rho == pytest.approx(-1)
    assert found.sure


def test_two_slow_walks_without_a_connection_are_not_sure():
    """Each neighbour is alike, so that 360 stretches are worth a few; without that half were."""
    sure = 0
    for seed in range(100):
        one, other = np.random.default_rng(seed).normal(size=(2, 360)).cumsum(axis=1)
        sure += together(one, other, ALL, 0).sure
    assert sure <= 15


def test_independent_noise_is_rarely_sure():
    sure = 0
    for seed in range(200):
        one, other = np.random.default_rng(seed).normal(size=(2, 360))
        sure += together(one, other, ALL, 0).sure
    assert 0 < sure <= 22, "about one in twenty"


def test_trying_many_lags_and_series_does_not_find_one_in_noise():
    lists = 0
    for seed in range(40):
        one, *others = np.random.default_rng(seed).normal(size=(11, 360))
        lists += any(together(one, other, ALL, 10, series=10).sure for other in others)
    assert lists <= 6


def test_only_counted_stretches_take_part():
    walk = np.random.default_rng(1).normal(size=360)
    other = np.where(np.arange(360) < 180, walk, -walk)
    first = np.arange(360) < 180
    assert together(walk, other, first, 0).rho == pytest.approx(1)
    assert together(walk, other, ~first, 0).rho == pytest.approx(-1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.arange(360.0), np.full(360, 3.0)),
        (np.arange(360.0), np.full(360, np.nan)),
        (np.where(np.arange(360) < FEWEST - 1, np.arange(360.0), np.nan), np.arange(360.0)),
    ],
    ids=["still", "unknown", "too few"],
)
def test_nothing_is_said_where_there_is_too_little(one, other):
    assert together(one, other, ALL, 10) is None
