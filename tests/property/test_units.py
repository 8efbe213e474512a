"""Quantities: what is written is what is read, and conversions undo each other."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from isthmus.model.unit import Quantity, Unit, UnitError, compatible, display, seconds, symbols

SYMBOLS = [symbol for symbol in symbols() if symbol != "1"]
units = st.sampled_from(SYMBOLS)
numbers = st.floats(-1e9, 1e9).filter(lambda number: number == 0 or abs(number) > 1e-9)


@given(numbers, units)
def test_a_quantity_written_is_the_quantity_read(number, unit):
    written = Quantity(number, Unit.parse(unit))
    assert Quantity.parse(str(written)) == written


@given(numbers, units, units)
def test_a_conversion_undoes_its_inverse(number, one, other):
    assume(compatible(one, other))
    there = Quantity(number, Unit.parse(one)).to(other)
    back = Quantity(there, Unit.parse(other)).to(one)
    assert math.isclose(back, number, rel_tol=1e-9, abs_tol=1e-6)


@given(units, units, units)
def test_compatible_is_an_equivalence(one, two, three):
    assert compatible(one, one)
    assert compatible(one, two) == compatible(two, one)
    if compatible(one, two) and compatible(two, three):
        assert compatible(one, three)


@given(units, units)
def test_a_quotient_times_its_divisor_is_the_dividend(one, other):
    quotient = Unit.parse(f"{one}/{other}")
    product = Unit.parse(f"{one}/{other}.{other}")
    assert product.dimension == Unit.parse(one).dimension
    assert quotient.dimension == tuple(
        a - b for a, b in zip(Unit.parse(one).dimension, Unit.parse(other).dimension, strict=True)
    )


@given(st.text(max_size=100))
def test_any_text_is_a_quantity_or_a_unit_error(text):
    with suppress(UnitError):
        made = Quantity.parse(text)
        assert math.isfinite(made.value)


@given(st.text(max_size=30))
def test_any_text_is_a_unit_or_a_unit_error(text):
    with suppress(UnitError):
        assert Unit.parse(Unit.parse(text).symbol) == Unit.parse(text)
        assert len(display(text)) <= 2 * len(text)


@pytest.mark.parametrize(
    ("written", "unit", "value"),
    [
        ("120/min", "1/s", 2.0),
        ("120 1/min", "Hz", 2.0),
        ("120 {bottles}/min", "1/s", 2.0),
        ("30 s", "s", 30),
        ("250 ms", "s", 0.25),
        ("1.5 kW", "W", 1500),
        ("400 d", "s", 400 * 86_400),
        ("200 GB", "byte", 200e9),
        ("2 KiB", "byte", 2048),
        ("10 y", "d", 3652.5),
        ("25 degC", "K", 298.15),
        ("77 degF", "degC", 25),
        ("-40 °F", "°C", -40),
        ("1 bar", "kPa", 100),
        ("14.503773773 psi", "bar", 1),
        ("1 kWh", "MJ", 3.6),
        ("3600 m3/h", "m3/s", 1),
        ("7 Nm3/h", "m3/h", 7),
        ("5 N.m", "Nm", 5),
        ("1 m/s2", "mm/s2", 1000),
        ("1 m/s^2", "m/s²", 1),
        ("60 rpm", "Hz", 1),
        ("50 %", "1", 0.5),
        ("1_000 mm", "m", 1),
        ("1e3 mm", "m", 1),
        ("5 mg/m3", "kg/m3", 5e-6),
        ("1 kvar", "W", 1000),
    ],
)
def test_quantities_that_plants_use(written, unit, value):
    assert Quantity.parse(written).to(unit) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ("5 1/mn", "`mn` is not known", "did you mean `1/min`?"),
        ("20 celsius", "`celsius`", "did you mean `degC`?"),
        ("5 kw", "`kw` is no unit", "did you mean `kW`?"),
        ("5 kWh/m4x", "`m4x` is not known", ""),
        ("1,5 kW", "has a comma", "point"),
        ("fast", "no quantity", "number"),
        ("", "no quantity", "number"),
        ("5 m//s", "no unit", "write it like"),
        ("5 m/", "no unit", "write it like"),
        ("1e999 s", "too large", ""),
        ("5 " + "m" * 65, "at most 64", ""),
    ],
)
def test_mistakes_name_what_is_right(written, message, hint):
    with pytest.raises(UnitError, match=message.replace("(", r"\(")) as caught:
        Quantity.parse(written)
    assert hint in caught.value.hint


def test_a_conversion_to_another_dimension_is_refused():
    with pytest.raises(UnitError, match="cannot be read in `s`"):
        Quantity.parse("3 kW").to("s")


def test_units_as_pages_show_them():
    shown = {"degC": "°C", "1/min": "1/min", "m3/h": "m³/h", "um": "µm", "kohm": "kΩ", "1": ""}
    shown |= {"m/s2": "m/s²", "N.m": "N·m", "{bottles}/min": "bottles/min", "Nm3/h": "Nm³/h"}
    assert {unit: display(unit) for unit in shown} == shown


def test_seconds_take_numbers_and_quantities():
    assert seconds("250 ms") == 0.25
    assert seconds("5") == 5
    assert seconds(7) == 7
    with pytest.raises(UnitError):
        seconds("5 kW")
