"""The guide's table of aggregates is what they are, and has every word."""

import re
from pathlib import Path

import numpy as np
import pytest

from isthmus.historian.memory import Memory
from isthmus.historian.query.aggregate import Wish, aggregate
from isthmus.historian.query.step import Intervals
from isthmus.historian.query.words import STATES, WORDS
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId
from isthmus.model.tag import Tag

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "ask-history.md"
ROW = re.compile(r"^\| `([\w-]+)` \|\s*([\d.]*)\s*\| .+ \|\s*(\w*)\s*\|$", re.MULTILINE)
SIX, MINUTE = 1_800_000_000 * 10**9, 60 * 10**9


@pytest.fixture(scope="module")
def told():
    return {word: (value, name) for word, value, name in ROW.findall(GUIDE.read_text("utf-8"))}


def test_every_word_is_in_the_guide_with_the_name_of_the_standard(told):
    assert {word: name for word, (_, name) in told.items()} == {
        word: found.function for word, found in WORDS.items()
    }


@pytest.mark.parametrize("word", [word for word in WORDS if word != STATES])
def test_the_hour_of_the_guide_is_aggregated_as_it_says(told, word):
    memory = Memory()
    samples = re.findall(
        r"^\| 06:(\d\d) \|\s*(\d*)\s*\| (good|bad)", GUIDE.read_text("utf-8"), re.MULTILINE
    )
    for number, (minute, value, quality) in enumerate(samples):
        row = Batch.of(
            [TagId(0)],
            Nanoseconds(SIX + int(minute) * MINUTE),
            [float(value or "nan")],
            0 if quality == "good" else int(Status.BAD_NO_COMMUNICATION),
        )
        memory.append(row, stream="s", position=number)
    end = Nanoseconds(SIX + 60 * MINUTE)
    hour = Intervals.whole(Nanoseconds(SIX), end)
    answer = aggregate(memory, {TagId(0): Tag("a/power")}, hour, Wish([word], now=end))
    assert np.round(answer.columns[word].value[0, 0], 4) == float(told[word][0])
