"""Working times as people write them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from isthmus.model.calendar import DAYS, CalendarError, days, shift, span
from isthmus.model.plantfile import CalendarEntry


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon-Fri", {0, 1, 2, 3, 4}),
        ("Sat,Sun", {5, 6}),
        ("Fri-Mon", {4, 5, 6, 0}),
        ("Mon, Wed-Thu", {0, 2, 3}),
        ("monday", {0}),
        ("daily", set(range(7))),
    ],
)
def test_days(text, expected):
    assert days(text) == expected


@given(st.integers(0, 1439), st.integers(1, 1440))
def test_a_span_reads_back(start, end):
    if start != end:
        text = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
        assert span(text) == (start, end)


def test_a_shift_may_end_on_the_next_day():
    made = shift("night", "22:00 - 06:00 Sun-Thu")
    assert (made.start, made.end, made.days) == (1320, 360, frozenset({6, 0, 1, 2, 3}))
    assert shift("all", "00:00-24:00").days == frozenset(range(7))


@given(st.text(max_size=40))
def test_any_text_is_a_shift_or_a_calendar_error(text):
    try:
        made = shift("x", text)
    except CalendarError as error:
        hint = error.hint
        assert hint
    else:
        assert made.days <= frozenset(range(len(DAYS)))


def test_holidays_are_days_or_a_region_that_frees_none():
    entry = CalendarEntry.model_validate({"early": "06:00-14:00", "holidays": ["2026-12-25"]})
    assert entry.calendar("x").holidays == {date(2026, 12, 25)}
    region = CalendarEntry.model_validate({"early": "06:00-14:00", "holidays": "DE-BY"})
    assert region.calendar("x").holidays == frozenset()
    for wrong in (["2026-13-01"], "Bavaria", {"a": 1}):
        with pytest.raises(ValidationError):
            CalendarEntry.model_validate({"early": "06:00-14:00", "holidays": wrong})
