"""Forecasts of a day: by hand, of days that repeat, of days that are closed."""

import numpy as np
import pytest

from isthmus.insight.energy.evaluate import evaluate
from isthmus.insight.energy.forecast import CLOSED, ahead

HOURS = 24


def weeks(days, load=lambda day: 40.0 if day % 7 < 5 else 4.0):
    """Days of 24 steps from a Monday on, and their kinds."""
    kind = np.repeat(np.arange(days) % 7, HOURS)
    return np.repeat([load(day) for day in range(days)], HOURS).astype(float), kind.astype(np.int64)


def kinds(day):
    return np.full(HOURS, day, np.int64)


def test_what_repeats_is_forecast_exactly():
    load, kind = weeks(28)
    shape = np.tile(1 + np.arange(HOURS) / 10, 28)
    for day in range(7):
        last = len(load) - (7 - day) * HOURS
        past = (load * shape)[:last]
        found = ahead(past, kind[:last], kinds(day), shares=(0.1, 0.5, 0.9))
        truth = (load * shape)[last : last + HOURS]
        np.testing.assert_allclose(found.load, [truth] * 3)
        np.testing.assert_allclose(found.peak, truth.max())


def test_a_day_from_the_middle_of_another_takes_each_hour_by_its_own_kind():
    load, kind = weeks(28)
    noon = 26 * HOURS + HOURS // 2  # of the fourth Saturday
    found = ahead(load[:noon], kind[:noon], kind[noon : noon + HOURS])
    np.testing.assert_allclose(found.load[0], 4.0)
    noon -= HOURS  # Friday's afternoon runs, Saturday's morning does not
    found = ahead(load[:noon], kind[:noon], kind[noon : noon + HOURS])
    np.testing.assert_allclose(found.load[0], [40.0] * 12 + [4.0] * 12)


def test_the_median_of_like_days_by_hand():
    """Saturdays of 10, 90 and 20 kWh: the middle one, and not their mean of 40."""
    load, kind = weeks(26, lambda day: {5: 10.0, 12: 90.0, 19: 20.0}.get(day, 40.0))
    found = ahead(load, kind, kinds(5), shares=(0.01, 0.5, 0.99))
    np.testing.assert_allclose(found.load, np.repeat([[10.0], [20.0], [90.0]], HOURS, axis=1))
    np.testing.assert_allclose(found.peak, [10, 20, 90])


def test_a_closed_day_is_forecast_from_sundays_and_closed_days():
    load, kind = weeks(28)
    found = ahead(load, kind, kinds(CLOSED))
    np.testing.assert_allclose(found.load, 4.0)
    kind[14 * HOURS : 15 * HOURS] = CLOSED  # a Monday that counts for no Monday
    load[14 * HOURS : 15 * HOURS] = 1.0
    found = ahead(load, kind, kinds(0), shares=(0.01, 0.5, 0.99))
    np.testing.assert_allclose(found.load, 40.0)


def test_a_kind_of_day_that_never_was_takes_what_there_is():
    load, kind = weeks(20)
    workdays = np.where(kind < 5, kind, 0)
    found = ahead(load, workdays, kinds(6))
    assert np.isfinite(found.load).all()


def test_gaps_are_no_zeros_and_a_day_half_known_has_no_peak():
    load, kind = weeks(28)
    load[7 * HOURS : 8 * HOURS] = np.nan
    load[15 * HOURS : 15 * HOURS + 20] = np.nan
    found = ahead(load, kind, kinds(0), shares=(0.01, 0.5))
    np.testing.assert_allclose(found.load, 40.0)
    np.testing.assert_allclose(found.peak, 40.0)


@pytest.mark.parametrize("load", [np.full(HOURS - 1, 1.0), np.full(30 * HOURS, np.nan)])
def test_nothing_is_made_up_from_too_little(load):
    kind = np.zeros(len(load), np.int64)
    assert ahead(load, kind, kinds(0)) is None


def test_a_plant_that_stands_still_has_a_forecast():
    found = ahead(np.zeros(20 * HOURS), np.zeros(20 * HOURS, np.int64), kinds(0))
    np.testing.assert_allclose(found.load, 0.0)


def test_what_is_repeated_is_scored_as_it_would_be_by_hand():
    """Two days of one step each week apart by 7: as a week ago errs by 7, as yesterday by 1."""
    load = np.arange(30, dtype=float)[:, None]
    found = evaluate(load, (np.arange(30) % 7)[:, None], learn=20)
    assert found.days.tolist() == list(range(20, 30))
    assert found.mae("week_naive") == pytest.approx(7)
    assert found.mae("day_naive") == pytest.approx(1)
    # Sunday the 20th: Sundays were 6 and 13, their mean errs by 10.5
    assert found.mae("seasonal_mean", np.array([20])) == pytest.approx(10.5)


def test_all_are_scored_on_the_same_steps_and_gaps_on_none():
    load, kind = (each.reshape(-1, HOURS) for each in weeks(42))
    load[30, 3:9] = np.nan
    found = evaluate(load, kind, learn=21)
    assert np.isnan(found.error["isthmus"][9, 3:9]).all()
    assert np.isfinite(found.error["isthmus"]).sum() == 21 * HOURS - 6
    assert {np.isfinite(error).sum() for error in found.error.values()} == {21 * HOURS - 6}
    assert found.mae("isthmus") == pytest.approx(0)
    assert found.mae("isthmus", np.array([3])) is None
    assert found.inside == 1


def test_a_day_told_to_be_closed_is_scored_with_the_others():
    """The first closed day has none before it: the mean of such days is then that of Sundays."""
    load, kind = (each.reshape(-1, HOURS) for each in weeks(42))
    kind[28] = CLOSED  # a Monday
    found = evaluate(load, kind, learn=21)
    assert {np.isfinite(error).sum() for error in found.error.values()} == {21 * HOURS}
    np.testing.assert_allclose(found.forecast["seasonal_mean"][7], 4.0)
    kind[kind == 6] = 5
    found = evaluate(load, kind, learn=21)
    expected = load[:28].mean()
    np.testing.assert_allclose(found.forecast["seasonal_mean"][7], expected)


def after_a_shutdown(days):
    """Five weeks of work, four of 3 kW, then work again: what is forecast of it, and what was."""
    hour = np.arange((63 + days + 1) * HOURS)
    day = hour // HOURS
    work = np.where((hour % HOURS >= 6) & (hour % HOURS < 18), 60.0, 20.0)
    load = np.where((day >= 35) & (day < 63), 3.0, np.where(day % 7 > 4, 5.0, work))
    kind = (day % 7).astype(np.int64)
    found = ahead(load[:-HOURS], kind[:-HOURS], kind[-HOURS:], shares=(0.1, 0.5, 0.9))
    return found, load[-HOURS:]


@pytest.mark.parametrize("days", [3, 7, 10, 14, 18, 21, 24, 28, 35, 42])
def test_after_a_shutdown_work_is_forecast_as_it_was(days):
    found, truth = after_a_shutdown(days)
    np.testing.assert_allclose(found.load[1:], [truth] * 2)
    np.testing.assert_allclose(found.peak[1:], truth.max())


def test_a_level_that_grows_is_followed():
    """A twentieth more each week: what most days of the past drew is moved towards ours."""
    load, kind = weeks(56, lambda day: 10.0 * 1.05 ** (day // 7))
    found = ahead(load, kind, kinds(0))
    np.testing.assert_allclose(found.load, 10 * 1.05**8, rtol=0.1)
    assert found.load[0, 0] > 10 * 1.05**5
