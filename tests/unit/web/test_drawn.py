"""A pen holds its value over empty stretches and shows a gap where the last sample was bad."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from isthmus.historian.trend import trend
from isthmus.model.sample import Batch, Nanoseconds, Status
from isthmus.web.history import drawn

S = 10**9
BAD = int(Status.BAD_NOT_CONNECTED)


def batch(*rows):
    time, value, quality = zip(*rows, strict=True) if rows else ((), (), ())
    return Batch(
        np.zeros(len(rows), np.int32),
        np.array(time, np.int64) * S,
        np.array(value, float),
        np.array(quality, np.uint32),
    )


def pen(rows, before=(), *, points=10, stepped=False):
    found = trend(batch(*rows), 0, 100 * S, points)
    time, low, high, mean = drawn(found, batch(*before), Nanoseconds(0), 10 * S, stepped=stepped)
    return [
        (at / 1e3, *(None if np.isnan(v) else v for v in (a, b, c)))
        for at, a, b, c in zip(time, low, high, mean, strict=True)
    ]


def test_what_held_before_opens_the_pen():
    assert pen([(50, 2.0, 0)], [(-5, 1.0, 0)])[0] == (0.0, 1.0, 1.0, 1.0)
    assert pen([(50, 2.0, 0)], [(-5, 1.0, BAD)])[0] == (0.0, None, None, None)
    assert pen([(0, 2.0, 0)], [(-5, 1.0, 0)]) == [(0.0, 2.0, 2.0, 2.0)]


def test_a_bucket_before_empty_ones_is_closed_by_its_last_value():
    many = [(t, float(t % 3), 0) for t in range(10)]
    found = pen([*many, (60, 5.0, 0), (61, 6.0, 0)])
    assert found == [
        (0.0, 0.0, 2.0, 0.9),
        (10.0, 0.0, 0.0, 0.0),
        (60.0, 5.0, 6.0, 5.5),
    ]


def test_an_outage_is_a_gap_though_good_samples_share_its_bucket():
    many = [(t, 1.0, 0) for t in range(10)]
    found = pen([*many, (9.5, float("nan"), BAD), (60, 5.0, 0)])
    assert found[1] == (10.0, None, None, None)


def test_an_outage_that_lasts_until_now_is_a_gap_and_no_line_is_drawn_over_it():
    many = [(t, 1.0, 0) for t in range(20)]
    assert pen([*many, (20, float("nan"), BAD)])[-1] == (30.0, None, None, None)
    worse = [(t, 1.0, 0) for t in range(20)]
    assert pen([*worse, (19.5, float("nan"), BAD)])[-1] == (20.0, None, None, None)


def test_a_state_is_never_averaged():
    many = [(t, 6.0 if t < 5 else 2.0, 0) for t in range(10)]
    assert pen([*many, (10, 6.0, 0)], stepped=True)[0] == (0.0, 2.0, 6.0, 2.0)


@given(
    st.lists(st.tuples(st.integers(0, 99), st.floats(-9, 9)), min_size=11, unique_by=lambda r: r[0])
)
def test_times_never_run_back_and_no_sample_is_outside_of_the_band(samples):
    rows = sorted((t, v, 0) for t, v in samples)
    found = pen(rows)
    times = [row[0] for row in found]
    assert times == sorted(times)
    assert min(row[1] for row in found) == min(v for _, v, _ in rows)
    assert max(row[2] for row in found) == max(v for _, v, _ in rows)
