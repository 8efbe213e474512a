"""Prices and CO2 of hours: spans of the wall clock, files, tags, and days of 23 and 25 hours."""

from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.unit.figures.memory import HOUR, START, line_of, records, unit

from isthmus.model.factors import Factors
from isthmus.model.plant import Plant
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.emission import CO2, emission
from isthmus.runtime.figures.tariff import Tariff
from isthmus.web.energy import silent

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = {"06:00-22:00": 0.24, "22:00-06:00": 0.17}


def day(year, month, number, zone=BERLIN):
    """The whole hours of a local day."""
    start = int(datetime(year, month, number, tzinfo=zone).timestamp())
    end = int(datetime(year, month, number + 1, tzinfo=zone).timestamp())
    return np.arange(start, end + 1, 3600, dtype=np.int64) * 10**9


@pytest.mark.parametrize(
    ("date", "night"), [((2026, 3, 29), 7), ((2026, 10, 25), 9), ((2026, 6, 1), 8)]
)
def test_a_day_of_23_or_25_hours_has_its_night_shorter_or_longer(date, night):
    tariff = Tariff.of(Plant("acme", "site", "Europe/Berlin", tariffs={"electricity": NIGHT}))
    edges = day(*date)
    found = tariff.over(edges)
    assert len(found) == night + 16
    assert found.sum() == pytest.approx(night * 0.17 + 16 * 0.24)
    assert found.tolist() == [tariff.at(Nanoseconds(edge)) for edge in edges[:-1].tolist()]


def test_an_hour_in_which_the_price_changes_has_a_price_between():
    told = {"06:15-22:00": 0.4, "22:00-06:15": 0.2}
    tariff = Tariff.of(Plant("acme", "site", "UTC", tariffs={"electricity": told}))
    edges = START + np.arange(6, 9, dtype=np.int64) * HOUR
    np.testing.assert_allclose(tariff.over(edges), [0.35, 0.4])
    india = Tariff.of(Plant("acme", "site", "Asia/Kolkata", tariffs={"electricity": NIGHT}))
    np.testing.assert_allclose(india.over(START + np.array([0, 1, 2]) * HOUR), [0.205, 0.24])


def held(co2, rows=None, end=48 * HOUR, timezone="UTC"):
    """Records of a plant whose electricity has that CO2; `rows` of the tag `grid/co2`."""
    line = line_of(unit("grid", "co2", units={"co2": "g/kWh"}))
    found = records(line, {"grid/co2": rows} if rows else {}, end=end, timezone=timezone)
    return replace(found, plant=replace(found.plant, tariffs={"electricity": {"co2": co2}}))


def hours(first, last):
    return START + np.arange(first, last + 1, dtype=np.int64) * HOUR


def test_one_number_and_none():
    assert emission(held(0.38), hours(0, 2)).kg.tolist() == [0.38, 0.38]
    nothing = emission(held(Factors()), hours(0, 2))
    assert (nothing.kg.tolist(), nothing.assumed.any()) == ([CO2, CO2], False)
    assert len(emission(held(0.38), hours(0, 0)).kg) == 0


def test_factors_by_the_time_of_the_day_follow_the_wall_clock():
    told = Factors(spans=((0, 360, 0.3), (360, 1440, 0.5)))
    edges = day(2026, 10, 25)
    found = emission(held(told, timezone="Europe/Berlin"), edges)
    assert found.kg.sum() == pytest.approx(7 * 0.3 + 18 * 0.5)
    assert not found.assumed.any()
    assert silent(held(told, timezone="Europe/Berlin"), SimpleNamespace(edges=edges)) == []


def test_rows_of_a_file_hold_for_their_hour_and_a_gap_is_told():
    rows = tuple((START + at * HOUR, at / 10) for at in (1, 2, 3, 6, 7))
    found = emission(held(Factors(rows=rows, otherwise=0.38)), hours(0, 9))
    np.testing.assert_allclose(found.kg, [0.38, 0.1, 0.2, 0.3, 0.38, 0.38, 0.6, 0.7, 0.38])
    assert found.assumed.tolist() == [at in (0, 4, 5, 8) for at in range(9)]
    (note,) = silent(held(Factors(rows=rows, otherwise=0.38)), SimpleNamespace(edges=hours(0, 9)))
    assert "in 4 of these hours" in note


def test_rows_centuries_apart_hold_until_the_next():
    last = 9_183_000_000 * 10**9  # of the year 2260: as long again is no time in 64 bits
    edges = np.array([HOUR, START, last, last + HOUR], np.int64)
    found = emission(held(Factors(rows=((HOUR, 0.5), (last, 0.3)))), edges)
    np.testing.assert_allclose(found.kg, [0.5, 0.5, 0.3])


def test_a_tag_tells_in_its_own_unit_and_hours_to_come_are_as_they_were():
    seconds = np.arange(0, 48 * 3600, 3600)
    grams = 300 + 10.0 * (seconds // 3600 % 24)
    found = emission(held(Factors(tag="packaging/line1/grid/co2"), (seconds, grams)), hours(40, 54))
    want = (300 + 10 * (np.arange(40, 54) % 24)) / 1000
    np.testing.assert_allclose(found.kg, want)
    assert not found.assumed.any()
