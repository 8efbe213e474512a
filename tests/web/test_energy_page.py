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


BEYOND = """() => {
  const main = document.querySelector("main");
  main.style.width = "300px";
  const edge = main.getBoundingClientRect().right + 1;
  const right = (one) => one.getBoundingClientRect().right;
  const cut = [...main.querySelectorAll("svg")].filter((one) => right(one) > edge);
  main.style.width = "";
  return cut.length;
}"""


def card(page, heading):
    return page.locator("isthmus-card", has=page.get_by_role("heading", name=heading, exact=True))


def test_every_card_has_something_to_show_at_first_sight(window):
    page = window.open("/energy?window=week")
    for heading in CARDS:
        one = card(page, heading)
        one.wait_for()
        one.locator(".blank").wait_for(state="detached", timeout=90_000)  # weeks may just be read
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


def test_keys_alone_choose_the_time_ask_how_and_follow_a_machine(window):
    page = window.open("/energy?window=day")
    page.get_by_role("group", name="Window").get_by_role("button", name="week").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => /window=week/.test(location.search)")
    window.ready()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("[")
    page.wait_for_function("() => /window=day/.test(location.search)")
    window.ready()
    states = card(page, "Where the energy went")
    why = states.locator("button.why")
    why.focus()
    page.keyboard.press("Enter")
    told = states.get_by_role("dialog", name="How is this computed")
    told.wait_for()
    assert "add up to the total exactly" in told.inner_text()
    assert page.evaluate("document.activeElement.closest('.why-panel') !== null")
    page.keyboard.press("Escape")
    told.wait_for(state="detached")
    card(page, "Idle waste by machine").locator("tbody a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => location.pathname.startsWith('/asset/')")
    window.ready()
    assert window.wrong == []


def test_on_paper_every_card_is_whole_and_nothing_waits_for_a_finger(window):
    page = window.open("/energy?window=week")
    page.emulate_media(media="print")
    try:
        for heading in CARDS:
            one = card(page, heading)
            assert one.bounding_box()["height"] > 60, heading
            lost = one.evaluate("e => e.scrollHeight - e.clientHeight")
            assert lost <= 2, heading
        assert not page.locator("isthmus-nav").is_visible()
        assert page.locator("main button:visible").count() == 0
        for chart in ("isthmus-cusum", "isthmus-per-piece", "isthmus-profile", "isthmus-ahead"):
            assert page.locator(chart).first.bounding_box()["height"] >= 120, chart
        assert page.evaluate(BEYOND) == 0, "no picture is cut off by narrow paper"
        assert page.pdf(format="A4")[:5] == b"%PDF-"
    finally:
        page.emulate_media(media="screen")
