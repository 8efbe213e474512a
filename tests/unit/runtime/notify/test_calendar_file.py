"""A rota in an iCalendar file: recurrences, exceptions, days, zones, people by all their names."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.unit.runtime.notify.site import PLANT, S, Site

from isthmus.model.plantfile_oncall import PersonEntry
from isthmus.runtime.notify.calendar_file import CalendarFile
from isthmus.runtime.notify.whom import unread
from isthmus.web.attention_told import untold

CALENDAR = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//acme//rota//EN\r
BEGIN:VEVENT\r
UID:weekly@acme\r
DTSTART;TZID=Europe/Berlin:20260105T080000\r
DTEND;TZID=Europe/Berlin:20260105T200000\r
RRULE:FREQ=WEEKLY;BYDAY=MO,TU\r
EXDATE;TZID=Europe/Berlin:20260608T080000\r
SUMMARY:Anna Kern\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:moved@acme\r
DTSTART:20260608T060000Z\r
DTEND:20260608T100000Z\r
SUMMARY:standby\r
ATTENDEE;CN=Ben:mailto:ben@acme.example\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:day@acme\r
DTSTART;VALUE=DATE:20260610\r
DTEND;VALUE=DATE:20260611\r
SUMMARY:carla\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:other@acme\r
DTSTART:20260611T060000Z\r
DTEND:20260611T100000Z\r
SUMMARY:summer party\r
END:VEVENT\r
END:VCALENDAR\r
"""


@pytest.fixture
def site(tmp_path):
    text = PLANT.replace("anna: {mail", "anna: {title: Anna Kern, mail").replace(
        "    nobody: {overrides",
        "    file: {file: rota.ics, turns: [{people: [carla]}]}\n    nobody: {overrides",
    )
    (tmp_path / "rota.ics").write_text(CALENDAR)
    return Site(tmp_path, text)


def who(site, text):
    at = int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * S
    return site.notify.whom.on_call("file", at)


def test_events_count_before_turns(site):
    assert who(site, "2026-01-06 07:30") == (("anna",), "calendar")
    assert who(site, "2026-01-06 19:30") == (("carla",), "turn")
    assert who(site, "2026-06-02 06:30") == (("anna",), "calendar")  # summer: 08:00 is 06:00 UTC
    assert who(site, "2026-06-02 05:30") == (("carla",), "turn")
    assert who(site, "2026-06-08 07:00") == (("ben",), "calendar")
    assert who(site, "2026-06-10 21:30") == (("carla",), "calendar")
    assert who(site, "2026-06-10 22:30") == (("carla",), "turn")  # the day is the plant's
    assert who(site, "2026-06-11 07:00") == (("carla",), "turn")  # names nobody


@pytest.mark.parametrize("zone", ["America/Chicago", "Europe/Berlin", "Pacific/Kiritimati"])
def test_days_are_those_of_the_plant_at_each_of_their_hours(tmp_path, zone):
    """The library takes them for days of UTC, and is asked for single moments."""
    day = "BEGIN:VEVENT\r\nUID:{who}\r\nDTSTART;VALUE=DATE:{begin}\r\nDTEND;VALUE=DATE:{end}\r\n"
    events = [
        day.format(who=who, begin=begin, end=begin + 1) + f"SUMMARY:{who}\r\nEND:VEVENT\r\n"
        for who, begin in (("anna", 20261126), ("ben", 20261127))
    ]
    head, tail = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n", "END:VCALENDAR\r\n"
    (tmp_path / "days.ics").write_text(head + "".join(events) + tail, newline="")
    people = {name: PersonEntry(mail=f"{name}@acme.example") for name in ("anna", "ben")}
    file, place = CalendarFile(tmp_path / "days.ics", people), ZoneInfo(zone)
    for hour in range(48):
        local = datetime(2026, 11, 26, tzinfo=place) + timedelta(hours=hour)
        at = int(local.timestamp()) * S
        found = [each.who for each in file.duties(at, at + 1, place) if each.start <= at < each.end]
        assert found == [("anna",) if hour < 24 else ("ben",)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("DTEND:20260608T100000Z", "DTEND:99991231T235959Z"),
        ("DTEND:20260608T100000Z", "DURATION:PT"),
        ("DTSTART:20260608T060000Z\r\n", ""),
        ("FREQ=WEEKLY;BYDAY=MO,TU", "FREQ=WEEKLY;UNTIL=never"),
    ],
)
def test_whatever_a_file_holds_alarms_are_told(tmp_path, before, after):
    assert before in CALENDAR
    text = PLANT.replace(
        "{turns: [{people: [anna, ben], since: 2026-05-25}]}",
        "{file: rota.ics, turns: [{people: [anna, ben], since: 2026-05-25}]}",
    )
    (tmp_path / "rota.ics").write_text(CALENDAR.replace(before, after), newline="")
    site = Site(tmp_path, text)
    site.wall = datetime(2026, 6, 8, 7, tzinfo=UTC).timestamp()
    site.say(one__oil=75)
    assert site.notify.trouble == ""
    assert len(site.sent()) == 1


def test_a_file_that_is_broken_or_gone_leaves_the_turns_and_says_so(site, tmp_path):
    file = tmp_path / "rota.ics"
    file.write_text("no calendar")
    assert who(site, "2026-01-06 07:30") == (("carla",), "turn")
    assert "rota.ics" in site.notify.whom.trouble("file")
    file.unlink()
    assert who(site, "2026-01-06 07:30") == (("carla",), "turn")
    file.write_text(CALENDAR)
    os.utime(file, (1, 1))
    assert who(site, "2026-01-06 07:30") == (("anna",), "calendar")
    assert site.notify.whom.trouble("file") == ""


def told(site):
    return [(each.title, each.detail) for each in untold(site)]


def test_a_rota_whose_file_does_not_count_or_names_nobody_needs_a_person(site, tmp_path):
    empty = "Nobody is on call in the rota nobody"
    assert told(site) == []  # nobody has looked yet
    site.look()
    assert [title for title, _ in told(site)] == [empty]  # its override is over
    (tmp_path / "rota.ics").write_text("no calendar")
    site.look(1)
    assert len(told(site)) == 1  # looked for once a minute
    site.look(61)
    file, nobody = told(site)
    assert file[0] == "The calendar file of the rota file does not count"
    assert "rota.ics" in file[1]
    assert nobody[0] == empty
    (tmp_path / "rota.ics").unlink()
    note = unread(site.plant, tmp_path)
    assert len(note) == 1
    assert "rota `file`: reading " in note[0]


def test_nobody_between_the_hours_of_turns_is_as_it_is_meant(tmp_path):
    text = PLANT.replace("since: 2026-05-25}", "since: 2026-05-25, hours: 06:00-07:00}")
    site = Site(tmp_path, text.replace("to: 2020-01-02", "to: 2040-01-02"))
    assert site.notify.whom.on_call("maintenance", site.notify.wall()) == ((), "")
    site.look()
    assert told(site) == []


def test_who_is_on_call_is_looked_up_beside_the_pages(site, monkeypatch):
    """Expanding a file takes its time, in which no page would get an answer."""
    threads = set()

    def duties(*_):
        threads.add(threading.current_thread())
        return []

    monkeypatch.setattr(CalendarFile, "duties", duties)
    site.look()
    assert threads
    assert threading.main_thread() not in threads
    threads.clear()
    told(site)
    assert not threads


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "line 8: no rota changes hourly"),
        ("freq=secondly", "line 8: no rota changes secondly"),
        ("FREQ=\r\n MINUTELY", "line 8: no rota changes minutely"),
        ("FREQ=DAILY;INTERVAL=0", "line 8: INTERVAL=0 never comes to a next event"),
        ("FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5", "line 8: no rota changes 25 times"),
    ],
)
def test_a_rule_that_is_no_rotas_is_told_with_its_line(site, tmp_path, rule, why):
    file = tmp_path / "rota.ics"
    file.write_text(CALENDAR.replace("FREQ=WEEKLY;BYDAY=MO,TU", rule), newline="")
    assert who(site, "2026-01-06 07:30") == (("carla",), "turn")
    assert f"rota.ics, {why}" in site.notify.whom.trouble("file")
    (note,) = unread(site.plant, tmp_path)  # as `isthmus check` says it
    assert why in note


ZONE = """BEGIN:VTIMEZONE\r
TZID:Ours\r
BEGIN:STANDARD\r
DTSTART:16010101T000000\r
TZOFFSETFROM:+0100\r
TZOFFSETTO:+0100\r
RRULE:FREQ=SECONDLY\r
END:STANDARD\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
"""


def test_a_zone_that_changes_each_second_does_not_count(site, tmp_path):
    file = tmp_path / "rota.ics"
    file.write_text(CALENDAR.replace("BEGIN:VEVENT\r\n", ZONE, 1), newline="")
    assert who(site, "2026-01-06 07:30") == (("carla",), "turn")
    assert "rota.ics, line 10: no rota changes secondly" in site.notify.whom.trouble("file")


@pytest.mark.parametrize(
    ("bound", "least", "why"),
    [
        ("SLOW", -1.0, "takes too long: does the event weekly@acme ever come back?"),
        ("SLOWEST", -1.0, "takes too long: it has too many events"),
        ("MOST", 0, "has more than 0 events at a time"),
        ("EARLIEST", 2027, "the event weekly@acme began before 2027"),
    ],
)
def test_a_file_that_takes_too_long_is_looked_through_once(
    site, tmp_path, monkeypatch, bound, least, why
):
    with monkeypatch.context() as patched:
        patched.setattr(f"isthmus.runtime.notify.calendar_file.{bound}", least)
        assert who(site, "2026-01-06 07:30") == (("carla",), "turn")
    assert why in site.notify.whom.trouble("file")
    assert who(site, "2026-01-07 07:30") == (("carla",), "turn")
    assert why in site.notify.whom.trouble("file")  # until it is another file
    (tmp_path / "rota.ics").write_text(CALENDAR + "\n")
    assert who(site, "2026-01-06 07:30") == (("anna",), "calendar")
    assert site.notify.whom.trouble("file") == ""


def test_a_rule_that_never_comes_true_ends(site, tmp_path, monkeypatch):
    monkeypatch.setattr("isthmus.runtime.notify.calendar_file.SLOW", 0.1)
    never = CALENDAR.replace("FREQ=WEEKLY;BYDAY=MO,TU", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")
    (tmp_path / "rota.ics").write_text(never)
    assert who(site, "2026-01-06 07:30") == (("carla",), "turn")
    assert "does the event weekly@acme ever come back?" in site.notify.whom.trouble("file")


def test_looks_of_one_hour_expand_a_file_once(site, monkeypatch):
    looked, expanded = [], CalendarFile._expanded

    def counted(*told):
        looked.append(told[1:3])
        return expanded(*told)

    monkeypatch.setattr(CalendarFile, "_expanded", counted)
    for minute in range(60):
        assert who(site, f"2026-06-02 18:{minute:02}")[0] == ("carla",)
        assert who(site, f"2026-06-01 06:{minute:02}")[0] == ("anna",)
    assert len(looked) <= 4
