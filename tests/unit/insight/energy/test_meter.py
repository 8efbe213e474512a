"""Computed meters: what adds up, what is left over, what is shared out; and the tree."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.insight.energy.meter import computed, tree
from isthmus.model.meter import Meter

kwh = st.lists(st.integers(0, 10**6), min_size=4, max_size=4).map(
    lambda told: np.array(told, float)
)
LINE = Meter("line", ("a/filler", "a/packer"))
REST = Meter("rest", ("a/main",), ("line", "a/air"))


@given(st.fixed_dictionaries(dict.fromkeys(("a/main", "a/filler", "a/packer", "a/air"), kwh)))
def test_parts_and_the_rest_are_the_whole(measured):
    found = computed([REST, LINE], measured, {})
    np.testing.assert_array_equal(
        found["rest"] + found["line"] + measured["a/air"], measured["a/main"]
    )


@given(kwh, st.lists(kwh, min_size=2, max_size=4))
def test_what_is_shared_by_a_key_is_shared_whole(whole, grown):
    growth = {f"key{number}": column for number, column in enumerate(grown)}
    shares = [Meter(f"to {key}", ("air",), key=key, among=tuple(growth)) for key in growth]
    found = computed(shares, {"air": whole}, growth)
    total = sum(found[share.name] for share in shares)
    np.testing.assert_allclose(total, whole, rtol=1e-12)


@given(kwh, st.integers(0, 3), st.sampled_from(["a/main", "a/filler", "a/air"]))
def test_a_silent_part_makes_the_whole_unknown_and_not_small(told, at, silent):
    measured = {name: told.copy() for name in ("a/main", "a/filler", "a/packer", "a/air")}
    measured[silent][at] = np.nan
    found = computed([LINE, REST], measured, {})
    assert np.isnan(found["rest"]).tolist() == [row == at for row in range(4)]
    assert np.isnan(found["line"][at]) == (silent == "a/filler")


def test_a_fixed_share_and_one_by_key_of_a_counter_that_is_silent():
    half = Meter("half", ("air",), share=0.5)
    by_key = Meter("by_key", ("half",), key="a", among=("a", "b"))
    air = np.array([10.0, 10.0])
    growth = {"a": np.array([1.0, 1.0]), "b": np.array([3.0, np.nan])}
    found = computed([by_key, half], {"air": air}, growth)
    assert found["half"].tolist() == [5, 5]
    assert found["by_key"][0] == pytest.approx(1.25)
    assert np.isnan(found["by_key"][1])


def test_the_tree_has_every_meter_once_below_what_it_is_a_part_of():
    share = Meter("air_line", ("a/air",), share=0.6)
    nodes = tree([REST, LINE, share])
    assert [(each.name, each.how, each.depth, each.parent) for each in nodes] == [
        ("a/main", "measured", 0, ""),
        ("line", "sum", 1, "a/main"),
        ("a/filler", "measured", 2, "line"),
        ("a/packer", "measured", 2, "line"),
        ("a/air", "measured", 1, "a/main"),
        ("air_line", "share", 2, "a/air"),
        ("rest", "rest", 1, "a/main"),
    ]
