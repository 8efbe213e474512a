"""Every page against the running demonstration, in light and dark, on a desk and on a phone."""

from __future__ import annotations

import pytest
from tests.web.looks import CHARTS, CUT, MUTE, NUMBERS, WIDE, barriers, coloured, pixels

pytestmark = pytest.mark.browser

UNITS = ("filler", "capper", "labeller", "packer", "palletiser", "meter")
SPEED = "packaging/line1/filler/speed"
PENS = f"{SPEED},packaging/line1/meter/power"
PAGES = {
    "plant": "/plant",
    "asset": "/asset/packaging/line1/filler",
    "explore": f"/explore?pens={PENS}&range=1h",
    "performance": "/performance?window=day",
    "energy": "/energy?window=day",
    "connections": "/connections",
    "security": "/security",
    "alarms": "/alarms",
    "operator": "/operator?at=packaging/line1",
}
COLOURED = {"scorecard": "/scorecard"}  # a goal that is missed
ASSETS = [f"/asset/packaging/line1/{unit}" for unit in UNITS] + ["/asset/utilities/air/compressor"]
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
BAD_CARDS = "[...document.querySelectorAll('isthmus-card')].filter(c => /error|denied|stale/"
BAD_CARDS += ".test(c.state)).map(c => c.heading + ': ' + c.textContent.trim())"


@pytest.fixture(scope="module", params=list(SIZES))
def size(request):
    return request.param


@pytest.fixture(scope="module", params=["light", "dark"])
def window(request, size, visit):
    """One signed-in window of each theme and size."""
    return visit(theme=request.param, size=SIZES[size])


@pytest.mark.parametrize("name", PAGES)
def test_a_healthy_page(window, name):
    page = window.open(PAGES[name])
    assert page.evaluate("location.pathname").startswith(f"/{name}")
    assert page.evaluate(BAD_CARDS) == []
    assert page.evaluate(WIDE) == []
    assert page.evaluate(CUT) == []
    assert page.evaluate(MUTE) == []
    page.wait_for_function(f"() => ({CHARTS})().length === 0")
    assert coloured(pixels(page, full_page=True))[:10] == [], "a healthy page has no alarm colour"
    assert barriers(page) == []
    assert window.wrong == []


@pytest.mark.parametrize("name", COLOURED)
def test_a_page_for_everyone(window, name):
    page = window.open(COLOURED[name])
    assert page.evaluate(BAD_CARDS) == []
    assert page.evaluate(WIDE) == []
    assert page.evaluate(CUT) == []
    assert page.evaluate(MUTE) == []
    assert barriers(page) == []
    assert window.wrong == []


@pytest.fixture(scope="module")
def desk(visit):
    return visit()


@pytest.mark.parametrize("path", ASSETS)
def test_a_healthy_asset(desk, path):
    page = desk.open(path)
    name = path.rpartition("/")[2]
    assert name in page.inner_text("isthmus-topbar .crumb")
    assert page.evaluate(BAD_CARDS) == []
    assert page.evaluate(CUT) == []
    page.wait_for_function(f"() => ({CHARTS})().length === 0")
    assert coloured(pixels(page, full_page=True))[:10] == []
    assert desk.wrong == []


@pytest.mark.parametrize(
    "name", [name for name in PAGES if name not in ("performance", "security", "alarms")]
)
def test_values_move(desk, name):
    page = desk.open(PAGES[name])
    page.wait_for_function(f"() => /\\d/.test(({NUMBERS})())", timeout=45_000)  # a live number
    before = page.evaluate(NUMBERS)
    moved = f"(before) => ({NUMBERS})() !== before"
    page.wait_for_function(moved, arg=before, timeout=45_000)  # figures are asked for less often


def test_the_clock_is_the_plants(desk, plant):
    page = desk.open("/plant")
    assert page.inner_text("isthmus-topbar .clock b").count(":") == 2
    assert desk.page.title().startswith("Plant")


class TestKeyboard:
    @pytest.mark.parametrize(("key", "name"), list(zip("paefncslr", PAGES, strict=True)))
    def test_g_and_a_letter_goes_to_a_page(self, desk, key, name):
        page = desk.open("/connections" if name != "connections" else "/plant")
        page.keyboard.type(f"g{key}")
        page.wait_for_function("(name) => location.pathname === '/' + name", arg=name)
        page.wait_for_selector(f"isthmus-{name}-page main#page")

    def test_slash_searches_and_escape_leaves(self, desk):
        page = desk.open("/plant")
        page.keyboard.press("/")
        page.keyboard.type("bowl press")
        page.wait_for_selector("#search-hits li >> text=bowl pressure")
        page.keyboard.press("Escape")
        page.wait_for_selector("#search-hits", state="detached")
        page.keyboard.press("/")
        page.keyboard.press("Enter")
        page.wait_for_function("() => /pens=.*bowl_pressure/.test(location.search)")

    def test_keys_are_letters_in_a_field(self, desk):
        page = desk.open("/plant")
        page.keyboard.press("/")
        page.keyboard.type("gc")
        assert page.evaluate("location.pathname") == "/plant"

    def test_arrows_walk_the_tree(self, desk):
        page = desk.open("/explore")
        page.locator("[role=tree] [tabindex='0']").focus()
        here = "document.activeElement.dataset.key"
        assert page.evaluate(here) == "/enterprise"
        for key in (*["ArrowDown"] * 4, "ArrowRight", "ArrowDown"):
            page.keyboard.press(key)
            page.wait_for_timeout(50)
        assert page.evaluate(here).startswith("packaging/line1/filler/")
        page.keyboard.press("End")
        page.wait_for_function(f"() => {here}.startsWith('utilities')")
        page.keyboard.press("Home")
        page.wait_for_function(f"() => {here} === '/enterprise'")
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector("[data-key='/enterprise'][aria-expanded=false]")

    def test_space_adds_and_removes_a_pen(self, desk):
        page = desk.open(f"/explore?pens={SPEED}")
        page.locator("[data-key='packaging/line1/filler/power']").focus()
        page.keyboard.press("Space")
        page.wait_for_function("() => /speed,packaging.line1.filler.power/.test(location.search)")
        page.keyboard.press("Space")
        page.wait_for_function("() => !/power/.test(location.search)")

    def test_brackets_change_the_range(self, desk):
        page = desk.open("/asset/packaging/line1/filler")
        page.keyboard.press("]")
        page.wait_for_function("() => location.search.includes('range=3h')")
        page.keyboard.press("[")
        page.wait_for_function("() => location.search.includes('range=1h')")


class TestState:
    def test_a_reload_keeps_pens_and_range(self, desk):
        page = desk.open(f"/explore?pens={PENS}&range=3h")
        page.reload()
        desk.ready()
        assert page.locator(".letter-box").all_inner_texts()[:2] == ["A", "B"]
        assert page.inner_text("isthmus-range [aria-pressed=true]") == "3 h"

    def test_back_goes_back(self, desk):
        page = desk.open("/plant")
        page.click("isthmus-nav a[href='/energy']")
        page.wait_for_selector("isthmus-energy-page")
        page.go_back()
        page.wait_for_selector("isthmus-plant-page")

    def test_a_link_to_an_asset_opens_it(self, desk):
        page = desk.open("/plant")
        page.click("isthmus-plant-page a[href='/asset/packaging/line1/capper']")
        page.wait_for_function("() => location.pathname.endsWith('/capper')")
        page.wait_for_selector("isthmus-asset-page .face >> text=Capper")

    def test_what_is_not_there_says_so(self, desk):
        page = desk.open("/nothing")
        assert "There is no page" in page.inner_text("main")
        page = desk.open("/asset/packaging/line9")
        assert "There is no asset packaging/line9" in page.inner_text("main")

    def test_the_theme_is_remembered(self, visit):
        window = visit()
        page = window.open("/plant")
        shown = "document.documentElement.dataset.theme"
        assert page.evaluate(shown) == "light"
        page.click("isthmus-topbar button.switch")
        assert page.evaluate(shown) == "dark"
        page.goto(window.demo.url + "/energy")
        window.ready()
        assert page.evaluate(shown) == "dark"

    def test_a_stranger_is_told_how_to_sign_in(self, browser, demo):
        context = browser.new_context()
        page = context.new_page()
        page.goto(demo.url)
        page.wait_for_selector("main >> text=isthmus link")
        context.close()


class TestAccess:
    def test_landmarks_and_the_skip_link_first(self, desk):
        page = desk.open("/plant")
        for role in ("banner", "navigation", "main", "status"):
            assert page.get_by_role(role).count() >= 1, role
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.activeElement.id === 'page'")

    @pytest.mark.parametrize("name", PAGES)
    def test_tab_reaches_all_that_can_be_used(self, desk, name):
        page = desk.open(PAGES[name])
        wanted = page.evaluate(
            "() => [...document.querySelectorAll("
            "'a[href], button, input, select, summary, [tabindex=\"0\"]')]"
            ".filter(e => e.checkVisibility() && e.tabIndex >= 0 && !e.disabled)"
            ".map((e, at) => (e.dataset.at = String(at), at)).length"
        )
        page.evaluate("document.activeElement.blur(), window.scrollTo(0, 0)")
        reached, seen = set(), set()
        for _ in range(wanted + 30):
            page.keyboard.press("Tab")
            at, outlined = page.evaluate(FOCUS)
            reached.add(at)
            if outlined:
                seen.add(at)
            if len(reached - {None}) == wanted:
                break
        every = set(map(str, range(wanted)))
        assert [page.evaluate(SHOW, at) for at in sorted(every - reached)][:5] == []
        assert [page.evaluate(SHOW, at) for at in sorted(every - seen)][:5] == [], "no focus shown"


FOCUS = """() => {
  const style = getComputedStyle(document.activeElement);
  const outline = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  return [document.activeElement.dataset.at ?? null, outline || style.boxShadow !== 'none'];
}"""
SHOW = "(at) => document.querySelector(`[data-at='${at}']`)?.outerHTML.slice(0, 120)"


class TestSecurity:
    def test_a_lock_is_seen_with_who_and_why_and_in_the_ledger(self, desk):
        page = desk.open("/security?kind=lock")
        path = "utilities/air/compressor"
        told = """async ([path, where]) => (await fetch(`/api/locks${where}`, {method: 'POST',
          headers: {'content-type': 'application/json'},
          body: JSON.stringify({path, reason: 'oil is changed'})})).status"""
        assert page.evaluate(told, [path, ""]) == 200
        try:
            page.wait_for_selector(f"isthmus-permit-list >> text={path}")
            assert "oil is changed" in page.inner_text("isthmus-permit-list")
            page.wait_for_selector(f"isthmus-ledger-list tr >> text={path}")
            assert set(page.locator(".ledger td:nth-child(3)").all_inner_texts()) == {"lock"}
        finally:
            assert page.evaluate(told, [path, "/free"]) == 200
        page.wait_for_selector(f"isthmus-permit-list >> text={path}", state="detached")

    def test_the_chain_is_verified_on_demand(self, desk):
        page = desk.open("/security")
        page.click("text=Verify the chain")
        page.wait_for_selector(".book .sub >> text=sound:")

    def test_zones_are_drawn_and_told(self, desk):
        page = desk.open("/security")
        picture = page.locator("isthmus-zone-map svg").first
        assert "line1 at level 2" in (picture.get_attribute("aria-label") or "")
        assert "site to line1 opcua, modbus" in (picture.get_attribute("aria-label") or "")
        assert page.locator("isthmus-zone-map .zone").count() >= 4
