"""Student's t, with two degrees of freedom and with one: both have a formula by hand."""

import math

import pytest

from isthmus.insight.energy.student import bound, surpassed


@pytest.mark.parametrize(("goal", "t"), [(11.0, 1.0), (12.0, 0.0), (14.0, -2.0), (2.0, 10.0)])
def test_how_probable_it_is_that_the_truth_is_the_goal_or_more(goal, t):
    """12 kWh with a standard error of 1: with two degrees F(t) = 1/2 + t / 2 sqrt(2 + t^2)."""
    assert bound(0.95, 2) == pytest.approx(4.302653, abs=1e-6)  # of any table
    by_hand = 0.5 + t / (2 * math.sqrt(2 + t * t))
    assert surpassed(goal, 12.0, 4.302653, 2) == pytest.approx(by_hand, abs=1e-6)
    by_hand = 0.5 + math.atan(t) / math.pi
    assert surpassed(goal, 12.0, 12.706205, 1) == pytest.approx(by_hand, abs=1e-6)


def test_what_has_no_margin_is_sure():
    assert surpassed(10, 12, 0, 5) == surpassed(12, 12, 0, 5) == 1
    assert surpassed(13, 12, 0, 5) == 0
