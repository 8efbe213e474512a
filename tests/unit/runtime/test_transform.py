"""Scaling, checking and leaving out what did not move, against a row-by-row oracle."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from isthmus.model.ports import Address, Binding
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId
from isthmus.model.tag import Tag
from isthmus.runtime.collect.transform import AHEAD, OLDEST, Transform, dated

NOW = Nanoseconds(1_800_000_000 * 10**9)
VALUES = st.one_of(
    st.floats(-5, 5), st.sampled_from([float("nan"), float("inf"), float("-inf"), 0.0, -0.0])
)
ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-200, 200), VALUES, st.sampled_from([0, 0x80310000]))
)


def batch(*rows):
    tag, time, value, quality = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Batch(
        np.array(tag, np.int32),
        np.array(time, np.int64),
        np.array(value, np.float64),
        np.array(quality, np.uint32),
    )


def transform(size=4, **tags):
    bindings = [
        Binding(TagId(number), tag, address) for number, (tag, address) in enumerate(tags.values())
    ]
    return Transform.of(bindings, size)


@given(ROWS)
def test_leaves_out_exactly_what_a_naive_loop_leaves_out(rows):
    made = transform(
        a=(Tag("l/a", deadband=0.5), Address()),
        **{name: (Tag(f"l/{name}"), Address()) for name in "bcd"},
    )
    width = {0: 0.5, 1: 0.0, 2: 0.0, 3: 0.0}
    last, expected = {}, []
    for number, (tag, seconds, value, quality) in enumerate(rows):
        time = NOW + seconds * 10**9
        value = value if np.isfinite(value) else float("nan")
        if np.isnan(value) and quality == 0:
            quality = Status.BAD_SENSOR_FAILURE
        if tag in last:
            old_time, old, old_quality = last[tag]
            near = (np.isnan(value) and np.isnan(old)) or (abs(value - old) <= width[tag])
            if time < old_time:
                expected.append(number)  # late: kept, and not the last one
                continue
            if near and time - old_time < made.heartbeat and quality == old_quality:
                continue
        last[tag] = (time, value, quality)
        expected.append(number)
    given_rows = [(t, NOW + s * 10**9, v, q) for t, s, v, q in rows]
    kept = made(batch(*given_rows), NOW)
    assert len(kept) == len(expected)
    values = np.array([rows[n][2] for n in expected], float)
    np.testing.assert_array_equal(kept.value, np.where(np.isfinite(values), values, np.nan))
    np.testing.assert_array_equal(kept.time, [NOW + rows[n][1] * 10**9 for n in expected])


def test_scales_then_judges_the_range():
    made = transform(t=(Tag("l/t", "kW", range=(0, 10)), Address(scale=0.1, offset=1)))
    kept = made(batch((0, NOW, 50.0, 0), (0, NOW + 1, 100.0, 0)), NOW)
    assert kept.value.tolist() == [6.0, 11.0]
    assert kept.quality.tolist() == [0, Status.UNCERTAIN_ENGINEERING_UNITS_EXCEEDED]
    assert made.counts == {"outside-range": 1}


def test_raw_codes_become_words_of_the_legend_and_strange_ones_are_bad():
    tag = Tag("l/state", legend={2: "stopped", 6: "execute"})
    made = transform(s=(tag, Address(map={0: "stopped", 1: "execute"})))
    kept = made(batch((0, NOW, 1.0, 0), (0, NOW + 1, 0.0, 0), (0, NOW + 2, 7.0, 0)), NOW)
    assert kept.value.tolist() == [6.0, 2.0, 7.0]
    assert kept.quality.tolist() == [0, 0, Status.BAD_OUT_OF_RANGE]


def test_a_device_clock_that_jumps_is_not_believed():
    made = transform(a=(Tag("l/a"), Address()))
    kept = made(batch((0, NOW + AHEAD + 1, 1.0, 0), (0, 0, 2.0, 0)), NOW)
    assert kept.time.tolist() == [NOW, NOW]
    assert kept.quality.tolist() == [Status.UNCERTAIN, Status.UNCERTAIN]


def test_after_an_outage_the_next_row_is_kept_though_it_did_not_move():
    made = transform(a=(Tag("l/a"), Address()))
    assert len(made(batch((0, NOW, 1.0, 0)), NOW)) == 1
    assert len(made(batch((0, NOW + 1, 1.0, 0)), NOW)) == 0
    made.forget()
    assert len(made(batch((0, NOW + 2, 1.0, 0)), NOW)) == 1


def test_a_time_before_2000_or_far_ahead_is_the_time_of_receipt_and_uncertain():
    early, first = Nanoseconds(OLDEST - 1), Nanoseconds(OLDEST)
    rows = batch(
        (0, early, 1.0, 0), (1, first, 2.0, 0), (2, NOW + AHEAD + 1, 3.0, 0), (3, 5, 4.0, 1 << 31)
    )
    kept, astray = dated(rows, NOW)
    assert kept.time.tolist() == [NOW, first, NOW, NOW]
    assert kept.quality.tolist() == [Status.UNCERTAIN, 0, Status.UNCERTAIN, 1 << 31]
    assert astray == 3
    made = transform(**{name: (Tag(f"l/{name}"), Address()) for name in "abcd"})
    assert made.shape(rows, NOW).time.tolist() == kept.time.tolist()
    assert made.counts == {"clock-astray": 3, "clock-behind": 1}
