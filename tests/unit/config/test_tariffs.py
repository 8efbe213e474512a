"""Tariffs: what is no price of an hour is a mistake with a hint, and what is missing is said."""

from __future__ import annotations

import pytest

from isthmus.model.plant import Plant
from isthmus.runtime.config.load import lint
from isthmus.runtime.figures.assumed import assumptions
from isthmus.runtime.figures.tariff import Tariff

PLANT = """isthmus: 1
enterprise: acme
site: riverside
currency: CHF
equipment: {hall: {line1: {units: {grid: {tags: {co2: g/kWh}}}}}}
tariffs: {TARIFFS}
"""
DAY = '"06:00-22:00": 0.24'
NIGHT = '"22:00-06:00": 0.17'


def read(tmp_path, tariffs):
    file = tmp_path / "plant.yaml"
    file.write_text(PLANT.replace("{TARIFFS}", tariffs))
    return lint(file)


@pytest.mark.parametrize(
    ("told", "text", "hint"),
    [
        ("{price: 0.30}", "`price` is no span of the day", "00:00-24:00"),
        ('{"6-22": 0.24, "22-6": 0.17}', "`6-22` is no span of the day", "06:00-22:00"),
        ('{"06.00-22.00": 0.24}', "`06.00-22.00` is no span", "06:00-22:00"),
        (f"{{{DAY} , {NIGHT}, demand_per_kW: 9.5}}", "`demand_per_kW`", "`demand_per_kw`?"),
        ('{"00:00-24:00": 0.24, co2_per_kwh: 0.38}', "`co2_per_kwh`", "one of: co2, demand_per_kw"),
        (f"{{{DAY}}}", "nothing is said of 22:00-06:00", '"22:00-06:00"'),
        (f'{{{DAY}, "22:00-05:30": 0.1}}', "nothing is said of 05:30-06:00", "add"),
        (f'{{{DAY}, "21:00-06:00": 0.17}}', "both hold at 21:00", "one of them"),
        (f'{{{DAY}, " 06:00-22:00": 0.3, {NIGHT}}}', "both hold at 06:00", "one of them"),
        ("{co2: 380}", "380 kg of CO2", "380 g are `0.38`"),
        ('{co2: {"00:00-24:00": 380}}', "380 kg of CO2", "380 g are `0.38`"),
        ("{co2: {tag: hall/line1/grid/co2, otherwise: 380}}", "380 kg of CO2", "`0.38`"),
        ("{co2: {other: 0.38}}", "`other` is no span of the day", "did you mean `otherwise`?"),
        ('{co2: {"06:00-22:00": 0.4}}', "nothing is said of 22:00-06:00", "add"),
        ('{co2: {"06:00-22:00": 0.4, "12:00-13:00": 1, otherwise: 0.3}}', "both hold at 12:00", ""),
        ("{co2: {}}", "nothing tells the CO2 of a kWh", "00:00-24:00"),
        ("{co2: {csv: nowhere.csv}}", "reading nowhere.csv", "lies beside the plant file"),
        ("{co2: {csv: grams.csv}}", "line 2: 380 kg cannot be, in kg it is 0.38", "kg a kWh"),
    ],
)
def test_what_is_no_price_of_an_hour_is_told(tmp_path, told, text, hint):
    (tmp_path / "grams.csv").write_text("time,g\n2026-01-01T00:00,380\n")
    plant, mistakes = read(tmp_path, f"{{electricity: {told}}}")
    assert plant is None
    assert {each.line for each in mistakes} == {6}
    assert any(text in each.text and hint in each.hint for each in mistakes), mistakes


@pytest.mark.parametrize(
    ("line", "text", "hint"),
    [
        ("2263-01-01T00:00,0.4", "line 3: 2263-01-01T00:00 is not in 1970 to 2260", "2026-11-27"),
        ("9999-12-31T23:59-05:00,0.4", "line 3: 9999-12-31T23:59-05:00 is not in", "2026-11-27"),
        ("0001-01-01,0.4", "line 3: 0001-01-01 is not in 1970 to 2260", "2026-11-27"),
        ('"2026-01-01T01:00,0.4', "line 3 is no time and number", "2026-11-27"),
        (f'"{"x" * 140_000}', "line 3: field larger than field limit", "quotation mark"),
    ],
)
def test_a_line_of_co2_that_cannot_be_is_told_with_its_number(tmp_path, line, text, hint):
    (tmp_path / "co2.csv").write_text(f"time,kg\n2026-01-01T00:00,0.4\n{line}\n2026-02-01,0.4\n")
    plant, (mistake,) = read(tmp_path, "{electricity: {co2: {csv: co2.csv}}}")
    assert plant is None
    assert mistake.line == 6
    assert f"co2.csv: {text}" in mistake.text
    assert hint in mistake.hint


def test_the_first_and_the_last_co2_that_can_be_told_are_read(tmp_path):
    (tmp_path / "co2.csv").write_text("1970-01-01T12:00,0.5\n2260-12-31T12:00,0.3\n")
    plant, mistakes = read(tmp_path, "{electricity: {co2: {csv: co2.csv, otherwise: 0.4}}}")
    assert mistakes == []
    assert [kg for _, kg in plant.tariffs["electricity"]["co2"].rows] == [0.5, 0.3]


@pytest.mark.parametrize(
    ("carrier", "hint"), [("electricty", "mean `elec"), ("power", "known: el")]
)
def test_a_carrier_that_no_figure_reads_is_told(tmp_path, carrier, hint):
    (mistake,) = read(tmp_path, f'{{{carrier}: {{"00:00-24:00": 0.3}}}}')[1]
    assert mistake.text == f"there is no key `{carrier}` here"
    assert hint in mistake.hint


@pytest.mark.parametrize(
    "told",
    [
        f"{{{DAY}, {NIGHT}, demand_per_kw: 9.5, co2: 0.38}}",
        '{"06:30-07:00": 0.4, "00:00-06:30": -0.1, "07:00-24:00": 0.2}',
        '{"12:00-00:00": 0.4, "00:00-12:00": 0.1}',
        '{co2: {"06:00-22:00": 0.4, otherwise: 0.3}}',
        "{co2: {tag: hall/line1/grid/co2}}",
    ],
)
def test_a_whole_day_is_right(tmp_path, told):
    assert read(tmp_path, f"{{electricity: {told}}}")[1] == []


def test_what_the_plant_file_does_not_say_is_said_to_be_assumed(tmp_path):
    plant, _ = read(tmp_path, "{}")
    price, co2 = assumptions(plant)
    assert "0.18 CHF a kWh is assumed" in price
    assert "0.363 kg is assumed" in co2
    plant, _ = read(tmp_path, '{electricity: {"00:00-24:00": 0.3}}')
    assert assumptions(plant) == [co2]
    plant, _ = read(tmp_path, "{electricity: {co2: {tag: hall/line1/grid/co2}, demand_per_kw: 9}}")
    assert assumptions(plant) == [price]
    assert Tariff.of(plant).assumed
    known = Plant("acme", "site", tariffs={"electricity": {"00:00-24:00": 0.3, "co2": 0.4}})
    assert assumptions(known) == []
