"""The page of performance in a browser: each section, keys alone, paper, no data, a dead site."""

from __future__ import annotations

import re

import pytest
from tests.web.looks import CUT, MUTE, WIDE

pytestmark = pytest.mark.browser

SECTIONS = (
    "Where the time went",
    "Losses",
    "States of every unit",
    "Compare",
    "What limits the line",
    "Cycle times",
    "In control",
)
PAGE = "/performance?window=day"
OPEN = "dialog.sheet[open]"


@pytest.fixture(scope="module", params=[("light", (1440, 900)), ("dark", (390, 844))], ids=str)
def window(request, visit):
    return visit(theme=request.param[0], size=request.param[1])


def answering(body):
    return lambda route: route.fulfill(json=body)


def card(page, heading):
    return page.locator("main#page isthmus-card", has=page.get_by_role("heading", name=heading))


def test_each_section_shows_what_the_demonstration_did(window):
    page = window.open(PAGE)
    for heading in SECTIONS:
        assert card(page, heading).count() == 1, heading
        assert card(page, heading).get_attribute("state") == "ready", heading
    assert page.locator(".compare tbody tr").count() >= 2
    assert page.locator(".compare .meter").count() >= 8
    assert "%" in card(page, "What limits the line").locator(".day-strip").inner_text()
    assert page.locator("isthmus-histogram svg rect").count() > 3
    assert page.locator("isthmus-control-chart svg").count() == 2
    assert "Cpk" in card(page, "In control").inner_text()
    assert page.locator(".gantt svg .shift-edge").count() >= 1
    assert "JO-" in page.locator(".gantt svg").text_content()
    for look in (WIDE, CUT, MUTE):
        assert page.evaluate(look) == []
    assert window.wrong == []


def test_losses_are_told_by_reason_and_how_sure_it_is(window):
    page = window.open(f"{PAGE}&losses=reasons")
    rows = card(page, "Reasons of stops").locator("isthmus-reasons ol li")
    assert rows.count() >= 2
    words = [rows.nth(at).locator(".track").get_attribute("aria-label") for at in range(2)]
    assert all("min" in word for word in words)
    legend = card(page, "Reasons of stops").locator(".legend").inner_text()
    assert "likely, not confirmed" in legend


def test_keys_alone_go_from_stop_to_stop_and_open_one(window):
    page = window.open(PAGE)
    chart = page.locator(".gantt")
    chart.focus()
    status = page.locator(".gantt-bar [role=status]")
    status.filter(
        has_not_text=re.compile("^0 stops")
    ).wait_for()  # they are asked for after the states
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    chosen = status.inner_text()
    assert " for " in chosen
    wide = page.locator(".gantt .chosen").bounding_box()["width"]
    for _ in range(9):
        page.keyboard.press("+")
    assert page.locator(".gantt .chosen").bounding_box()["width"] > wide
    page.keyboard.press("Enter")
    page.wait_for_selector(OPEN)
    assert chosen.split(",")[0] in page.locator(f"{OPEN} #stop-title").inner_text()
    page.locator(f"{OPEN} isthmus-stop-reason .tile").nth(1).wait_for()  # and may be told here
    page.keyboard.press("Escape")
    page.wait_for_selector(OPEN, state="detached")
    assert page.evaluate("() => document.activeElement.className") == "gantt"
    page.keyboard.press("0")
    page.wait_for_function(
        "() => document.querySelector('.gantt-bar [role=group] button:last-child').disabled"
    )
    page.get_by_text("Stops as a table").click()
    first = page.locator("isthmus-gantt tbody button").first
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(OPEN)
    page.keyboard.press("Escape")


def test_a_number_says_how_it_came_about_down_to_its_samples(window):
    page = window.open(PAGE)
    button = page.locator(".oee .told button.why").first
    button.focus()
    page.keyboard.press("Enter")
    sheet = page.locator(OPEN)
    sheet.get_by_text("Read from").wait_for()
    text = sheet.inner_text()
    for word in ("availability * effectiveness * quality_ratio", "PBT", "filler/state", "version"):
        assert word in text
    assert sheet.locator("a[href^='/explore?pens=packaging/line1/filler/state']").count() == 1
    assert page.evaluate(WIDE) == []
    page.keyboard.press("Escape")
    page.wait_for_selector(OPEN, state="detached")
    page.locator(".compare tbody button").first.click()
    page.locator(OPEN).get_by_text("Read from").wait_for()
    page.keyboard.press("Escape")


@pytest.mark.parametrize("by", ["product", "unit", "order"])
def test_it_is_compared_by_what_is_asked_for(window, by):
    page = window.open(PAGE)
    page.get_by_role("group", name="Compare by").get_by_role("button", name=by, exact=True).click()
    page.wait_for_function(f"() => /by={by}/.test(location.search)")
    window.ready()
    page.wait_for_function(
        f"() => document.querySelector('.compare th')?.textContent === '{by}'"
        " && document.querySelectorAll('.compare tbody tr').length > 0"
    )
    named = page.locator(".compare tbody th").all_inner_texts()
    expected = {"product": "0.5 L", "unit": "palletiser", "order": "JO-"}[by]
    assert any(expected in name for name in named)


def test_a_shift_that_is_over_opens_whole_and_what_is_compared_ends_with_it(window):
    page = window.open(PAGE)
    page.get_by_role("group", name="Window").get_by_role("button", name="last shift").click()
    page.wait_for_function("() => /window=last_shift/.test(location.search)")
    window.ready()
    states = card(page, "States of every unit").locator(".sub")
    told = states.inner_text()
    assert " to " in told
    assert card(page, "Compare").locator(".sub").inner_text().startswith("until ")
    assert "days until" in card(page, "What limits the line").locator(".sub").inner_text()
    page.locator("isthmus-period summary").click()
    first = page.locator("isthmus-period .picks-list").first.locator("button").first
    first.wait_for()
    assert page.evaluate(WIDE) == []
    first.click()
    page.wait_for_function("() => /range=[0-9]+-[0-9]+/.test(location.search)")
    window.ready()
    assert states.inner_text() == told, "the last shift is the first of those that are over"
    assert page.locator("isthmus-period summary").inner_text() == told
    for look in (WIDE, CUT, MUTE):
        assert page.evaluate(look) == []
    assert window.wrong == []


def test_on_paper_every_section_is_there_without_buttons(window):
    page = window.open(PAGE)
    page.emulate_media(media="print")
    try:
        for heading in SECTIONS:
            assert card(page, heading).bounding_box()["height"] > 60
        assert not page.locator("isthmus-nav").is_visible()
        assert not page.get_by_role("group", name="Window").locator("button").first.is_visible()
        numbers = page.locator(".compare tbody td").first
        assert numbers.inner_text().strip()
    finally:
        page.emulate_media(media="screen")


def test_without_data_each_section_says_what_is_missing(window):
    page = window.page
    empty = {
        "**/api/stops?*": {"start": 0, "end": 1, "stops": [], "reasons": []},
        "**/api/cycles?*": {
            "path": "packaging/line1/filler", "pieces": 0, "mean": None, "percentiles": {},
            "ideal": None, "bars": [],
        },
        "**/api/bottleneck?*": {
            "path": "x", "start": 0, "end": 1, "units": [], "turning_point": None, "plain": False,
            "days": [],
        },
        "**/api/kpi/table?*": {"path": "x", "windows": [], "figures": [], "elements": []},
    }  # fmt: skip
    for address, body in empty.items():
        page.route(address, answering(body))
    try:
        window.open(f"{PAGE}&losses=reasons")
        for text in (
            "No unit stood by its own fault",
            "No piece was counted while it ran",
            "No unit limited the line",
            "Nothing tells of a shift",
        ):
            assert page.get_by_text(text).count() == 1, text
    finally:
        for address in empty:
            page.unroute(address)


def test_where_the_site_does_not_answer_each_section_says_so_and_comes_back(window):
    page = window.page
    before = len(window.wrong)
    page.route("**/api/kpi/table?*", lambda route: route.abort())
    page.route("**/api/spc?*", lambda route: route.abort())
    try:
        page.goto(window.demo.url + PAGE)
        for heading in ("Compare", "In control"):
            card(page, heading).locator(".fail").wait_for()
        assert "does not answer" in card(page, "Compare").locator(".fail").inner_text()
        assert card(page, "Where the time went").get_attribute("state") == "ready"
    finally:
        page.unroute("**/api/kpi/table?*")
        page.unroute("**/api/spc?*")
    page.wait_for_selector(".compare tbody tr")
    del window.wrong[before:]
