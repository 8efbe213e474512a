"""Averages and known shares of a step function."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.insight.told import SAMPLES, S, series

from isthmus.insight.series import Series, grid, in_order
from isthmus.model.sample import Nanoseconds


@given(SAMPLES, st.integers(-10, 110))
def test_from_where_nothing_is_known_nothing_is(rows, since):
    whole = series(rows, 0, 100)
    cut = whole.unknown_from(Nanoseconds(since * S))
    assert (np.diff(cut.time) > 0).all()
    assert cut.time[0] == 0
    assert cut.lasts.sum() == pytest.approx(100)
    edges = np.arange(101, dtype=np.int64) * S
    kept = np.where(np.arange(100) < since, whole.bucket_known(edges), 0)
    np.testing.assert_allclose(cut.bucket_known(edges), kept, atol=1e-9)


@given(SAMPLES, st.integers(1, 30))
def test_bucket_means_weighted_by_known_time_add_up_to_the_mean(rows, width):
    one = series(rows, 0, 100)
    edges = grid(Nanoseconds(0), Nanoseconds(100 * S), width * S)
    means = one.bucket_means(edges)
    ones = Series(one.time, np.where(np.isnan(one.value), np.nan, 1.0), one.start, one.end)
    spans = np.array(
        [
            sum(
                max(0, min(e, right) - max(s, left)) / S
                for s, e, v in zip(one.time, [*one.time[1:], one.end], one.value, strict=True)
                if not np.isnan(v)
            )
            for left, right in pairwise(edges)
        ]
    )
    assert ones.known == pytest.approx(spans.sum() / 100)
    if one.mean() is None:
        assert np.isnan(means).all()
    else:
        assert np.nansum(means * spans) / spans.sum() == pytest.approx(one.mean())


@given(SAMPLES, st.integers(1, 30))
def test_known_shares_of_buckets_add_up_to_the_known_share(rows, width):
    one = series(rows, 0, 100)
    edges = np.array(sorted({*range(0, 100, width), 100}), np.int64) * S
    known = one.bucket_known(edges)
    assert ((known >= 0) & (known <= 1 + 1e-12)).all()
    assert (known * np.diff(edges)).sum() / (100 * S) == pytest.approx(one.known)


@given(st.lists(st.lists(st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=4))
def test_times_in_order_are_those_of_all_each_once(columns):
    found = in_order(*(np.array(times, np.int64) for times in columns))
    assert found.tolist() == sorted({time for times in columns for time in times})
