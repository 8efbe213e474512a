"""The small words of the model: tags, names, the tree, states, the pace of time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.model.clock import Pace
from isthmus.model.errors import Mistake
from isthmus.model.plant import Equipment, Level, Plant, Step
from isthmus.model.state import CAUSE, LEGENDS, PACKML, State
from isthmus.model.tag import Namespace, Tag

FILLER = Equipment(
    "packaging/line1/filler",
    Level.WORK_UNIT,
    tags=(Tag("packaging/line1/filler/zustand", role="state"), Tag("packaging/line1/filler/speed")),
)
LINE = Equipment(
    "packaging/line1", Level.WORK_CENTER, children=(FILLER,), flow=(Step(FILLER.path),)
)
PLANT = Plant("acme", "riverside", areas=(Equipment("packaging", Level.AREA, children=(LINE,)),))


def test_a_tag_is_found_by_role_before_name():
    assert FILLER.tag("state").name == "zustand"
    assert FILLER.tag("speed").equipment == FILLER.path
    assert FILLER.tag("power") is None


def test_the_plant_is_walked_parents_first():
    assert [found.path for found in PLANT.walk()] == ["packaging", LINE.path, FILLER.path]
    assert PLANT.equipment(FILLER.path) is FILLER
    assert PLANT.equipment("packaging/line2") is None
    assert list(PLANT.lines()) == [LINE]
    assert list(PLANT.tags()) == list(FILLER.tags)


@given(st.lists(st.sampled_from("abcdef")))
def test_ids_are_dense_and_stay(paths):
    names = Namespace()
    ids = {path: names.bind(Tag(path)) for path in paths}
    assert sorted(ids.values()) == list(range(len(set(paths))))
    assert all(names.bind(Tag(path, unit="kW")) == ids[path] for path in paths)
    assert all(names[ids[path]].unit == "kW" for path in paths)
    assert list(names.paths()) == list(dict.fromkeys(paths))
    assert all((path in names, names.id(path)) == (True, ids[path]) for path in paths)
    assert names.id("z") is None
    assert len(names) == len(set(paths))


def test_states_are_numbered_as_packml_does():
    assert (PACKML[6], PACKML[4], PACKML[9]) == ("execute", "idle", "aborted")
    assert len(PACKML) == 17
    assert State.UNKNOWN not in PACKML
    assert CAUSE[1] == "starved"
    assert set(LEGENDS) == {"packml", "cause", "boolean"}


@given(st.integers(0, 2**60), st.integers(0, 2**60), st.floats(0.1, 1000))
def test_a_pace_reads_back(wall, plant, rate):
    pace = Pace(wall, plant, rate)
    assert Pace.parse(pace.text()) == pace
    assert pace.at(wall) == plant


def test_a_pace_runs_at_its_rate():
    assert Pace(100, 1000, 60.0).at(101) == 1060
    with pytest.raises(ValueError, match="not enough values"):
        Pace.parse("now")


def test_a_mistake_reads_as_compilers_write():
    assert str(Mistake("plant.yaml", 7, "wrong")) == "plant.yaml:7: wrong"
