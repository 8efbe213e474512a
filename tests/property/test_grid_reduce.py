"""Grids and reductions against slow readings of what they promise."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.historian.memory import Memory
from isthmus.historian.query.grid import grid, union
from isthmus.historian.query.reduce import REDUCTIONS, lttb, minmax
from isthmus.model.errors import Refused
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Kind, Tag

T0, SECOND = 1_800_000_000 * 10**9, 10**9
ROW = st.tuples(
    st.integers(-30, 60),
    st.sampled_from([0.0, 1.0, -2.5, 7.0, math.nan, math.inf]),
    st.sampled_from([0, 0, 0, 0x4090_0000, 0x8031_0000]),
)


def stored(histories):
    memory, left = Memory(), []
    for tag, rows in enumerate(histories):
        left.append({})
        for number, (at, value, quality) in enumerate(rows):
            row = Batch.of([TagId(tag)], Nanoseconds(T0 + at * SECOND), [value], quality)
            memory.append(row, stream=f"s{tag}", position=number)
            left[tag][T0 + at * SECOND] = (value, quality)
    return memory, left


@settings(max_examples=200)
@given(
    histories=st.lists(st.lists(ROW, max_size=12), min_size=1, max_size=3),
    step=st.integers(1, 20),
    most_age=st.none() | st.integers(0, 40),
    fill=st.sampled_from(["hold", "linear"]),
)
def test_a_grid_is_what_each_tag_said_last(histories, step, most_age, fill):
    memory, left = stored(histories)
    tags = {TagId(number): Tag(f"a/{number}") for number in range(len(histories))}
    times = np.arange(0, 60, step) * SECOND + T0
    age = None if most_age is None else most_age * SECOND
    made = grid(memory, tags, times, fill=fill, most_age=age)
    for tag, of in enumerate(left):
        for place, time in enumerate(times.tolist()):
            value, status = made.column.value[tag, place], int(made.column.status[tag, place])
            before = [at for at in of if at <= time]
            if not before or (age is not None and time - max(before) > age):
                assert math.isnan(value)
                assert status == 0x809B_0000
                continue
            said, quality = of[max(before)]
            if quality >> 31 or not math.isfinite(said):
                assert math.isnan(value)
                assert status >> 31
                continue
            after = [at for at in of if time < at < T0 + 120 * SECOND]
            if fill == "linear" and after and max(before) != time:
                then, how = of[min(after)]
                if not how >> 31 and math.isfinite(then):
                    share = (time - max(before)) / (min(after) - max(before))
                    said += share * (then - said)
            assert value == pytest.approx(said)
            assert status & 3 == (0 if max(before) == time else 2)


@given(st.lists(st.lists(ROW, max_size=12), min_size=1, max_size=3))
def test_a_union_has_every_time_at_which_any_tag_spoke(histories):
    memory, left = stored(histories)
    tags = {TagId(number): Tag(f"a/{number}") for number in range(len(histories))}
    made = union(memory, tags, Nanoseconds(T0), Nanoseconds(T0 + 60 * SECOND))
    wanted = {at for of in left for at in of if T0 <= at < T0 + 60 * SECOND}
    assert made.times.tolist() == sorted(wanted)
    assert made.column.value.shape == (len(histories), len(wanted))


def test_a_state_is_held_where_numbers_are_drawn_as_lines():
    memory, _ = stored([[(0, 0.0, 0), (10, 10.0, 0)], [(0, 0.0, 0), (10, 1.0, 0)]])
    tags = {TagId(0): Tag("a/level"), TagId(1): Tag("a/on", kind=Kind.BOOLEAN)}
    made = grid(memory, tags, np.array([T0 + 5 * SECOND]), fill="linear")
    assert made.column.value.ravel().tolist() == [5.0, 0.0]


def test_nothing_is_known_of_the_future():
    memory, _ = stored([[(0, 1.0, 0)]])
    times = np.array([T0, T0 + 5 * SECOND, T0 + 10 * SECOND])
    made = grid(memory, {TagId(0): Tag("a/b")}, times, now=Nanoseconds(T0 + 5 * SECOND))
    assert np.isnan(made.column.value[0]).tolist() == [False, False, True]


def test_a_grid_without_bound_is_refused_with_the_bound():
    with pytest.raises(Refused, match="cells") as refused:
        grid(Memory(), {TagId(0): Tag("a/b")}, np.arange(10_000_001))
    assert "10,000,000" in refused.value.hint


SERIES = st.lists(
    st.tuples(
        st.one_of(st.integers(-5, 5).map(float), st.floats(-1e300, 1e300), st.just(math.nan)),
        st.sampled_from([0, 0, 0, 0, 0x4000_0000, 0x8031_0000]),
    ),
    max_size=120,
)


def rows_of(series):
    size = len(series)
    return Batch.of(
        [TagId(0)] * size,
        np.arange(size, dtype=np.int64) * SECOND + T0,
        [value for value, _ in series],
        np.array([quality for _, quality in series], np.uint32),
    )


def runs(rows):
    drawn = (rows.quality < 1 << 31) & np.isfinite(rows.value)
    return int(np.sum(drawn & ~np.append(False, drawn[:-1])))


@settings(max_examples=200)
@given(SERIES, st.integers(4, 60), st.sampled_from(sorted(REDUCTIONS)))
def test_a_reduction_is_short_and_made_of_samples_in_their_order(series, points, name):
    rows = rows_of(series)
    made = REDUCTIONS[name](rows, points)
    assert len(made) <= points
    assert (np.diff(made.time) > 0).all()
    place = np.searchsorted(rows.time, made.time)
    assert np.array_equal(rows.value[place], made.value, equal_nan=True)
    assert np.array_equal(rows.quality[place], made.quality)
    if len(rows) <= points:
        assert len(made) == len(rows)
    drawn = (rows.quality < 1 << 31) & np.isfinite(rows.value)
    shown = (made.quality < 1 << 31) & np.isfinite(made.value)
    if name == "minmax" and drawn.any():
        assert rows.value[drawn].min() == made.value[shown].min()
        assert rows.value[drawn].max() == made.value[shown].max()
    assert runs(made) <= runs(rows), "a gap is no bridge, and no new gap is made"


def test_gaps_are_kept_as_gaps():
    series = [(float(number), 0) for number in range(1000)]
    series[300:400] = [(0.0, 0x8031_0000)] * 100
    for reduce in (minmax, lttb):
        made = reduce(rows_of(series), 40)
        bad = made.quality >= 1 << 31
        assert bad.sum() == 1
        assert made.time[bad][0] == T0 + 300 * SECOND


def test_lttb_keeps_ends_and_peaks_and_gives_all_points():
    value = np.sin(np.arange(5000) / 50)
    value[2500] = 40.0
    rows = rows_of([(float(each), 0) for each in value])
    made = lttb(rows, 200)
    assert len(made) == 200
    assert made.time[0] == rows.time[0]
    assert made.time[-1] == rows.time[-1]
    assert made.value.max() == 40.0


def test_too_few_points_are_refused():
    with pytest.raises(Refused, match="3 points"):
        minmax(rows_of([(1.0, 0)]), 3)
