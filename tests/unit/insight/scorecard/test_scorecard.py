"""Measures of summed elements, computed by hand, and what is said of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.insight.scorecard.measure import MEASURES, USUAL, added
from isthmus.insight.scorecard.verdict import Standing, Way, verdict, way
from isthmus.model.kpi import Better

MORE, LESS = Better.MORE, Better.LESS
EARLY = {
    "item_seconds": 0.5,
    "planned_busy": 27_000.0,
    "actual_production": 21_600.0,
    "actual_unit_down": 2_700.0,
    "unknown": 0.0,
    "good": 40_500.0,
    "scrap": 500.0,
    "produced": 41_000.0,
    "energy": 520.0,
    "energy_good": 40_000.0,
    "units_planned": 54_000.0,
    "units_unknown": 540.0,
}


def of(name, **other):
    return MEASURES[name].of({**EARLY, **other})


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        ("oee", 100 * 0.5 * 40_500 / 27_000),
        ("availability", 80.0),
        ("effectiveness", 100 * 0.5 * 41_000 / 21_600),
        ("scrap", 100 * 500 / 41_000),
        ("unplanned_downtime", 10.0),
        ("energy_per_piece", 0.013),
        ("data_availability", 99.0),
    ],
)
def test_measures_by_hand(name, by_hand):
    assert of(name) == pytest.approx(by_hand)


def test_oee_is_the_product_of_its_parts():
    parts = of("availability") * of("effectiveness") * (100 - of("scrap"))
    assert of("oee") == pytest.approx(parts / 1e4)


def test_without_an_ideal_rate_there_is_no_oee():
    told = {name: value for name, value in EARLY.items() if name != "item_seconds"}
    assert MEASURES["oee"].of(told) is None
    assert MEASURES["effectiveness"].of(told) is None


def test_where_nothing_is_known_nothing_is_said():
    assert all(MEASURES[name].of({}) is None for name in MEASURES)
    assert of("oee", unknown=27_000.0) is None
    assert of("unplanned_downtime", unknown=27_000.0) is None
    uncounted = {name: value for name, value in EARLY.items() if name != "good"}
    assert MEASURES["oee"].of(uncounted) is None


def test_planned_time_without_a_piece_is_no_oee_but_zero():
    assert of("oee", good=0.0, produced=0.0) == 0


def test_the_usual_goals_can_be_measured():
    assert set(USUAL) <= set(MEASURES)


def test_stretches_are_added_and_ratios_never_averaged():
    short = {"planned_busy": 3_000.0, "actual_unit_down": 3_000.0, "unknown": 0.0}
    both = added([EARLY, short])
    assert MEASURES["unplanned_downtime"].of(both) == pytest.approx(100 * 5_700 / 30_000)


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 10**6)), max_size=8))
def test_it_does_not_matter_how_stretches_are_grouped(parts):
    cut = len(parts) // 2
    assert added([added(parts[:cut]), added(parts[cut:])]) == added(parts)


def test_what_stands_is_not_added_up():
    assert added([{"findings": 3.0}, {"findings": 1.0}]) == {"findings": 1.0}


@pytest.mark.parametrize(
    ("value", "target", "better", "standing", "short"),
    [
        (80.0, 80.0, MORE, Standing.REACHED, 0.0),
        (79.0, 80.0, MORE, Standing.BEHIND, 1.0),
        (60.0, 80.0, MORE, Standing.FAR_BEHIND, 20.0),
        (5.0, 5.0, LESS, Standing.REACHED, 0.0),
        (5.5, 5.0, LESS, Standing.BEHIND, 0.5),
        (7.0, 5.0, LESS, Standing.FAR_BEHIND, 2.0),
        (1.0, 0.0, LESS, Standing.BEHIND, 1.0),
        (None, 5.0, LESS, Standing.UNKNOWN, 0.0),
        (5.0, None, LESS, Standing.NO_TARGET, 0.0),
    ],
)
def test_verdicts(value, target, better, standing, short):
    found = verdict(value, target, better)
    assert found.standing is standing
    assert found.short == pytest.approx(short)


@pytest.mark.parametrize(
    ("values", "better", "expected"),
    [
        ([70, 71, 75, 76], MORE, Way.BETTER),
        ([70, 71, 75, 76], LESS, Way.WORSE),
        ([70, None, 71, 70.5, 70.2], MORE, Way.STEADY),
        ([70, 80, 90], MORE, Way.UNKNOWN),
        ([0, 0, 2, 1], LESS, Way.WORSE),
        ([], MORE, Way.UNKNOWN),
    ],
)
def test_which_way_it_goes(values, better, expected):
    assert way(values, better) is expected
