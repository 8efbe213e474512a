"""Formulas: what they mean, what they measure, and where they are wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.insight.elements import ELEMENTS, Elements
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.compute import Reason, figures
from isthmus.insight.kpi.formula import FormulaError, names, parse
from isthmus.insight.kpi.measure import Measure, measure
from isthmus.model.kpi import Kpi

KNOWN = {name: Measure.of(each.unit) for name, each in ELEMENTS.items()}


def elements(**columns):
    rows = len(next(iter(columns.values())))
    start = np.arange(rows, dtype=np.int64)
    return Elements(start, start + 1, {k: np.array(v, np.float64) for k, v in columns.items()})


def computed(formula, unit="1", **columns):
    catalogue = Catalogue.of([Kpi("x", "", formula, unit)])
    assert not catalogue.wrong, catalogue.wrong
    found = figures(catalogue, elements(**columns), ["x"])["x"]
    return [found.at(row) for row in range(len(found.value))], found.reason.tolist()


@pytest.mark.parametrize(
    ("formula", "unit", "expected"),
    [
        ("1 + 2 * 3", "1", 7),
        ("(1 + 2) * 3", "1", 9),
        ("8 / 4 / 2", "1", 1),
        ("8 - 4 - 2", "1", 2),
        ("-2 * -3", "1", 6),
        ("--2", "1", 2),
        ("2 - -3", "1", 5),
        ("1.5e3 / .5", "1", 3000),
        ("min(3, 1, 2) + max(4, 5)", "1", 6),
        ("1 h + 30 min", "min", 90),
        ("1 kWh / 1 h", "kW", 1),
        ("50 %", "1", 0.5),
        ("max(1 h, 90 min) / 1 min", "1", 90),
        ("0.4 [kg/kWh] * 10 kWh", "kg", 4),
        ("APT / 1 h", "1", 2),
        ("PQ / APT", "1/h", 50),
    ],
)
def test_a_formula_means_what_is_written(formula, unit, expected):
    values, reasons = computed(formula, unit, APT=[7_200.0], PQ=[100.0])
    assert values == pytest.approx([expected])
    assert reasons == [Reason.NONE]


@pytest.mark.parametrize(
    ("formula", "at", "said"),
    [
        ("", 0, "the end"),
        ("GQ PQ", 3, "`PQ`"),
        ("(GQ", 3, "the end"),
        ("GQ)", 2, "`)`"),
        ("GQ + + PQ", 5, "`+`"),
        ("GQ ** 2", 4, "`*`"),
        ("exec(GQ)", 0, "no function `exec`"),
        ("GQ.real", 2, "`.`"),
        ("GQ; PQ", 2, "`;`"),
        ("EN + APT", 3, "an energy and a time"),
        ("GQ + APT / 1 h + EN", 15, "a plain number and an energy"),
        ("min(APT, GQ)", 0, "a time and a plain number"),
        ("3 apples", 0, "no unit"),
        ("20 degC * 2", 0, "zero of its own"),
        ("GQ / apt", 5, "no `apt`"),
        ("(" * 60 + "1" + ")" * 60, 50, "too many brackets"),
        ("1 +" * 500, 1_000, "at most 1000"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(formula, at, said):
    with pytest.raises(FormulaError) as caught:
        measure(parse(formula), KNOWN)
    assert caught.value.at == at
    assert said in str(caught.value)
    assert caught.value.hint


def test_nothing_nested_deep_costs_the_interpreter():
    with pytest.raises(FormulaError):
        parse("min(" * 300 + "1")
    with pytest.raises(FormulaError, match="at most 200"):
        parse("1+" * 300 + "1")
    assert computed("-" * 198 + "1", GQ=[0])[0] == [1]
    assert computed("1+" * 99 + "1", GQ=[0])[0] == [100]


def test_a_denominator_of_zero_gives_nothing_and_says_so():
    assert computed("GQ / PQ", GQ=[0, 0, 1], PQ=[0, 4, 4]) == (
        [None, 0, 0.25],
        [Reason.UNDEFINED, Reason.NONE, Reason.NONE],
    )


def test_what_is_not_known_or_not_told_is_no_zero():
    nan = float("nan")
    assert computed("GQ + SQ", GQ=[1, nan], SQ=[1, 1])[1] == [Reason.NONE, Reason.UNKNOWN]
    assert computed("GQ + RQ", GQ=[1, 1])[1] == [Reason.ABSENT] * 2
    assert computed("0 * RQ", GQ=[1, 1])[1] == [Reason.ABSENT] * 2
    assert computed("0 * (1 / GQ)", GQ=[0, nan])[1] == [Reason.NONE, Reason.UNKNOWN]


def test_what_no_number_holds_is_undefined():
    assert computed("GQ * GQ", GQ=[1e300])[1] == [Reason.UNDEFINED]
    assert computed("GQ - GQ * 1", GQ=[float("inf")])[1] == [Reason.UNKNOWN]


numbers = st.integers(-50, 50).map(float)
trees = st.recursive(
    st.one_of(
        st.integers(0, 50).map(str),
        st.sampled_from(["GQ", "SQ", "PQ"]),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        ),
        inner.map(lambda text: f"(-{text})"),
    ),
    max_leaves=12,
)


@given(trees, st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=4))
def test_columns_give_what_python_gives_row_by_row(text, rows):
    columns = dict(zip(("GQ", "SQ", "PQ"), zip(*rows, strict=True), strict=True))
    values, reasons = computed(text, **columns)
    for row, value, reason in zip(rows, values, reasons, strict=True):
        known = dict(zip(("GQ", "SQ", "PQ"), row, strict=True))
        try:
            expected = float(eval(text, {"min": min, "max": max}, known))
        except ZeroDivisionError:
            continue  # zero times nothing is decided elsewhere
        assert reason == Reason.NONE
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(st.text(max_size=40))
def test_any_text_is_a_formula_or_a_mistake_with_a_place(text):
    place, found = 0, []
    try:
        found = list(names(parse(text)))
    except FormulaError as error:
        place = error.at
    assert 0 <= place <= len(text)
    assert all(text[each.at :].startswith(each.name) for each in found)
