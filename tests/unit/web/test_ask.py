"""What routes check of a question before they look anything up."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.model.plant import Equipment, Level, Plant
from isthmus.model.tag import Namespace, Tag
from isthmus.web.ask import LONGEST, Problem, line_of, month, tag_ids, time_range

PATHS = ["hall/line1/press/force", "hall/line1/press/count", "hall/line1/oven/temperature"]


@pytest.fixture(scope="module")
def app():
    """As much of a site as these questions look at."""
    namespace = Namespace()
    for path in PATHS:
        namespace.bind(Tag(path))
    press = Equipment("hall/line1/press", Level.WORK_UNIT)
    line = Equipment("hall/line1", Level.WORK_CENTER, children=(press,))
    hall = Equipment("hall", Level.AREA, children=(line,))
    return SimpleNamespace(namespace=namespace, plant=Plant("acme", "riverside", areas=(hall,)))


def test_tags_are_named_by_id_or_path(app):
    ids = tag_ids(app, f"2,{PATHS[0]},,1")
    assert ids.dtype == np.int32
    assert ids.tolist() == [2, app.namespace.id(PATHS[0]), 1]


def asked(question, *given):
    """The answer, else the problem."""
    try:
        return question(*given), None
    except Problem as problem:
        return None, problem


@given(st.text(max_size=200))
def test_any_text_gives_ids_of_tags_or_a_problem(app, text):
    ids, problem = asked(tag_ids, app, text)
    if problem:
        assert problem.code in (404, 422)
        assert problem.error
        assert problem.hint
    else:
        assert ((ids >= 0) & (ids < len(PATHS))).all()


@given(st.floats(), st.floats())
def test_any_two_numbers_give_a_range_or_a_problem(start, end):
    span, problem = asked(time_range, start, end)
    if problem:
        assert problem.code == 422
    else:
        first, last = span
        assert 0 <= first <= last
        assert last - first <= LONGEST * 1e6 + 1
        assert last < 2**63


def test_only_a_work_center_is_a_line(app):
    assert line_of(app, "hall/line1").path == "hall/line1"
    for path in ("hall", "hall/line1/press"):
        with pytest.raises(Problem, match="is no line") as refused:
            line_of(app, path)
        assert "hall/line1" in refused.value.hint
    with pytest.raises(Problem) as unknown:
        line_of(app, "hall/line2")
    assert unknown.value.hint == "did you mean `hall/line1`?"


def test_a_plant_without_a_line_says_what_to_write(app):
    assert line_of(app, "").path == "hall/line1", "a work center is a line, though without a flow"
    empty = SimpleNamespace(namespace=app.namespace, plant=Plant("acme", "riverside"))
    with pytest.raises(Problem) as refused:
        line_of(empty, "")
    assert "plant.yaml" in refused.value.hint


def test_what_reads_all_samples_is_asked_of_a_month_at_most():
    day = 86_400_000.0
    assert month(0, 32 * day)[1] == 32 * 86_400 * 10**9
    with pytest.raises(Problem, match="32 days"):
        month(0, 33 * day)
