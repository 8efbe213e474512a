"""Who is on call: turns, hours, holidays, overrides, and the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.insight.notify.rota import Duty, duties, on_call
from isthmus.model.plantfile_oncall import RotaEntry
from isthmus.model.sample import Nanoseconds

BERLIN = ZoneInfo("Europe/Berlin")
WEEKLY = RotaEntry.model_validate(
    {"turns": [{"people": ["anna", "ben", "carla"], "since": "2026-01-05"}]}
)


def at(text, zone=BERLIN, fold=0):
    local = datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)
    return Nanoseconds(int(local.astimezone(UTC).timestamp()) * 10**9)


def who(rota, text, **more):
    return on_call(rota, at(text), BERLIN, **more)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-05 07:59", "carla"),  # the turn before the first
        ("2026-01-05 08:00", "anna"),
        ("2026-01-12 07:59:59", "anna"),
        ("2026-01-12 08:00", "ben"),
        ("2026-01-19 08:00", "carla"),
        ("2026-01-26 08:00", "anna"),
        ("2025-12-29 07:00", "ben"),
        ("2026-03-30 07:59", "carla"),  # the clocks went forward the day before
        ("2026-03-30 08:00", "anna"),
        ("2026-10-26 07:59", "carla"),  # and back
        ("2026-10-26 08:00", "anna"),
    ],
)
def test_a_weekly_turn(moment, expected):
    assert who(WEEKLY, moment) == ((expected,), "turn")


def test_the_hour_that_comes_twice_is_of_one_person_after_the_hand_over():
    rota = RotaEntry.model_validate(
        {"turns": [{"people": ["anna", "ben"], "since": "2026-10-18", "hand_over": "Sun 02:30"}]}
    )
    day = "2026-10-25 "
    assert on_call(rota, at(day + "02:29"), BERLIN)[0] == ("anna",)
    assert on_call(rota, at(day + "02:30"), BERLIN)[0] == ("ben",)
    assert on_call(rota, at(day + "02:00", fold=1), BERLIN)[0] == ("ben",)  # not back to anna
    assert on_call(rota, at(day + "02:30", fold=1), BERLIN)[0] == ("ben",)


def test_a_hand_over_in_the_hour_that_is_left_out_happens_once():
    rota = RotaEntry.model_validate(
        {"turns": [{"people": ["anna", "ben"], "since": "2026-03-22", "hand_over": "Sun 02:30"}]}
    )
    start, end = at("2026-03-28 00:00"), at("2026-03-31 00:00")
    assert [each.who for each in duties(rota, start, end, BERLIN)] == [("anna",), ("ben",)]


def test_hours_belong_to_the_day_on_which_they_begin():
    rota = RotaEntry.model_validate(
        {
            "calendar": "plant",
            "turns": [
                {"people": ["nora"], "hours": "22:00-06:00 Fri"},
                {"people": ["holger"], "hours": "00:00-24:00", "holidays": "only"},
                {"people": ["anna"], "hours": "06:00-22:00 Mon-Fri", "holidays": "skip"},
            ],
        }
    )
    free = {date(2026, 12, 25)}
    assert who(rota, "2026-12-18 23:00", holidays=free)[0] == ("nora",)
    assert who(rota, "2026-12-19 05:59", holidays=free)[0] == ("nora",)
    assert who(rota, "2026-12-19 06:00", holidays=free) == ((), "")
    assert who(rota, "2026-12-25 12:00", holidays=free)[0] == ("holger",)
    assert who(rota, "2026-12-24 12:00", holidays=free)[0] == ("anna",)


def test_an_override_counts_before_a_calendar_file_and_that_before_turns():
    rota = RotaEntry.model_validate(
        {
            "turns": [{"people": ["anna"]}],
            "overrides": [
                {"from": "2026-06-01 08:00", "to": "2026-06-08 08:00", "who": "ben"},
                {"from": "2026-06-03 00:00", "to": "2026-06-04 00:00", "who": ["carla", "anna"]},
            ],
        }
    )
    noon = at("2026-06-10 12:00")
    events = [Duty(("dora",), Nanoseconds(noon - 10**9), Nanoseconds(noon + 10**9), "calendar")]
    assert who(rota, "2026-06-02 12:00", events=events) == (("ben",), "override")
    assert who(rota, "2026-06-03 12:00", events=events) == (("carla", "anna"), "override")
    assert who(rota, "2026-06-10 12:00", events=events) == (("dora",), "calendar")
    assert who(rota, "2026-06-10 12:01", events=events) == (("anna",), "turn")


ROTAS = st.builds(
    lambda weekday, minute, people, weeks, hours: RotaEntry.model_validate(
        {
            "turns": [
                {
                    "people": [f"p{number}" for number in range(people)],
                    "hand_over": f"{weekday} {minute // 60:02}:{minute % 60:02}",
                    "weeks": weeks,
                    "hours": hours,
                }
            ]
        }
    ),
    st.sampled_from(["Mon", "Wed", "Sun"]),
    st.integers(0, 1439),
    st.integers(1, 5),
    st.integers(1, 3),
    st.sampled_from(["", "22:00-06:00", "01:30-03:30 Sun", "06:00-18:00 Mon-Fri"]),
)


@given(
    ROTAS,
    st.integers(0, 520 * 24 * 60),
    st.integers(1, 20),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_duties_cover_all_time_and_agree_with_each_moment(rota, minute, days, name):
    zone = ZoneInfo(name)
    first = Nanoseconds(at("2026-01-01 00:00") + minute * 60 * 10**9)
    last = Nanoseconds(first + days * 86_400 * 10**9)
    found = duties(rota, first, last, zone)
    assert (found[0].start, found[-1].end) == (first, last)
    for before, after in pairwise(found):
        assert before.end == after.start
        assert (before.who, before.why) != (after.who, after.why)
    for each in found:
        for moment in (each.start, (each.start + each.end) // 2, each.end - 1):
            assert on_call(rota, Nanoseconds(moment), zone) == (each.who, each.why)


@given(ROTAS.filter(lambda rota: not rota.turns[0].hours), st.integers(0, 60))
def test_each_turn_is_as_long_as_it_should_be_in_local_time(rota, week):
    turn, start = rota.turns[0], at("2026-01-05 00:00")
    people = len(turn.people)
    if people == 1:
        return
    first = Nanoseconds(start + week * 7 * 86_400 * 10**9)
    found = duties(rota, first, Nanoseconds(first + 100 * 86_400 * 10**9), BERLIN)[1:-1]
    for each in found:
        begin, end = (datetime.fromtimestamp(one / 1e9, BERLIN) for one in (each.start, each.end))
        # hand-overs in an hour that the clocks leave out come an hour later
        length = end.replace(tzinfo=None) - begin.replace(tzinfo=None)
        assert abs(length - timedelta(weeks=turn.weeks)) <= timedelta(hours=1)


def test_the_list_changes_hands_at_midnight_of_a_holiday_as_the_duty_does():
    rota = RotaEntry.model_validate(
        {"turns": [{"people": ["eve"], "holidays": "only"}, {"people": ["bob"]}], "calendar": "c"}
    )
    days = at("2026-12-24 12:00"), at("2026-12-26 12:00")
    found = duties(rota, *days, BERLIN, holidays=[date(2026, 12, 25)])
    assert [(each.who, each.start) for each in found] == [
        (("bob",), days[0]),
        (("eve",), at("2026-12-25 00:00")),
        (("bob",), at("2026-12-26 00:00")),
    ]
