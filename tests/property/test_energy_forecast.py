"""Whatever the load: a forecast knows nothing of what comes after its origin."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from isthmus.insight.energy.evaluate import evaluate
from isthmus.insight.energy.forecast import CLOSED, ahead

STEPS, LEARN = 6, 14
load = st.one_of(st.floats(0, 1e6), st.just(float("nan")))
days = st.integers(LEARN + 2, 26)


def drawn(seed, count, gaps):
    chance = np.random.default_rng(seed)
    made = chance.gamma(2, 20, (count, STEPS))
    made[chance.random(made.shape) < gaps] = np.nan
    kind = np.repeat(chance.integers(0, CLOSED + 1, count)[:, None], STEPS, axis=1)
    return made, kind.astype(np.int64)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), days, st.floats(0, 0.3), st.data())
def test_no_forecast_moves_with_what_comes_after_its_origin(seed, count, gaps, data):
    made, kind = drawn(seed, count, gaps)
    origin = data.draw(st.integers(LEARN, count - 1))
    other = made.copy()
    other[origin:] = data.draw(load)
    elsewhere = kind.copy()
    elsewhere[origin + 1 :] = data.draw(st.integers(0, CLOSED))
    before = evaluate(made, kind, learn=LEARN)
    after = evaluate(other, elsewhere, learn=LEARN)
    rows = origin - LEARN + 1  # those of which the origin is at the changed day, or before
    for name, forecast in before.forecast.items():
        np.testing.assert_array_equal(forecast[:rows], after.forecast[name][:rows])
        np.testing.assert_array_equal(before.error[name][: rows - 1], after.error[name][: rows - 1])


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), days, st.floats(0, 0.6), st.floats(0.1, 1e3))
def test_shares_are_in_order_inside_of_what_was_and_follow_the_unit(seed, count, gaps, unit):
    made, kind = drawn(seed, count, gaps)
    shares = (0.05, 0.5, 0.95)
    found = ahead(made.ravel(), kind.ravel(), kind[-1], shares=shares)
    if found is None:
        assert not np.isfinite(made).any()
        return
    known = found.load[:, np.isfinite(found.load[1])]
    assert (np.diff(known, axis=0) >= 0).all()
    assert (known >= 0).all()
    scaled = ahead(made.ravel() * unit, kind.ravel(), kind[-1], shares=shares)
    np.testing.assert_allclose(scaled.load, found.load * unit, rtol=1e-6)
