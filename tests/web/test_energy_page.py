"""The Energy page in a browser: every card at first sight, what is silent, nothing known."""

from __future__ import annotations

import pytest
from tests.web.looks import CUT, MUTE, WIDE

from isthmus.web.contract.energy import MeterTree
from isthmus.web.contract.energy_split import EnergySplit

pytestmark = pytest.mark.browser

CARDS = (
    *("Leaks of compressed air mended", "kWh per piece, by hour", "CUSUM", "Load of a day"),
    *("Baseline model", "Where the power goes", "Where the energy went"),
    *("Idle waste by machine", "Energy by order", "Meters", "The next 24 h"),
)


@pytest.fixture(scope="module", params=[("light", (1440, 900)), ("dark", (390, 844))], ids=str)
def window(request, visit):
    return visit(theme=request.param[0], size=request.param[1])


def card(page, heading):
    return page.locator("isthmus-card", has=page.get_by_role("heading", name=heading, exact=True))


def test_every_card_has_something_to_show_at_first_sight(window):
    page = window.open("/energy?window=week")
    for heading in CARDS:
        one = card(page, heading)
        one.wait_for()
        assert one.locator(".blank").count() == 0, heading
    saved = card(page, "Leaks of compressed air mended").inner_text()
    assert "± " in saved
    assert "kWh" in saved
    assert "good pieces" in saved
    for look in (WIDE, CUT, MUTE):
        assert page.evaluate(look) == []
    assert window.wrong == []


def test_what_is_silent_is_named_and_what_nothing_tells_is_said(window, plant):
    page = window.page
    node = {
        "path": "meters/rest",
        "title": "Rest",
        "how": "rest",
        "depth": 1,
        "parent": "m",
        "kw": None,
        "kwh": None,
        "money": None,
        "co2_kg": None,
        "hours": 18,
        "missing": ["packaging/line1/packer"],
    }
    tree = {
        "window": "day",
        "start": 0,
        "end": 86_400_000,
        "hours": 24,
        "currency": "EUR",
        "meters": [node],
        "notes": ["Hours of packaging/line1/packer are not known."],
    }
    nothing = {
        "path": "packaging/line1",
        "window": "day",
        "start": 0,
        "end": 1,
        "currency": "EUR",
        "total": None,
        "states": [],
        "waste": None,
        "base_load": None,
        "base_load_kw": None,
        "orders": [],
        "products": [],
        "machines": [],
        "known_percent": 0,
        "why": "",
        "notes": ["Needs a meter and a state."],
    }
    MeterTree.model_validate(tree)
    EnergySplit.model_validate(nothing)
    page.route("**/api/energy/meters*", lambda route: route.fulfill(json=tree))
    page.route("**/api/energy/split*", lambda route: route.fulfill(json=nothing))
    try:
        window.open("/energy?window=day")
        meters = card(page, "Meters").inner_text()
        assert "18 of 24 h" in meters
        assert "Hours of packaging/line1/packer are not known." in meters
        for heading in ("Where the energy went", "Energy by order"):
            assert "Needs a meter and a state." in card(page, heading).inner_text()
        for look in (WIDE, CUT):
            assert page.evaluate(look) == []
    finally:
        page.unroute("**/api/energy/meters*")
        page.unroute("**/api/energy/split*")
