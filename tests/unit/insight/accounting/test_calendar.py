"""Shifts, breaks and holidays in local time."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from tests.unit.insight.told import S

from isthmus.insight.accounting.calendar import planned, shift_at, shifts
from isthmus.insight.accounting.timetable import Timetable
from isthmus.model.plant import Calendar, Shift
from isthmus.model.sample import Nanoseconds

BERLIN = ZoneInfo("Europe/Berlin")


def day(text):
    return Nanoseconds(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * S)


TWO = Calendar(
    "two-shift",
    (
        Shift("early", 6 * 60, 14 * 60, frozenset(range(5))),
        Shift("late", 14 * 60, 22 * 60, frozenset(range(5))),
    ),
    ((9 * 60, 9 * 60 + 15),),
)
NIGHT = Calendar("night", (Shift("night", 22 * 60, 6 * 60, frozenset(range(7))),))


def test_shifts_in_local_time_and_planned_time_without_breaks():
    found = shifts(TWO, day("2026-11-10"), day("2026-11-11"), BERLIN)
    assert [(s.name, s.start) for s in found] == [
        ("early", day("2026-11-10T05:00")),
        ("late", day("2026-11-10T13:00")),
    ]
    busy = planned(TWO, day("2026-11-10"), day("2026-11-11"), BERLIN)
    assert sum(s.end - s.start for s in busy) == (16 * 60 - 15) * 60 * S
    assert planned(TWO, day("2026-11-14T10:00"), day("2026-11-15"), BERLIN) == []


@pytest.mark.parametrize(
    ("first", "hours"), [("2026-03-28T21:00", 7), ("2026-10-24T20:00", 9), ("2026-11-10T21:00", 8)]
)
def test_a_night_shift_is_an_hour_shorter_or_longer_when_the_clocks_change(first, hours):
    night = shift_at(NIGHT, Nanoseconds(day(first) + 3600 * S), BERLIN)
    assert night.name == "night"
    assert (night.end - night.start) == hours * 3600 * S


@pytest.mark.parametrize("pause", [(105, 135), (150, 180), (90, 120)])
@pytest.mark.parametrize(
    ("first", "hours"), [("2026-03-28T21:00", 7), ("2026-10-24T20:00", 9), ("2026-11-10T21:00", 8)]
)
def test_a_break_is_as_long_in_the_night_in_which_the_clocks_change(pause, first, hours):
    calendar = replace(NIGHT, breaks=(pause,))
    start, end = day(first), Nanoseconds(day(first) + hours * 3600 * S)
    busy = planned(calendar, start, end, BERLIN)
    assert all(one.end <= two.start for one, two in pairwise(busy))
    starts, ends = Timetable.of(calendar, start, end, BERLIN).busy
    assert sum(each.end - each.start for each in busy) == (ends - starts).sum()
    assert (ends - starts).sum() == (hours * 3600 - 1800) * S


def test_a_shift_of_the_hour_that_the_clocks_leave_out_is_no_time():
    calendar = Calendar("odd", (Shift("odd", 120, 180, frozenset(range(7))),))
    start, end = day("2026-03-28T21:00"), day("2026-03-29T06:00")
    assert shifts(calendar, start, end, BERLIN) == []
    assert planned(calendar, start, end, BERLIN) == []


def test_between_shifts_the_time_has_no_name():
    free = shift_at(TWO, day("2026-11-14T12:00"), BERLIN)
    assert free.name == ""
    assert free.start == day("2026-11-13T21:00")
    assert free.end == day("2026-11-16T05:00")


def test_no_shift_begins_on_a_holiday_but_the_night_before_goes_on():
    free = replace(TWO, holidays=frozenset({date(2026, 11, 10)}))
    assert planned(free, day("2026-11-09T23:00"), day("2026-11-10T23:00"), BERLIN) == []
    night = replace(NIGHT, holidays=frozenset({date(2026, 11, 10)}))
    (only,) = planned(night, day("2026-11-09T11:00"), day("2026-11-11T11:00"), BERLIN)
    assert (only.start, only.end) == (day("2026-11-09T21:00"), day("2026-11-10T05:00"))
