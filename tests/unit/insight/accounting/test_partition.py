"""Partitions of time: cases computed by hand, and what must hold for any data."""

from datetime import datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.insight.told import SAMPLES, S, series

from isthmus.insight.accounting.accounts import Accounts
from isthmus.insight.accounting.partition import Orders, Partition
from isthmus.insight.accounting.rules import Rules, TimeElement
from isthmus.insight.accounting.timetable import Timetable
from isthmus.model.plant import Calendar, Maintenance, Shift
from isthmus.model.plantfile import CalendarEntry
from isthmus.model.sample import Nanoseconds
from isthmus.model.state import Cause, State

CASES = sorted((Path(__file__).parents[3] / "cases" / "accounting").glob("*.yaml"))
ZONE = ZoneInfo("Europe/Berlin")
UTC = ZoneInfo("UTC")
DAILY = frozenset(range(7))
# Minutes after 1970-01-01, so that seconds of the told samples fall into shifts and breaks.
WORK = Calendar(
    "work",
    (Shift("one", 0, 20, DAILY), Shift("two", 20, 60, DAILY)),
    breaks=((10, 15),),
    maintenance=(Maintenance(40, 45, days=DAILY),),
)
MINUTE = 60


def moment(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_a_case_computed_by_hand(file):
    case = yaml.safe_load(file.read_text())
    told = case["calendar"]
    told["holidays"] = [str(day) for day in told.get("holidays", [])]
    calendar = CalendarEntry.model_validate(told).calendar("case")
    start, end = moment(case["from"]), moment(case["to"])
    rows = sorted((moment(at), State[state.upper()], 0) for at, state, _ in case["told"])
    causes = sorted((moment(at), Cause[cause.upper()], 0) for at, _, cause in case["told"])
    accounts = Accounts.of(series(rows, start, end), series(causes, start, end))
    timetable = Timetable.of(calendar, Nanoseconds(start * S), Nanoseconds(end * S), ZONE)
    found = Partition.of(accounts, timetable)
    for first, last, minutes, counts in case["minutes"]:
        row = found.elements(*(np.array([moment(each) * S]) for each in (first, last))).columns
        assert {name: row[name][0] / 60 for name in minutes} == minutes
        assert {name: row[name][0] for name in counts} == counts


def parted(states, causes, start=0, end=100, *, calendar=WORK, rules=None):
    """A partition; each second of the samples stands for half a minute."""
    rows, why = ([(30 * at, *rest) for at, *rest in each] for each in (states, causes))
    span = (30 * start, 30 * end)
    accounts = Accounts.of(series(rows, *span), series(why, *span))
    bounds = (Nanoseconds(each * S) for each in span)
    return Partition.of(accounts, Timetable.of(calendar, *bounds, UTC), rules)


@given(SAMPLES, SAMPLES)
def test_every_moment_is_of_one_element(states, causes):
    found = parted(states, causes)
    assert (found.start[0], found.end[-1]) == (0, 3000 * S)
    assert (found.start[1:] == found.end[:-1]).all()
    assert (found.end > found.start).all()
    row = found.elements(np.array([0]), np.array([3000 * S])).columns
    parts = ("PMT", "NOT", "APT", "AUST", "STARVED", "BLOCKED", "MICRO", "ADOT", "UNKNOWN")
    left_out = np.isin(found.element, (TimeElement.OFF, TimeElement.PAUSE))
    rest = (found.end - found.start)[left_out].sum() / 1e9
    assert sum(row[name][0] for name in parts) + rest == row["CAL"][0] == 3000
    assert row["POT"][0] == 45 * MINUTE  # 50 minutes, less the break
    assert row["PBT"][0] <= row["POT"][0]


@given(SAMPLES, SAMPLES, st.sets(st.integers(0, 3000), max_size=6))
def test_parts_of_a_window_add_up_to_it(states, causes, cuts):
    found = parted(states, causes)
    edges = np.array([0, *sorted(cuts - {0, 3000}), 3000]) * S
    parts = found.elements(edges[:-1], edges[1:])
    whole = found.elements(edges[:1], edges[-1:])
    for name, of in whole.columns.items():
        assert parts.columns[name].sum() == pytest.approx(of[0])
    grouped = parts.grouped(np.zeros(len(parts), np.int64))
    assert grouped.columns["APT"] == pytest.approx(whole.columns["APT"])


@given(SAMPLES, SAMPLES, st.integers(1, 99))
def test_reading_in_two_parts_changes_nothing(states, causes, cut):
    whole = Accounts.of(series(states, 0, 100), series(causes, 0, 100))

    def held(rows):
        return [row for row in rows if row[0] <= cut][-1:]

    left = Accounts.of(series(states, 0, cut), series(causes, 0, cut))
    right = Accounts.of(
        series(states, cut, 100, held(states)), series(causes, cut, 100, held(causes))
    )
    both = Accounts.joined([left, right])
    for name in ("start", "end", "state", "cause"):
        assert (getattr(both, name) == getattr(whole, name)).all()


@given(SAMPLES, SAMPLES, st.integers(20, 80))
@settings(max_examples=60)
def test_a_stop_cut_by_what_was_read_counts_as_long_as_it_is(states, causes, cut):
    """A margin as long as a short stop tells enough of what goes on beyond the window."""
    rules = Rules(micro=300 * S)
    whole = parted(states, causes, rules=rules)
    kept = [row for row in states if row[0] < cut + 10]
    seen = parted(kept, causes, 0, min(cut + 10, 100), rules=rules)
    window = (np.array([0]), np.array([cut * 30 * S]))
    for name in ("MICRO", "ADOT", "STOPS", "FAILURES"):
        assert seen.elements(*window).columns[name] == whole.elements(*window).columns[name]


def test_an_order_that_is_none_is_no_stop():
    rows = [(0, State.EXECUTE, 0), (40, State.IDLE, 0), (80, State.ABORTED, 0)]
    accounts = Accounts.of(series(rows, 0, 100), series([(0, 0, 0), (80, 4, 0)], 0, 100))
    timetable = Timetable.of(None, Nanoseconds(0), Nanoseconds(100 * S), UTC)
    orders = Orders(np.array([0, 30 * S, 70 * S]), np.array([0, -1, 1]), ("A1", "A2"))
    found = Partition.of(accounts, timetable, Rules(micro=0), orders)
    row = found.elements(np.array([0]), np.array([100 * S])).columns
    assert (row["APT"][0], row["NOT"][0], row["AUST"][0], row["ADOT"][0]) == (40, 30, 10, 20)
    assert row["AOET"][0] == 60
    assert [found.orders[place] for place in found.order[found.order >= 0]] == ["A1", "A2", "A2"]


def test_a_cause_of_the_plants_own_counts_as_it_says():
    rows = [(0, State.EXECUTE, 0), (20, State.HELD, 0), (60, State.STOPPED, 0)]
    accounts = Accounts.of(
        series(rows, 0, 100), series([(0, 0, 0), (20, 16 + Cause.BREAK, 0)], 0, 100)
    )
    timetable = Timetable.of(None, Nanoseconds(0), Nanoseconds(100 * S), UTC)
    found = Partition.of(accounts, timetable)
    row = found.elements(np.array([0]), np.array([100 * S])).columns
    assert (row["APT"][0], row["PBT"][0], row["POT"][0]) == (20, 20, 100)


def test_codes_that_packml_does_not_have_are_a_stop():
    accounts = Accounts.of(series([(0, 42, 0)], 0, 400), None)
    timetable = Timetable.of(None, Nanoseconds(0), Nanoseconds(400 * S), UTC)
    found = Partition.of(accounts, timetable)
    assert [TimeElement(code) for code in found.element] == [TimeElement.ADOT]


def test_overlapping_shifts_count_once_and_the_earlier_names_it():
    two = Calendar("two", (Shift("a", 0, 30, DAILY), Shift("b", 20, 50, DAILY)))
    found = Timetable.of(two, Nanoseconds(0), Nanoseconds(3600 * S), UTC)
    named = [found.names[place] if place >= 0 else "" for place in found.shift]
    bounds = [0, *found.start[1:].tolist(), found.until]
    lengths = [(last - first) // (60 * S) for first, last in pairwise(bounds)]
    assert [(name, length) for name, length in zip(named, lengths, strict=True)] == [
        ("a", 20),
        ("a", 10),
        ("b", 20),
        ("", 10),
    ]
