"""Figures of what is kept of a history are those of all of it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.figures.memory import HOUR, START, S, line_of, records, unit

from isthmus.model.plant import Calendar, Shift
from isthmus.model.sample import Nanoseconds, Status
from isthmus.runtime.figures.condensed import Condensed
from isthmus.runtime.figures.elements import elements
from isthmus.runtime.figures.key_figures import elements_of
from isthmus.runtime.figures.read import Window

LINE = line_of(unit("a", "state", "speed"), unit("b", "state", "scrap_count"))
ROLES = ("state", "cause", "good_count", "scrap_count", "energy")
SHIFTS = Calendar(
    "two",
    tuple(
        Shift(name, at * 60, (at + 3) * 60, frozenset(range(7)))
        for name, at in (("a", 0), ("b", 3))
    ),
    breaks=((65, 75),),
)
moments = st.integers(0, 40)


def at(second):
    return Nanoseconds(START + second * S)


def windows(edges):
    return [Window("", at(first), at(last)) for first, last in pairwise(edges)]


@given(
    st.lists(st.tuples(st.integers(0, 2), moments), max_size=40, unique=True),
    st.tuples(moments, moments).map(sorted),
    st.lists(
        st.tuples(st.sets(st.integers(0, 3), min_size=1), st.tuples(moments, moments).map(sorted)),
        min_size=1,
        max_size=4,
    ),
)
def test_what_changes_is_told_as_history_tells_it(rows, window, asked):
    names = ("a/state", "a/speed", "b/state")
    told = {}
    for number, name in enumerate(names):
        times = sorted(second for which, second in rows if which == number)
        told[name] = (times, [float(second) for second in times])
    kept = records(LINE, told, end=HOUR)
    tags = [tag for each in LINE.children for tag in each.tags][:3]
    some = Condensed.of(kept, tags, Window("", at(window[0]), at(window[1])), [], [])
    for ids, (start, end) in asked:
        numbers = np.array(sorted(ids), np.int32)
        for mine, his in (
            (
                some.raw(numbers, at(start), at(end)),
                kept.historian.raw(numbers, at(start), at(end)),
            ),
            (some.before(numbers, at(start)), kept.historian.before(numbers, at(start))),
        ):
            assert mine.tag.tolist() == his.tag.tolist()
            assert mine.time.tolist() == his.time.tolist()
            assert mine.value.tolist() == his.value.tolist()


def test_elements_of_many_weeks_are_those_of_each_place_alone():
    every = np.arange(0, 90 * 86_400, 1_800)
    down = (every // 1_800) % 7 == 3
    told = {
        "a/state": (every, np.where(down, 9.0, 6.0)),
        "a/good_count": (every, np.cumsum(~down).astype(float)),
        "b/state": (every, np.where(down, 5.0, 6.0)),
    }
    line = line_of(unit("a", "state", "good_count"), unit("b", "state", "scrap_count"))
    kept = records(line, told, end=90 * 86_400 * S)
    asked = windows(range(0, 90 * 86_400 + 1, 8 * 3_600))
    places = (line, *line.children)
    for place, found in zip(places, elements_of(kept, places, asked), strict=True):
        alone = elements(kept, place, asked)
        assert found.columns.keys() == alone.columns.keys()
        for name, column in alone.columns.items():
            assert found.columns[name] == pytest.approx(column, nan_ok=True), name
    assert elements_of(kept, places, []) == [None] * 3


@given(
    st.integers(0, 2**32),
    st.lists(st.tuples(st.integers(0, 21_000), st.integers(1, 1_500)), max_size=3),
    st.lists(st.integers(0, 21_590), max_size=2),
    st.lists(st.integers(1, 21_599), max_size=3),
    st.sampled_from([1, 2, 7]),
    st.sampled_from([None, 400.0]),
)
@settings(max_examples=30, deadline=None)
def test_a_counter_of_every_second_is_told_by_few_samples(seed, gaps, resets, cuts, every, startup):
    """With gaps, resets and bad samples, in windows that begin anywhere."""
    chance = np.random.default_rng(seed)
    seconds = np.arange(0, 6 * 3_600, every)
    kept = np.ones(len(seconds), np.bool_)
    bad = np.zeros(len(seconds), np.bool_)
    for number, (first, length) in enumerate(gaps):
        inside = (seconds >= first) & (seconds < first + length)
        kept[inside], bad[inside] = number % 2, number % 2
    told = {}
    for name in ("a", "b"):
        ran = np.repeat(chance.random(len(seconds) // 100 + 1) < 0.8, 100)[: len(seconds)]
        good, scrap = (np.cumsum(ran & (chance.random(len(seconds)) < p)) for p in (0.9, 0.05))
        for reset in resets:
            after = seconds >= reset
            good = good - after * good[after][0]
        columns = {"state": np.where(ran, 6.0, 5.0), "cause": np.where(ran, 0.0, 4.0)}
        columns |= {"good_count": good, "scrap_count": scrap, "energy": seconds * 0.25}
        quality = np.where(bad, Status.BAD, Status.GOOD).astype(np.uint32)[kept]
        for role, column in columns.items():
            told[f"{name}/{role}"] = (seconds[kept], column[kept], quality)
    units = [replace(unit(name, *ROLES), calendar="two", startup=startup) for name in ("a", "b")]
    line = line_of(*units, calendar="two")
    some = records(line, told, end=6 * HOUR, calendar=SHIFTS)
    asked = windows(sorted({0, 10_800, 21_600, *cuts}))
    places = (line, *units)
    for place, found in zip(places, elements_of(some, places, asked), strict=True):
        for name, column in elements(some, place, asked).columns.items():
            assert found.columns[name] == pytest.approx(column, abs=1e-6, nan_ok=True), name


def test_of_a_day_of_every_second_few_samples_are_kept():
    seconds = np.arange(86_400)
    told = {"a/good_count": (seconds, seconds * 1.0), "a/state": (seconds, seconds // 600 * 1.0)}
    line = line_of(unit("a", "state", "good_count"))
    some = records(line, told, end=24 * HOUR)
    day = Window("", at(0), at(86_400))
    kept = Condensed.of(some, line.children[0].tags, day, windows([0, 43_200, 86_400]), [line])
    assert [len(rows) for rows in kept.rows.values()] == [144, 1_730]
