"""Aggregates give what OPC UA Part 13 publishes in its Annex A."""

import re
from pathlib import Path

import numpy as np
import pytest

from isthmus.historian.memory import Memory
from isthmus.historian.query.aggregate import Wish, aggregate
from isthmus.historian.query.functions import FUNCTIONS
from isthmus.historian.query.rules import PARTIAL, Rules
from isthmus.historian.query.step import Intervals
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId
from isthmus.model.tag import Tag

CASES = Path(__file__).parents[2] / "cases" / "part13"
NOON = 1_800_000_000 * 10**9  # any day
SECOND = 10**9
RESULTS = (CASES / "results.txt").read_text("utf-8").splitlines()


def histories():
    found = {}
    for line in (CASES / "histories.txt").read_text("utf-8").splitlines():
        settings, _, samples = line.partition(" : ")
        name, shape, uncertain, bad, good = settings.split()
        rules = Rules(
            treat_uncertain_as_bad=uncertain == "uncertain-is-bad",
            percent_data_bad=int(bad),
            percent_data_good=int(good),
        )
        memory = Memory()
        for number, word in enumerate(samples.split()):
            at, _, value = word.partition("=")
            quality = Status.BAD if value == "bad" else Status.UNCERTAIN * value.endswith("?")
            row = Batch.of(
                [TagId(7)],
                Nanoseconds(NOON + int(at) * SECOND),
                [np.nan if value == "bad" else float(value.strip("?"))],
                int(quality),
            )
            memory.append(row, stream="s", position=number)
        found[name] = memory, rules, shape == "sloped"
    return found


HISTORIES = histories()


def told(value, status, time):
    """A result as the case files write it, without its value."""
    if status == Status.BAD_NO_DATA:
        return "-"
    at = f"@{(time - NOON) // SECOND}" if time is not None else ""
    if status & 0xFFFF_0000 == Status.BAD:
        return f"bad{at}"
    assert status & 0x0C00 == 0x0400, "an info bit says that it is of a history value"
    letters = {0: "G", 1: "U"}[status >> 30]
    letters += {0: "", 1: "C", 2: "I"}[status & 3]
    letters += "M" * bool(status & 0x10) + "P" * bool(status & PARTIAL & 0xF)
    return letters + at


@pytest.mark.parametrize("line", RESULTS, ids=lambda line: "-".join(line.split()[:2]))
def test_the_examples_of_the_standard_come_out(line):
    head, _, results = line.partition(" : ")
    name, history, seconds = head.split()
    memory, rules, sloped = HISTORIES[history]
    edges = np.append(np.arange(0, 100, int(seconds)), 100) * SECOND + NOON
    intervals = Intervals(edges, *np.array([[True, False]] * (len(edges) - 1)).T)
    wish = Wish([name], rules, sloped=sloped)
    column = aggregate(memory, {TagId(7): Tag("a/b")}, intervals, wish).columns[name]
    expected = results.split()
    assert expected
    for place, word in enumerate(expected):
        time = None if column.time is None else int(column.time[0, place])
        value, status = column.value[0, place], int(column.status[0, place])
        letters = told(value, status, time if "@" in word else None)
        found = re.match(r"[\d.]+", word)
        where = f"{name} of history {history} from {place * int(seconds)} s"
        assert letters == word[found.end() if found else 0 :], where
        if found:
            assert value == pytest.approx(float(found[0]), abs=6e-4), where
        else:
            assert np.isnan(value), where


def test_the_annex_is_used_for_most_of_the_standards_aggregates():
    assert len({line.split()[0] for line in RESULTS}) >= 14
    assert len(FUNCTIONS) == 36
