"""What a counter grew while nobody looked: where it is put, and that none is lost by it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.insight.told import BAD, S, series

from isthmus.insight.counter import Growth
from isthmus.insight.unseen import Course, shared, straddled
from isthmus.model.tag import Counter

END = 7200


def course(stood=(), off=(), ran=True):
    """A unit that ran but for stretches (from, to) in s; work was planned but for `off`."""
    edges = sorted({0, *(edge for each in (*stood, *off) for edge in each)})
    inside = [
        np.array([any(first <= edge < last for first, last in each) for edge in edges])
        for each in (stood, off)
    ]
    runs = ~inside[0] if ran else np.zeros(len(edges), np.bool_)
    return Course(np.array(edges, np.int64) * S, END * S, inside[0], runs, ~inside[1])


def counter(gap, still=(END, END)):
    """A counter told every 10 s: one piece each, but for `still`; unseen in `gap`."""
    rows, height = [], 0
    for at in range(0, END, 10):
        height += not still[0] <= at < still[1]
        rows.append((at, height, BAD if gap[0] <= at < gap[1] else 0))
    return Growth.of(series(rows, 0, END), Counter())


def made(growth, *edges):
    return np.diff(growth.until(np.array(edges, np.int64) * S))


def test_nothing_grew_while_the_unit_stood():
    seen = counter((3010, 3600), still=(3100, 3400))
    assert made(seen, 3100, 3400)[0] > 10  # straight: half of what came of it is not true
    found = shared(seen, course(stood=[(3100, 3400)]))
    assert made(found, 3100, 3400).tolist() == [0]
    assert made(found, 3000, 3100, 3400, 3600) == pytest.approx([10, 0, 20], abs=1)


def test_a_break_that_begins_unseen_makes_what_was_seen_of_it():
    """The unit tells that it runs, break or not; its counter stands still in it."""
    seen = counter((3450, 3750), still=(3600, 4800))
    found = shared(seen, course(off=[(3600, 4800)]))
    assert made(found, 3400, 3600, 3800) == pytest.approx([19, 0], abs=0.1)
    assert made(seen, 3400, 3600, 3800) == pytest.approx([11.7, 7.3], abs=0.1)


def test_a_break_in_which_it_went_on_keeps_its_pieces():
    seen = counter((3450, 3750))
    found = shared(seen, course(off=[(3600, 4800)]))
    assert made(found, 3600, 3700) == pytest.approx([10], abs=0.5)


def test_of_a_break_that_nobody_saw_nothing_is_taken_for_granted():
    seen = counter((3450, 5000), still=(3600, 4800))
    found = shared(seen, course(off=[(3600, 4800)], ran=False))
    assert made(found, 3440, 3600, 4800, 5000) == pytest.approx([16, 0, 20], abs=1)


def test_a_counter_that_grew_though_its_unit_stood_is_left_straight():
    seen = counter((3010, 3600))
    assert shared(seen, course(stood=[(2500, 3100), (3100, 4000)])).until(
        np.array([3300]) * S
    ) == pytest.approx(seen.until(np.array([3300]) * S))


def test_a_piece_on_the_edge_of_a_break_is_of_the_work_before_it():
    rows = [(at, at // 10 if at <= 3600 else 360, 0) for at in range(5, END, 10)]
    found = shared(Growth.of(series(rows, 0, END), Counter()), course(off=[(3600, 4800)]))
    assert made(found, 5, 3600, 4800) == pytest.approx([360, 0], abs=0.05)


@given(
    st.integers(0, END // 10).flatmap(
        lambda a: st.tuples(st.just(a), st.integers(a, END // 10 + 1))
    ),
    st.lists(st.tuples(st.integers(0, END - 1), st.integers(1, 2000)), max_size=4),
    st.lists(st.tuples(st.integers(0, END - 1), st.integers(1, 2000)), max_size=2),
    st.booleans(),
)
def test_sharing_loses_nothing_and_never_goes_down(gap, stood, off, ran):
    seen = counter((10 * gap[0], 10 * gap[1]))
    stretches = [[(at, min(END, at + size)) for at, size in each] for each in (stood, off)]
    found = shared(seen, course(*stretches, ran=ran))
    assert (np.diff(found.time) >= 0).all()
    assert (np.diff(found.total) >= -1e-9).all()
    assert found.sum == seen.sum
    if seen.known:  # what was seen stays where it was seen
        assert found.until(seen.time) == pytest.approx(seen.total)


def test_what_straddles_an_edge_is_told():
    seen = counter((3010, 3600))
    edges = np.array([0, 3300, END]) * S
    assert straddled(seen, edges) == pytest.approx(60, abs=1)
    assert straddled(seen, np.array([0, 3000, 3600, END]) * S) == 0
