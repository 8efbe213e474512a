"""The page of alarms in a browser: order, what to do, acknowledge, shelve, keys, a flood."""

from __future__ import annotations

import json

import pytest
from tests.web.looks import CUT, MUTE, WIDE

pytestmark = pytest.mark.browser

LINE = "packaging/line1"


def alarm(unit, name, now, **more):
    return {
        "path": f"{LINE}/{unit}/{name}",
        "equipment": f"{LINE}/{unit}",
        "title": name.replace("_", " "),
        "priority": 3,
        "state": "unacknowledged",
        "active": True,
        "judged": True,
        "since": now - 60_000,
        "raised": now - 60_000,
        "value": 4.62,
        "limit": 4.5,
        "unit": "mm/s",
        "when": "x > limits.high",
        "advice": f"what to do about {name}",
        "longest": 28_800.0,
        "may_acknowledge": True,
        "may_lock": True,
        **more,
    }


class Told:
    """What the site would answer; the rest of the page is the demonstration's."""

    def __init__(self, page, now):
        self.page, self.now, self.asked = page, now, []
        self.alarms = [
            alarm("capper", "bearing", now, priority=1, longest=0.0, response=600.0, first=True),
            alarm("filler", "hot", now, priority=2, state="acknowledged"),
            alarm("packer", "jam", now, state="returned", judged=False),
            alarm("labeller", "film", now, state="shelved", until=now + 9e5, by="person:anna"),
        ]
        page.route("**/api/alarms*", self.answer)
        page.route("**/api/alarms/*", self.act)

    def answer(self, route):
        body = {"now": self.now, "alarms": self.alarms, "all": 90, "unjudged": 1}
        route.fulfill(json=body)

    def act(self, route):
        if route.request.method != "POST":
            route.continue_()
            return
        wish = json.loads(route.request.post_data)
        self.asked.append((route.request.url.rpartition("/")[2], wish))
        for each in self.alarms:
            if each["path"] in wish["alarms"]:
                each["state"] = "acknowledged"
        route.fulfill(json=[])

    def close(self):
        self.page.unroute("**/api/alarms*")
        self.page.unroute("**/api/alarms/*")


@pytest.fixture(scope="module", params=[("light", (1440, 900)), ("dark", (390, 844))], ids=str)
def window(request, visit):
    return visit(theme=request.param[0], size=request.param[1])


@pytest.fixture
def told(window, plant):
    found = Told(window.page, plant["now"])
    yield found
    found.close()


def rows(page):
    return page.locator("isthmus-alarm-list tbody tr:not(.sect)")


def test_the_first_thing_to_do_is_first(window, told):
    page = window.open("/alarms")
    assert rows(page).count() == 4
    first = rows(page).nth(0).inner_text()
    for word in ("capper", "bearing", "first", "4.62 / 4.50 mm/s", "what to do about bearing"):
        assert word in first
    assert "Shelve" not in first  # never for priority 1
    assert "its value is bad" in rows(page).nth(2).inner_text()
    assert "Not asking for you: 1" in page.inner_text("isthmus-alarm-list")
    for look in (WIDE, CUT, MUTE):
        assert page.evaluate(look) == []
    assert window.wrong == []


def test_who_may_not_act_is_offered_nothing(window, told):
    for each in told.alarms[1:]:
        each |= {"may_acknowledge": False, "may_lock": False}
    told.alarms[2]["state"] = "unacknowledged"
    page = window.open(f"/alarms?alarm={LINE}/packer/jam")
    assert rows(page).get_by_role("button").all_inner_texts() == ["Acknowledge"]
    assert page.get_by_role("button", name="Acknowledge all").count() == 0
    page.locator("main#page").focus()
    press(page, "a", "s")
    assert told.asked == []


def test_one_click_acknowledges(window, told):
    page = window.open("/alarms")
    rows(page).nth(0).get_by_role("button", name="Acknowledge").click()
    page.wait_for_function(
        "() => /acknowledged/.test(document.querySelector('isthmus-alarm-list tbody tr').innerText)"
        " && !/Acknowledge/.test(document.querySelector('isthmus-alarm-list tbody tr').innerText)"
    )
    assert told.asked == [("acknowledge", {"alarms": [f"{LINE}/capper/bearing"]})]


def test_keys_alone_choose_acknowledge_and_shelve(window, told):
    page = window.open("/alarms")
    page.wait_for_selector("isthmus-alarm-list tbody tr")
    page.locator("main#page").focus()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.wait_for_function("() => /jam/.test(location.search)")
    page.keyboard.press("a")
    page.wait_for_function("() => !document.querySelector('[data-path$=jam] .unack')")
    assert told.asked[-1] == ("acknowledge", {"alarms": [f"{LINE}/packer/jam"]})
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Shelve alarm")
    dialog.wait_for()
    send = dialog.locator("button.main")
    assert send.is_disabled()  # no reason yet
    dialog.get_by_label("Reason").fill("cartons run out")
    assert send.is_enabled()
    assert page.evaluate(CUT) == []
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    page.locator("main#page").focus()
    page.keyboard.press("s")
    dialog.get_by_role("button", name="known cause").click()
    send.click()
    dialog.wait_for(state="detached")
    step, wish = told.asked[-1]
    assert (step, wish["reason"], wish["minutes"]) == ("shelve", "known cause", 30)


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_timeout(300)


def test_keys_never_act_on_what_nobody_chose_or_sees(window, told):
    """A colleague may have acknowledged it meanwhile; other views do not list it."""
    page = window.open("/alarms?alarm=packaging/line1/mixer/gone")
    rows(page).first.wait_for()
    page.locator("main#page").focus()
    press(page, "a", "s")
    for view in ("journal", "told"):
        page = window.open(f"/alarms?view={view}&alarm={LINE}/capper/bearing")
        page.locator("isthmus-alarms-page .list").wait_for()
        page.locator("main#page").focus()
        press(page, "a", "j", "s")
        assert "capper/bearing" in page.evaluate("location.search")
    assert told.asked == []
    assert page.get_by_role("dialog", name="Shelve alarm").count() == 0


def test_keys_act_at_the_list_alone_and_can_be_switched_off(window, told):
    page = window.open(f"/alarms?alarm={LINE}/packer/jam")
    rows(page).first.wait_for()
    page.locator("isthmus-nav a:visible").first.focus()
    press(page, "a", "s")
    assert told.asked == []
    page = window.open("/account")
    switch = page.get_by_label("Single keys act on whole pages")
    switch.uncheck()
    for look in (WIDE, CUT, MUTE):
        assert page.evaluate(look) == []
    page = window.open(f"/alarms?alarm={LINE}/packer/jam")
    rows(page).first.wait_for()
    page.locator("isthmus-alarm-list").locator("xpath=..").focus()
    press(page, "a", "s", "j", "g", "p")
    assert told.asked == []
    assert page.evaluate("location.pathname + location.search").endswith("/packer/jam")
    page = window.open("/account")
    switch.check()
    page = window.open(f"/alarms?alarm={LINE}/packer/jam")
    rows(page).first.wait_for()
    page.locator("isthmus-alarm-list").locator("xpath=..").focus()
    press(page, "a")
    assert told.asked == [("acknowledge", {"alarms": [f"{LINE}/packer/jam"]})]


SEEN = """() => {
  const row = document.querySelector('tr[aria-selected=true]')?.getBoundingClientRect();
  const list = document.querySelector('isthmus-alarm-list').parentElement.getBoundingClientRect();
  return row && row.top >= Math.max(0, list.top - 1)
    && row.bottom <= Math.min(innerHeight, list.bottom + 1);
}"""


def test_what_keys_choose_is_in_view_and_is_told(window, told):
    told.alarms = [alarm("filler", f"jam_{n}", told.now) for n in range(120)]
    page = window.open(f"/alarms?alarm={LINE}/filler/jam_80")
    page.wait_for_function(SEEN)
    page.locator("main#page").focus()
    press(page, "j")
    page.wait_for_function(SEEN)
    said = page.locator("main#page > [role=status]")
    assert said.inner_text() == "filler / jam 81, priority 3, unacknowledged, 82 of 120"
    button = page.locator("tr[aria-selected=true]").get_by_role("button").first
    assert button.get_attribute("aria-label") == "Acknowledge filler / jam 81"


def test_a_page_key_is_no_key_of_the_list(window, told):
    page = window.open(f"/alarms?alarm={LINE}/packer/jam")
    rows(page).first.wait_for()
    page.locator("main#page").focus()
    press(page, "g", "a")
    page.wait_for_function("() => location.pathname === '/asset'")
    assert told.asked == []


def test_a_flood_and_nothing_at_all(window, told):
    told.alarms = [alarm("filler", f"very_long_name_{n}", told.now) for n in range(120)]
    page = window.open("/alarms")
    assert rows(page).count() == 120
    assert "120 active, 120 not acknowledged" in page.inner_text("isthmus-alarms-page .list header")
    for look in (WIDE, CUT):
        assert page.evaluate(look) == []
    told.alarms = []
    page = window.open("/alarms")
    page.wait_for_selector("text=Nothing asks for you")


def figures(position, now, **more):
    return {
        "position": position,
        "start": now - 86_400_000,
        "end": now,
        "raised": 12,
        "per_ten_minutes": [0, 12, *[0] * 142],
        "mean": 0.1,
        "most": 12,
        "flooded": 0.01,
        "floods": [],
        "actors": [],
        "top_ten": 1.0,
        "chattering": 0,
        "standing": [],
        "priorities": {},
        **more,
    }


def advice(path, raised, **more):
    spares = {"on_delay": None, "on_spares": 0, "off_delay": None, "off_spares": 0}
    seen = {"acknowledged": 0, "unattended": raised, "median": 3.0, "chatters": 0}
    return {"path": path, "raised": raised, **seen, **spares, "text": "", **more}


def test_figures_are_those_of_a_position_and_each_alarm_has_its_advice(window, told):
    flood = {"start": told.now - 7_200_000, "end": told.now - 6_000_000, "alarms": 23}
    known = [
        figures("", told.now),
        figures(LINE, told.now, floods=[flood], standing=[f"{LINE}/filler/hot"]),
    ]
    text = "with 5 s more delay 38 of 41 would not have come"
    found = [
        advice(f"{LINE}/filler/jam", 41, on_delay=5.0, on_spares=38, text=text),
        advice("utilities/air/hot", 50),
    ]
    page = window.page
    page.route("**/api/alarms/statistics", lambda route: route.fulfill(json=known))
    page.route("**/api/alarms/rationalise", lambda route: route.fulfill(json=found))
    try:
        page = window.open("/alarms?view=rationalise")
        page.wait_for_selector("isthmus-rationalise tbody tr")
        assert page.locator("isthmus-rationalise tbody tr").count() == 2
        assert page.locator("isthmus-alarm-troubles").count() == 0
        page.get_by_label("Operator's position").select_option(LINE)
        page.wait_for_selector("isthmus-alarm-troubles li")
        (row,) = page.locator("isthmus-rationalise tbody tr").all()
        for word in ("filler / jam", "41", "100 %", text, "38 of 41"):
            assert word in row.inner_text()
        assert "23 alarms" in page.get_by_label("Floods", exact=True).inner_text()
        assert "filler / hot" in page.get_by_label("Standing alarms", exact=True).inner_text()
        for look in (WIDE, CUT, MUTE):
            assert page.evaluate(look) == []
    finally:
        page.unroute("**/api/alarms/statistics")
        page.unroute("**/api/alarms/rationalise")


def test_the_journal_of_the_demonstration(window):
    page = window.open("/alarms?view=journal")
    page.wait_for_selector("isthmus-alarm-journal tbody tr")  # what was shelved at the start
    assert "shelved" in page.inner_text("isthmus-alarm-journal")
