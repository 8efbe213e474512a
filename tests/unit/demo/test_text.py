"""Orders as texts and as events say the same."""

from __future__ import annotations

import json

from isthmus.demo.physics.calendar import Calendar
from isthmus.demo.physics.plant import Plant
from isthmus.demo.signal import LINE
from isthmus.demo.text import book, happened, opening, texts
from isthmus.model.event import Event

START = 1_794_293_000


def plant() -> Plant:
    return Plant(7, START, first_order=1042, calendar=Calendar.around(START))


def test_the_book_has_the_running_order_and_four_more():
    entries = book(plant())
    assert [entry["order"] for entry in entries] == [f"JO-{1042 + n}" for n in range(5)]
    assert [entry["state"] for entry in entries] == ["start"] + ["next"] * 4
    assert entries[0]["start"] == START * 10**9
    dues = [float(str(entry["due"])) for entry in entries]
    assert dues == sorted(dues)
    assert json.loads(texts(plant())[f"{LINE}/filler/orders"]) == entries


def test_a_plant_that_opens_tells_all_of_it():
    events = opening(plant())
    assert {event.kind for event in events} == {"order", "text"}
    assert sum(event.kind == "order" for event in events) == 5


def test_an_order_is_told_once_as_start_and_once_as_done():
    one = plant()
    events: list[Event] = opening(one)
    for _ in range(9 * 3600):
        one.step()
        if one.happenings:
            events += happened(one)
            names = [entry["order"] for entry in book(one)]
            assert len(set(names)) == len(names)
    told = [(e.data["order"], e.data["state"]) for e in events if e.kind == "order"]
    for order in ("JO-1042", "JO-1043"):
        assert told.count((order, "start")) == 1
    assert told.count(("JO-1042", "done")) == 1
    done = next(e for e in events if e.data.get("state") == "done")
    assert 35_500 < float(str(done.data["done"])) < 36_500
    shown = [e.text for e in events if e.path == f"{LINE}/filler/product"]
    assert shown[0] == "still 0.5 L"
    assert shown[-1] == "sparkling 0.5 L"
    assert [e.text for e in events if e.kind == "shift"] == ["early", "late"]
