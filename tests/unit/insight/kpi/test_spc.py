"""Control charts against published cases, and their rules against sequences drawn by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.insight.kpi.spc import (
    D2,
    D3,
    Chart,
    capability,
    individuals,
    limits,
    subgroups,
    western_electric,
)


def test_individuals_of_the_nist_handbook():
    """NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2: flow rates of ten batches."""
    chart = individuals(np.array([49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]))
    assert chart.centre == pytest.approx(50.81)
    assert chart.upper == pytest.approx(55.8041, abs=2e-3)  # d2 rounded to 1.128 there
    assert chart.lower == pytest.approx(45.8159, abs=2e-3)
    assert western_electric(chart) == []


def test_mean_and_range_of_montgomerys_hard_bake_process():
    """Montgomery, Introduction to Statistical Quality Control, 6.2: 25 wafers of 5, published."""
    means, ranges = limits(np.full(25, 1.5056), np.full(25, 0.32521), 5)
    assert means.upper == pytest.approx(1.69325, abs=2e-4)
    assert means.lower == pytest.approx(1.31795, abs=2e-4)
    assert ranges.upper == pytest.approx(0.68749, abs=2e-4)
    assert ranges.lower == 0
    within = means.sigma * 5**0.5
    assert within == pytest.approx(0.1398, abs=1e-4)
    assert (2.0 - 1.0) / (6 * within) == pytest.approx(1.192, abs=1e-3)


@pytest.mark.parametrize(
    ("size", "a2", "least", "most"),
    [
        (2, 1.880, 0, 3.267),
        (5, 0.577, 0, 2.114),
        (7, 0.419, 0.076, 1.924),
        (10, 0.308, 0.223, 1.777),
    ],
)
def test_the_factors_are_those_of_the_printed_tables(size, a2, least, most):
    means, ranges = limits(np.zeros(2), np.ones(2), size)
    assert means.upper == pytest.approx(a2, abs=6e-4)
    assert ranges.lower == pytest.approx(least, abs=6e-4)
    assert ranges.upper == pytest.approx(most, abs=1.1e-3)


def test_the_constants_are_those_of_normal_samples():
    ranges = np.ptp(np.random.default_rng(1).normal(size=(200_000, 6)), axis=1)
    assert ranges.mean() == pytest.approx(D2[6], abs=0.006)
    assert ranges.std() == pytest.approx(D3[6], abs=0.006)


def test_subgroups_leave_out_what_fills_none():
    charts = subgroups(np.array([1.0, 3.0, 2.0, 6.0, 99.0]), 2)
    assert charts[0].points.tolist() == [2.0, 4.0]
    assert charts[1].points.tolist() == [2.0, 4.0]
    assert charts[0].centre == 3.0
    assert subgroups(np.array([1.0, 2.0, 3.0]), 2) is None
    with pytest.raises(ValueError, match="2 to 10"):
        subgroups(np.zeros(30), 11)


def test_capability_by_hand():
    values = np.array([9.0, 11.0, 9.0, 11.0, 10.0])  # moving ranges 2 2 2 1
    found = capability(values, lower=4, upper=13)
    within = 1.75 / 1.128379
    assert found.mean == 10
    assert found.within == pytest.approx(within)
    assert found.overall == pytest.approx(1.0)
    assert found.cp == pytest.approx(9 / (6 * within))
    assert found.cpk == pytest.approx(3 / (3 * within))
    assert (found.pp, found.ppk) == pytest.approx((1.5, 1.0))
    one = capability(values, upper=13)
    assert one.cp is None
    assert one.cpk == found.cpk
    assert capability(values).cpk is None
    assert capability(np.full(9, 3.0), lower=1, upper=5) is None
    assert capability(np.array([1.0]), lower=1, upper=5) is None


def drawn(*points):
    return Chart(np.array(points, np.float64), 0.0, 1.0, -3.0, 3.0)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ((0, 3.1, 0), [(1, 1)]),
        ((0, -3.1, 0), [(1, 1)]),
        ((0, 3.0, 0), []),
        ((2.1, 0, 2.1, 0), [(2, 2)]),
        ((2.1, 0, 0, 2.1), []),
        ((2.1, -2.1, 0), []),
        ((-2.5, -2.5, 0), [(2, 1)]),
        ((1.1, 1.1, 0, 1.1, 1.1), [(3, 4)]),
        ((1.1, 1.1, 0, 1.1, -1.1), []),
        ((0.1,) * 8, [(4, 7)]),
        ((0.1,) * 7 + (-0.1, 0.1), []),
        ((-0.1,) * 9, [(4, 7), (4, 8)]),
        ((1.5,) * 5, [(3, 3), (3, 4)]),
    ],
)
def test_each_rule_of_western_electric(points, expected):
    assert [(s.rule, s.at) for s in western_electric(drawn(*points))] == expected


@given(st.lists(st.floats(-4, 4), min_size=1, max_size=40))
def test_rules_do_not_see_which_side_is_up(points):
    one, other = western_electric(drawn(*points)), western_electric(drawn(*(-p for p in points)))
    assert one == other
    for signal in one:
        assert 0 <= signal.at < len(points)


@given(
    st.lists(st.floats(-100, 100), min_size=3, max_size=40),
    st.floats(0.01, 100),
    st.floats(-50, 50),
)
def test_capability_does_not_change_with_the_unit(values, scale, shift):
    given_ = np.array(values)
    found = capability(given_, lower=-200, upper=200)
    other = capability(
        given_ * scale + shift, lower=-200 * scale + shift, upper=200 * scale + shift
    )
    if found and other and min(found.within, found.overall) > 1e-3:
        assert other.cpk == pytest.approx(found.cpk, rel=1e-5)
        assert other.ppk == pytest.approx(found.ppk, rel=1e-5)
        assert found.cpk <= found.cp + 1e-9
