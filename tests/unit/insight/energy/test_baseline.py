"""Baseline, savings, profile of the day and base load."""

import numpy as np
import pytest
from tests.unit.insight.told import S

from isthmus.insight.energy.baseline import base_load, per_piece, profile
from isthmus.insight.energy.regression import regression
from isthmus.runtime.figures.hours import enough


def test_the_regression_finds_the_base_load_and_the_slope():
    pieces = np.array([0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 2500, 0.0])
    energy = 20 + 0.008 * pieces
    everything = np.ones(10, bool)
    found = regression(energy, {"pieces": pieces}, everything)
    assert [term.value for term in found.terms] == pytest.approx([20, 0.008])
    assert found.r2 == pytest.approx(1)
    assert per_piece(energy, pieces) == pytest.approx(energy.sum() / pieces.sum())
    less = energy - 2.0
    run, _ = found.cusum(less, {"pieces": pieces}, everything)
    assert run[-1] == pytest.approx(-20)
    part = np.arange(10) < 9
    run, margin = found.cusum(less, {"pieces": pieces}, part)
    assert run[8] == pytest.approx(-18)
    assert np.isnan([run[9], margin[9]]).all()


def test_a_cusum_ends_with_the_saving_and_its_margin():
    chance = np.random.default_rng(5)
    drivers = {"pieces": chance.uniform(0, 7000, 300), "cold": chance.uniform(0, 12, 300)}
    energy = 20 + 0.008 * drivers["pieces"] + drivers["cold"] + chance.normal(0, 2, 300)
    first = np.arange(300) < 200
    found = regression(energy, drivers, first)
    run, margin = found.cusum(energy, drivers, ~first)
    after = {name: column[~first] for name, column in drivers.items()}
    assert (-run[-1], margin[-1]) == pytest.approx(found.saved(energy[~first], after, np.ones(100)))
    assert (np.diff(margin[~first]) > 0).all()


def test_the_bands_of_hours_and_of_the_cusum_cover_what_they_promise():
    inside, zero = [], 0
    for seed in range(100):
        chance = np.random.default_rng(seed)
        drivers = {"pieces": chance.uniform(0, 7000, 400)}
        energy = 20 + 0.008 * drivers["pieces"] + chance.normal(0, 2, 400)
        first = np.arange(400) < 200
        found = regression(energy, drivers, first)
        hit = np.abs(energy - found.expected(drivers))[~first] <= found.band(drivers)[~first]
        inside.append(hit.mean())
        run, margin = found.cusum(energy, drivers, ~first)
        zero += abs(run[-1]) <= margin[-1]
    assert 0.94 <= np.mean(inside) <= 0.96
    assert zero >= 88


def test_too_little_data_gives_no_baseline_and_gaps_are_left_out():
    pieces = np.array([np.nan, *range(9)], float)
    assert enough(regression(pieces, {"pieces": pieces}, np.ones(10, bool))).hours == 9
    still = {"pieces": np.full(10, 5.0)}
    assert enough(regression(pieces, still, np.ones(10, bool))) is None
    assert enough(regression(pieces[:7], {"pieces": pieces[:7]}, np.ones(7, bool))) is None
    assert per_piece(np.array([1.0]), np.array([0.0])) is None
    assert per_piece(np.array([1.0, np.nan]), np.array([4.0, 9.0])) == 0.25


def test_profile_of_the_day_and_base_load():
    edges = np.arange(0, 49, dtype=np.int64) * 3600 * S
    power = np.tile(np.arange(24.0), 2)
    found = profile(edges, power, 0, steps=24)
    np.testing.assert_allclose(found, np.arange(24.0))
    shifted = profile(edges, power, 3600 * S, steps=24)
    assert shifted[1] == 0
    later = np.where(np.arange(48) < 24, 3600 * S, 2 * 3600 * S)
    moved = profile(edges, power, later, steps=24)
    assert (moved[0], moved[1]) == (22.5, 11.5)
    assert base_load(np.array([10.0, 50.0]), np.array([0.0, 100.0])) == 10
    assert base_load(np.array([10.0]), np.array([1.0])) is None
