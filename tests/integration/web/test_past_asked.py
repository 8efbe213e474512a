"""What is asked of the past of alarms and events: bounded, and whole for whoever sees a part."""

from __future__ import annotations

import pytest

from isthmus.historian.memory import Memory
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds

DAY = 86_400_000.0
NOW = 1_790_000_000_000.0


@pytest.mark.parametrize("route", ["statistics", "rationalise"])
def test_figures_of_alarms_are_of_400_days_at_most(site, route):
    def asked(days):
        span = {"from": NOW - days * DAY, "to": NOW}
        return site.ask("viewer", "GET", f"/api/alarms/{route}", params=span)

    assert asked(400).status_code == 200
    refused = asked(401)
    assert refused.status_code == 422
    assert refused.json() == {
        "error": "401 days of alarms are asked for",
        "hint": "ask for 400 days at most, each year by itself",
    }


@pytest.fixture
def busy(site, monkeypatch):
    """A site with thirty changes at one line, long before twenty thousand at the other."""
    fact = {"change": "raised", "state": "unacknowledged", "priority": 2}
    begin = int(NOW * 1e6)
    few = [
        Event(Nanoseconds(begin + n), "packaging/line1/filler/hot", "alarm", "hot", 700, fact)
        for n in range(30)
    ]
    many = [
        Event(Nanoseconds(begin + 10**6 + n), "packaging/line10/filler/hot", "alarm", "", 700, fact)
        for n in range(20_000)
    ]
    memory = Memory()
    memory.append_events([*few, *many], stream="old", position=1)
    monkeypatch.setattr(site.app.historian, "events", memory.events)
    return site


@pytest.mark.parametrize(("limit", "told", "more"), [(20, 20, "true"), (30, 30, "false")])
def test_who_sees_one_line_is_told_what_others_came_after(busy, limit, told, more):
    span = {"from": NOW, "to": NOW + 1_000, "limit": limit}
    journal = busy.ask("lea", "GET", "/api/alarms/journal", params=span)
    assert len(journal.json()) == told
    assert journal.headers["x-more"] == more
    assert journal.json()[0]["time"] >= journal.json()[-1]["time"]
    days = {"from": "2026-01-01", "to": "2027-01-01", "limit": limit, "format": "csv"}
    events = busy.ask("lea", "GET", "/api/events", params=days)
    assert (events.headers["x-rows"], events.headers["x-more"]) == (str(told), more)
    assert "line10" not in events.text
    whole = busy.ask("viewer", "GET", "/api/events", params=days)
    assert (whole.headers["x-rows"], whole.headers["x-more"]) == (str(limit), "true")
