"""What the first page takes from events."""

from __future__ import annotations

from types import SimpleNamespace

from isthmus.model.event import Event
from isthmus.model.plant import Equipment, Level, Plant
from isthmus.model.sample import Nanoseconds
from isthmus.web.orders import told_orders
from isthmus.web.overview import _price

DAY = {"electricity": {"00:00-24:00": 0.3}}
HOUR = 3_600 * 10**9
NOW = Nanoseconds(1_700_000_000 * 10**9)


class MemoryEvents:
    """Events as a historian answers for them."""

    def __init__(self, events):
        self.told = events

    def events(self, start, end, *, kinds, limit):
        found = [one for one in self.told if start <= one.time < end and one.kind in kinds]
        return found[:limit]


def order(path, name, state, hours_ago):
    time = Nanoseconds(NOW - hours_ago * HOUR)
    return Event(time, path, "order", name, data={"order": name, "state": state})


def test_a_line_shows_its_own_orders_only():
    told = [
        order("packaging/line1", "A1", "start", 3),
        order("packaging/line1/filler", "A2", "next", 2),
        order("packaging/line10", "B1", "start", 1),
        order("packaging/line2", "A1", "done", 1),
    ]
    app = SimpleNamespace(now=lambda: NOW, historian=MemoryEvents(told))
    found = told_orders(app, Equipment("packaging/line1", Level.WORK_CENTER))
    assert [(data["order"], data["state"]) for data, _ in found] == [
        ("A1", "start"),
        ("A2", "next"),
    ]
    assert found[0][1] == (NOW - 3 * HOUR) / 1e6


def test_money_at_a_price_that_nobody_told_says_so():
    app = SimpleNamespace(now=lambda: NOW, plant=Plant("acme", "site"))
    assert _price(app, 10.0) == "1.80 EUR/h now, price assumed"
    app.plant = Plant("acme", "site", tariffs=DAY)
    assert _price(app, 10.0) == "3.00 EUR/h now"
