"""What the pages show when a link is cut, when the site is gone, and when both come back."""

from __future__ import annotations

import pytest
from tests.web.conftest import Demo, Visitor, eventually
from tests.web.looks import NUMBERS, coloured, pixels

from isthmus.web import contract

pytestmark = pytest.mark.browser

CAPPER = "/asset/packaging/line1/capper"
MARK = "svg.mk:has(.p4)"  # filled: the hollow ones of the banner count nothing
DIAGNOSTIC = (280, 300)  # degrees of hue


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demonstration of our own: it is broken on purpose."""
    running = Demo(tmp_path_factory.mktemp("outage"), hours=1)
    try:
        running.start()
        running.quiet()
        yield running
    finally:
        running.stop()


@pytest.fixture
def window(browser, demo):
    if demo.process.poll() is not None:
        demo.start()
    visitor = Visitor(browser, demo)
    yield visitor
    visitor.close()


def states(demo):
    return {link["name"]: link["state"] for link in demo.remote.get("/api/links")["links"]}


def test_a_cut_link_is_told_on_every_page_and_comes_back(demo, window):
    page = window.open("/connections")
    assert page.locator(f"isthmus-alarm-banner {MARK}").count() == 0
    demo.fault("network", on=True)
    eventually(lambda: states(demo)["capper-plc"] != "up", 40)
    row = page.locator("isthmus-links tr", has_text="capper-plc")
    row.locator(MARK).wait_for()
    assert "down" in row.inner_text()
    page.click("isthmus-links a >> text=capper-plc")
    trouble = page.locator("isthmus-connections-page [role=alert]")
    trouble.wait_for()
    assert "modbus://" in trouble.inner_text() or "127.0.0.1" in trouble.inner_text()
    page.wait_for_selector(f"isthmus-nav a[href='/connections'] {MARK}")
    page.wait_for_selector(f"isthmus-alarm-banner {MARK}")
    seen = coloured(pixels(page))
    assert any(DIAGNOSTIC[0] <= hue <= DIAGNOSTIC[1] for *_, hue in seen), "the marker has its hue"

    page.goto(demo.url + "/plant")
    page.wait_for_selector("isthmus-plant-page >> text=capper-plc")
    page.wait_for_selector(f"isthmus-plant-page {MARK}")
    page.goto(demo.url + CAPPER)
    old = page.locator("isthmus-asset-page isthmus-value[title*='no communication']")
    old.first.wait_for()
    assert old.first.get_attribute("quality") in ("bad", "stale", "none")

    demo.fault("network", on=False)
    eventually(lambda: set(states(demo).values()) == {"up"}, 60)
    old.first.wait_for(state="detached")
    window.ready()
    page.goto(demo.url + "/connections")
    window.ready()
    row.locator(".state.run").wait_for()
    page.wait_for_selector(f"isthmus-alarm-banner {MARK}", state="detached")


def test_the_gap_is_told_by_history(demo):
    """Follows the cut link above."""
    plant = demo.remote.get("/api/plant")
    tag = next(one for one in plant["tags"] if one["path"] == "packaging/line1/capper/speed")
    query = {"tags": tag["id"], "from_": plant["now"] - 180_000, "to": plant["now"], "points": 300}
    pen = contract.History.model_validate(demo.remote.get("/api/history", **query)).pens[0]
    assert None in pen.mean
    assert pen.good_percent < 100
    assert pen.mean[-1] is not None, "it came back"


def test_a_site_that_is_gone_is_told_and_comes_back(browser, demo):
    windows = {path: Visitor(browser, demo) for path in ("/plant", CAPPER, "/connections")}
    for path, window in windows.items():
        window.open(path)
    demo.stop()
    for path, window in windows.items():
        page = window.page
        banner = page.locator("isthmus-alarm-banner .banner-stale")
        banner.wait_for()
        assert "silent for" in banner.inner_text()
        assert banner.locator(MARK).count() == 1
        page.wait_for_selector("isthmus-nav .foot >> text=silent")
        if path != "/connections":
            page.wait_for_selector("main#page isthmus-value[quality=stale]")
            continue
        card = page.locator("isthmus-card[state=error] [role=alert]").first
        card.wait_for()
        assert "does not answer" in card.inner_text(), "what"
        assert "for " in card.inner_text(), "since when"
        assert "next try in" in card.inner_text(), "what next"
    demo.start()
    for window in windows.values():
        page = window.page
        page.wait_for_selector("isthmus-alarm-banner .banner-stale", state="detached")
        page.wait_for_selector("isthmus-card[state=error]", state="detached", timeout=40_000)
        page.wait_for_selector("isthmus-nav .foot >> text=values/s")
        before = page.evaluate(NUMBERS)
        page.wait_for_function(f"(before) => ({NUMBERS})() !== before", arg=before)
        page.goto(demo.url + "/energy")
        page.wait_for_selector("isthmus-energy-page isthmus-value")
        assert page.locator("text=You are not signed in").count() == 0, "a session outlives it"
        window.close()


def test_a_card_whose_answer_fails_says_what_since_when_and_what_next(window):
    page = window.open("/performance?window=hour")
    page.route("**/api/performance*", lambda route: route.abort())
    page.reload()
    card = page.locator("isthmus-card[state=error] [role=alert]").first
    card.wait_for()
    assert "next try in" in card.inner_text()
    page.wait_for_selector("isthmus-nav .foot >> text=values/s")  # the rest goes on
    page.unroute("**/api/performance*")
    page.wait_for_selector("isthmus-card[state=error]", state="detached", timeout=40_000)
