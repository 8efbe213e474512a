"""What was said of the demonstration's past: of its own stops alone, mended, and not of all."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.demo.plantfile import _REASONS
from isthmus.model.reason import Reasons
from isthmus.model.sample import Batch
from isthmus.model.state import Cause, State
from isthmus.runtime.config import load
from isthmus.runtime.demonstrated import BROKE, JAMS, OPEN, say
from isthmus.runtime.stops.book import Book

MINUTE = 60 * 10**9
FILLER = "packaging/line1/filler"
PLANT = f"""
isthmus: 1
enterprise: acme
site: riverside
{_REASONS}
types:
  Machine:
    state: {{from: state, standard: packml}}
    tags: {{state: {{kind: enumeration, legend: packml}},
            cause: {{kind: enumeration, legend: cause}}}}
equipment: {{packaging: {{line1: {{units: {{filler: {{type: Machine}}}}}}}}}}
"""


@pytest.fixture
def plant(tmp_path):
    (tmp_path / "plant.yaml").write_text(PLANT)
    return load(tmp_path / "plant.yaml")


def past(stops):
    """What happened where the filler stood at (minute, minutes, cause)."""
    rows = [(0, State.EXECUTE, 0)]
    for start, length, cause in stops:
        rows += [(start, State.HELD, cause), (start + length, State.EXECUTE, 0)]
    minutes, states, causes = (np.array(column) for column in zip(*rows, strict=True))
    tag = np.repeat(np.array([0, 1], np.int32), len(rows))
    batch = Batch.of(tag, np.tile(minutes * MINUTE, 2), np.concatenate([states, causes]) * 1.0)
    return [([f"{FILLER}/state", f"{FILLER}/cause"], batch, ())]


def test_own_stops_are_said_in_the_lines_words_and_the_newest_long_ones_wait(plant, tmp_path):
    long = [(60 * row, 10, Cause.MICRO_STOP if row % 2 else Cause.BREAKDOWN) for row in range(1, 9)]
    starved = [(60 * row + 30, 20, Cause.STARVED) for row in range(1, 9)]
    book = Book.open(tmp_path, plant.reasons)
    assert say(book, plant, past(sorted(long + starved))) == len(book.entries)
    said = [entry.said for entry in book.entries if entry.said]
    assert {each.start // MINUTE for each in said} == {start for start, *_ in long[:-OPEN]}
    assert all(each.made > each.end for each in said)
    known = {each.name for each in plant.reasons}
    assert {each.reason for each in said} <= known
    assert len({each.by for each in said}) > 1
    mended = [each for each in said if each.before == "people"]
    assert mended, "one person says it better than another"
    again = Book.open(tmp_path, plant.reasons)
    assert again.held(FILLER) == book.held(FILLER)


def test_every_word_is_one_of_the_demonstrations_reasons(plant):
    words = {*BROKE, *(name for names in JAMS.values() for name in names)}
    assert words <= {each.name for each in plant.reasons}


def test_nothing_is_said_where_nothing_stood(plant, tmp_path):
    assert say(Book.open(tmp_path, Reasons(tuple(plant.reasons))), plant, past([])) == 0
