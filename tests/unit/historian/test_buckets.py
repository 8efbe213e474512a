"""Buckets of a chart cover what is asked, are never too many, and agree with whole minutes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from isthmus.historian.settings import DAY, HOUR, MINUTE, SECOND
from isthmus.historian.trend import buckets, trend, trends
from isthmus.model.sample import Batch, TagId

NOON = 20_000 * DAY + DAY // 2


@given(
    start=st.integers(NOON - DAY, NOON + DAY),
    span=st.integers(1, 400 * DAY) | st.integers(1, 3 * HOUR),
    points=st.integers(1, 4_000),
)
def test_buckets_cover_the_range_and_are_few_enough(start, span, points):
    end = start + span
    origin, width = buckets(start, end, points)
    assert origin <= start
    assert start - origin < width
    count = -(-(end - origin) // width)
    assert 1 <= count <= points
    assert width < 2 * -(-span // points) + 2 * HOUR, "no coarser than it has to be"
    if width >= MINUTE:
        unit = MINUTE if width < HOUR else HOUR
        assert (origin % unit, width % unit) == (0, 0)
    else:
        assert (origin, width) == (start, -(-span // points))


def test_a_day_in_500_points_has_buckets_of_three_minutes():
    midnight = 20_000 * DAY
    assert buckets(midnight, midnight + DAY, 500) == (midnight, 3 * MINUTE)
    assert buckets(midnight + 1, midnight + DAY + 1, 480) == (midnight, 4 * MINUTE)
    assert buckets(midnight, midnight + 365 * DAY, 500) == (midnight, 18 * HOUR)
    late = midnight + 17 * MINUTE + 3
    assert buckets(late, midnight + DAY, 24) == (midnight, HOUR), "an hour begins with an hour"
    assert buckets(midnight + 7, midnight + HOUR + 7, 800) == (midnight + 7, 4_500_000_000)


def test_trends_of_many_tags_are_those_of_each():
    chance = np.random.default_rng(3)
    tags = np.array([3, 5, 9, 70, 71], np.int32)
    sizes = (0, 40, 3_000, 1, 500)  # nothing, raw, buckets, one row, as many as points
    parts = [
        Batch(
            np.full(size, tag, np.int32),
            NOON + np.sort(chance.integers(0, 6 * HOUR, size)),
            np.where(chance.random(size) < 0.1, np.nan, chance.normal(size=size)),
            chance.choice(np.array([0, 0, 0x4000_0000, 0x8031_0000], np.uint32), size),
        )
        for tag, size in zip(tags, sizes, strict=True)
    ]
    start, end = NOON - SECOND, NOON + 6 * HOUR
    together = trends(Batch.concat(parts), tags, start, end, 500)
    assert [together[TagId(int(tag))].samples for tag in tags] == list(sizes)
    assert [together[TagId(int(tag))].raw for tag in tags] == [True, True, False, True, True]
    for tag, part in zip(tags, parts, strict=True):
        one, own = trend(part, start, end, 500), together[TagId(int(tag))]
        for name in ("time", "min", "max", "mean", "first", "final", "good"):
            np.testing.assert_array_equal(getattr(own, name), getattr(one, name), name)
        assert (own.last, own.samples) == (one.last, one.samples)
        assert np.isclose(own.good_share, one.good_share)
