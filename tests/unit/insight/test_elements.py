"""Elements add up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.insight.elements import ELEMENTS, Elements
from isthmus.model.unit import Unit

HOUR = 3_600 * 10**9


def hours(values):
    start = np.arange(len(values), dtype=np.int64) * HOUR
    return Elements(start, start + HOUR, {"APT": np.array(values, np.float64)})


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3_600)), min_size=1, max_size=50),
)
def test_groups_hold_all_that_their_windows_hold(rows):
    group = np.array([number for number, _ in rows], np.int64)
    found = hours([seconds for _, seconds in rows]).grouped(group)
    expected = {number: 0 for number, _ in rows}
    for number, seconds in rows:
        expected[number] += seconds
    assert found.columns["APT"].tolist() == [expected[number] for number in sorted(expected)]
    assert len(found) == len(expected)


def test_what_one_window_does_not_know_its_group_does_not_know():
    found = hours([1.0, float("nan"), 3.0]).grouped(np.array([0, 0, 1], np.int64))
    assert np.isnan(found.columns["APT"][0])
    assert found.columns["APT"][1] == 3.0
    assert found.start.tolist() == [0, 2 * HOUR]
    assert found.end.tolist() == [2 * HOUR, 3 * HOUR]


def test_no_window_stays_no_window():
    assert len(hours([]).grouped(np.array([], np.int64))) == 0


@pytest.mark.parametrize("element", ELEMENTS.values(), ids=lambda element: element.name)
def test_each_element_has_a_unit_and_a_meaning(element):
    assert Unit.parse(element.unit)
    assert element.title
