"""Baselines of several drivers, their errors, and savings with margins that hold."""

import math

import numpy as np
import pytest

from isthmus.insight.energy.regression import regression
from isthmus.insight.energy.student import bound, chance


@pytest.mark.parametrize(
    ("t", "freedom", "p"),  # from printed tables
    [
        *((12.706, 1, 0.05), (2.228, 10, 0.05), (3.169, 10, 0.01), (2.042, 30, 0.05)),
        *((1.96, 1e7, 0.05), (0.0, 5, 1.0), (-2.571, 5, 0.05), (math.inf, 5, 0.0)),
    ],
)
def test_students_t_is_that_of_printed_tables(t, freedom, p):
    assert chance(t, freedom) == pytest.approx(p, rel=1e-3)
    if 0 < t < math.inf:
        assert bound(1 - p, freedom) == pytest.approx(t, rel=1e-3)


def test_one_driver_by_hand():
    """Six hours: x 0 1 2 3 4 5, y 1 3 2 5 4 6; Sxx 17.5, Sxy 15.5, Syy 17.5."""
    x, y = np.arange(6.0), np.array([1.0, 3, 2, 5, 4, 6])
    found = regression(y, {"pieces": x}, np.ones(6, bool))
    base, slope = found.terms
    assert slope.value == pytest.approx(15.5 / 17.5)
    assert base.value == pytest.approx(3.5 - 2.5 * 15.5 / 17.5)
    left = 17.5 - 15.5**2 / 17.5
    assert found.r2 == pytest.approx(1 - left / 17.5)
    assert found.residual == pytest.approx(math.sqrt(left / 4))
    assert found.cv == pytest.approx(found.residual / 3.5)
    assert found.alike == 0  # what is left goes up and down: no hour is like the one before
    assert slope.error == pytest.approx(math.sqrt(left / 4 / 17.5))
    assert slope.t == pytest.approx(slope.value / slope.error)
    assert slope.p == pytest.approx(0.0188, abs=0.0005)
    won, margin = found.saved(np.array([2.0, 2.0]), {"pieces": np.array([1.0, 4.0])}, np.ones(2))
    expected = found.expected({"pieces": np.array([1.0, 4.0])})
    assert won == pytest.approx(expected.sum() - 4)
    variance = 2 + 4 * (1 / 6)  # both hours, and their mean lies where the line is surest
    assert margin == pytest.approx(2.776 * math.sqrt(left / 4 * variance), rel=1e-3)


def noise(chance, hours, alike):
    """Noise of standard deviation 1 whose neighbours correlate by `alike`."""
    made = chance.normal(0, 1, hours)
    for at in range(1, hours):
        made[at] = alike * made[at - 1] + math.sqrt(1 - alike**2) * made[at]
    return made


@pytest.mark.parametrize("alike", [0.0, 0.4, 0.7])
def test_the_margin_of_a_saving_covers_what_it_promises_also_where_hours_are_alike(alike):
    inside, right, weight = 0, 0, np.linspace(0.1, 0.3, 400)
    for seed in range(200):
        chance = np.random.default_rng(seed)
        pieces, cold = chance.uniform(0, 1000, 1000), chance.uniform(0, 10, 1000)
        energy = 20 + 0.05 * pieces + 1.5 * cold + 3 * noise(chance, 1000, alike)
        energy[600:] -= 2
        drivers = {"pieces": pieces, "cold": cold}
        found = regression(energy, drivers, np.arange(1000) < 600)
        late = {name: column[600:] for name, column in drivers.items()}
        won, margin = found.saved(energy[600:], late, weight)
        inside += abs(won - 2 * weight.sum()) <= margin
        right += abs(found.terms[2].value - 1.5) <= 1.96 * found.terms[2].error
        assert found.alike == pytest.approx(alike, abs=0.12)
    assert 180 <= inside <= 199
    assert right >= 182


def test_a_driver_that_tells_nothing_of_its_own_is_left_out():
    chance = np.random.default_rng(1)
    pieces = chance.uniform(0, 100, 50)
    drivers = {"pieces": pieces, "weight": 2 * pieces, "constant": np.full(50, 3.0)}
    found = regression(5 + pieces + chance.normal(0, 1, 50), drivers, np.ones(50, bool))
    assert [term.name for term in found.terms] == ["base", "pieces"]
    assert found.terms[0].value == pytest.approx(5, abs=1)


def test_a_driver_without_influence_says_so():
    chance = np.random.default_rng(2)
    pieces, other = chance.uniform(0, 100, 300), chance.uniform(0, 100, 300)
    energy = 5 + pieces + chance.normal(0, 4, 300)
    found = regression(energy, {"pieces": pieces, "other": other}, np.ones(300, bool))
    assert found.terms[1].p < 1e-6
    assert found.terms[2].p > 0.05


def test_gaps_take_no_part_and_too_little_is_no_baseline():
    pieces = np.arange(20.0)
    energy = 3 + 2 * pieces
    energy[4], pieces[9] = np.nan, np.nan
    found = regression(energy, {"pieces": pieces}, np.ones(20, bool))
    assert found.hours == 18
    assert [term.value for term in found.terms] == pytest.approx([3, 2])
    assert regression(energy, {"pieces": pieces}, np.arange(20) < 6) is None
    still = regression(np.full(9, 7.0), {"pieces": np.full(9, 1.0)}, np.ones(9, bool))
    assert [term.name for term in still.terms] == ["base"]
    assert regression(np.full(9, np.nan), {"pieces": pieces[:9]}, np.ones(9, bool)) is None
