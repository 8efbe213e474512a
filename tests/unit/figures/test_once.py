"""History that is read once answers as history does, and figures do not change by it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.figures.memory import HOUR, START, S, line_of, records, unit

from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.elements import elements
from isthmus.runtime.figures.key_figures import elements_of
from isthmus.runtime.figures.once import Once
from isthmus.runtime.figures.read import Window

LINE = line_of(unit("a", "state", "good_count"), unit("b", "state", "scrap_count"))
moments = st.integers(0, 40)


def at(second):
    return Nanoseconds(START + second * S)


@given(
    st.lists(st.tuples(st.integers(0, 2), moments), max_size=40, unique=True),
    st.tuples(moments, moments).map(sorted),
    st.lists(
        st.tuples(st.sets(st.integers(0, 3), min_size=1), st.tuples(moments, moments).map(sorted)),
        min_size=1,
        max_size=4,
    ),
)
def test_it_answers_as_history_does(rows, window, asked):
    names = ("a/state", "a/good_count", "b/state")
    told = {}
    for number, name in enumerate(names):
        times = sorted(second for which, second in rows if which == number)
        told[name] = (times, [float(second) for second in times])
    kept = records(LINE, told, end=HOUR)
    tags = [tag for each in LINE.children for tag in each.tags][:3]
    once = Once.of(kept, tags, Window("", at(window[0]), at(window[1])))
    for ids, (start, end) in asked:
        numbers = np.array(sorted(ids), np.int32)
        for mine, his in (
            (
                once.raw(numbers, at(start), at(end)),
                kept.historian.raw(numbers, at(start), at(end)),
            ),
            (once.before(numbers, at(start)), kept.historian.before(numbers, at(start))),
        ):
            assert mine.tag.tolist() == his.tag.tolist()
            assert mine.time.tolist() == his.time.tolist()
            assert mine.value.tolist() == his.value.tolist()


def test_nothing_known_is_asked_of_history_itself():
    kept = records(LINE, {}, end=HOUR)
    assert Once.of(kept, [None], Window("", at(0), at(9))) is kept.historian


def test_elements_of_many_weeks_are_those_of_each_place_alone():
    every = np.arange(0, 30 * 86_400, 1_800)
    down = (every // 1_800) % 7 == 3
    told = {
        "a/state": (every, np.where(down, 9.0, 6.0)),
        "a/good_count": (every, np.cumsum(~down).astype(float)),
        "b/state": (every, np.where(down, 5.0, 6.0)),
    }
    kept = records(LINE, told, end=30 * 86_400 * S)
    edges = [at(second) for second in range(0, 30 * 86_400 + 1, 8 * 3_600)]
    windows = [Window("", first, last) for first, last in pairwise(edges)]
    places = (LINE, *LINE.children)
    for place, found in zip(places, elements_of(kept, places, windows), strict=True):
        alone = elements(kept, place, windows)
        assert found.columns.keys() == alone.columns.keys()
        for name, column in alone.columns.items():
            assert found.columns[name] == pytest.approx(column, nan_ok=True), name
    assert elements_of(kept, places, []) == [None] * 3
