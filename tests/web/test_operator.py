"""The operator's page: touched with gloves, by keyboard, without a network, by two at once."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect
from tests.web.conftest import eventually
from tests.web.looks import CUT, MUTE, WIDE
from tests.web.test_people_pages import enrolled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
expect.set_options(timeout=20_000)

LINE = "packaging/line1"
HOUR = 3_600_000.0
TABLET, UPRIGHT, PHONE = (1024, 768), (768, 1024), (390, 844)
LOW = """() => [...document.querySelectorAll('main button, main select, main input')]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 48)
  .map((one) => one.outerHTML.slice(0, 120))"""
STOPS = "**/api/stops?*"


@pytest.fixture(scope="module")
def stops(demo, plant):
    """Own stops that are over, of which nobody spoke; each test takes its own."""

    def found():
        span = {"from_": plant["now"] - 6 * HOUR, "to": plant["now"]}
        told = demo.remote.get("/api/stops", path_=LINE, **span)["stops"]
        free = [
            one
            for one in told
            if one["counts"] in ("ADOT", "MICRO")
            and one["end"] - one["start"] > 5_000
            and not (one["going"] or one["said"] or one["path"].endswith("filler"))
        ]
        return free if len(free) > 10 else None

    return eventually(found, 60)


@pytest.fixture
def stop(stops):
    return stops.pop(0)


@pytest.fixture
def window(browser, demo):
    """A touch screen at which the owner is signed in; another with `window()`."""
    contexts = []

    def opened(size=TABLET, **how):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, has_touch=True, **how
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(demo.sign_in_link())
        return page

    yield opened
    for context in contexts:
        context.close()


def asked(page, demo, stop):
    """The page with the question about `stop`."""
    page.goto(f"{demo.url}/operator?at={stop['path']}&stop={stop['path']}@{stop['start']}")
    expect(page.locator("isthmus-stop-reason .q")).to_contain_text(stop["path"].split("/")[-1])
    return page


def versions(demo, stop):
    told = demo.remote.get("/api/stops/explain", path_=stop["path"], at=stop["start"] + 1)
    return told["versions"]


def said(demo, stop):
    told = demo.remote.get("/api/stops/explain", path_=stop["path"], at=stop["start"] + 1)
    return told["stop"]["reason"]


def tile(page, reason):
    return page.locator(f"isthmus-stop-reason [data-reason='{reason}']").first


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [TABLET, UPRIGHT, PHONE])
def test_everything_is_large_named_and_fits(window, demo, stops, size, theme):
    page = asked(window(size, color_scheme=theme), demo, stops[-1])
    for open_it in ("Comment", "Two causes", "What was said"):
        page.get_by_role("button", name=open_it).tap()
        page.wait_for_timeout(200)
        assert page.evaluate(LOW) == []
    assert [page.evaluate(look) for look in (WIDE, CUT, MUTE)] == [[], [], []]


def test_a_device_remembers_what_it_is_for(window, demo):
    page = window()
    page.goto(f"{demo.url}/operator")
    chosen = page.get_by_label("The machine or line of this device")
    expect(chosen).to_have_value(LINE)
    chosen.select_option(f"{LINE}/labeller")
    page.wait_for_function("() => location.search.includes('labeller')")
    page.goto(f"{demo.url}/operator")
    expect(chosen).to_have_value(f"{LINE}/labeller")
    expect(page.locator(".station .state.big")).not_to_be_empty()


def test_one_touch_says_it_and_undo_takes_it_back(window, demo, stop):
    page = asked(window(), demo, stop)
    page.get_by_role("button", name="Comment").tap()
    page.locator("isthmus-stop-reason textarea").fill("reel 7")
    tile(page, "people").tap()
    bar = page.locator("isthmus-outbox .saved")
    expect(bar).to_contain_text("Nobody free")
    first = versions(demo, stop)[-1]
    assert (first["reason"], first["comment"], first["waited"]) == ("people", "reel 7", 0)
    bar.get_by_role("button", name="Undo").tap()
    expect(bar).to_contain_text("taken back")
    assert versions(demo, stop)[-1]["undone_by"]
    asked(page, demo, stop)
    page.get_by_role("button", name="What was said").tap()
    expect(page.locator("isthmus-stop-history .gone").last).to_contain_text("Nobody free")


def test_it_is_said_cut_and_mended_by_keyboard_alone(window, demo, stop):
    page = asked(window(), demo, stop)

    def to(locator):
        locator.wait_for()
        for _ in range(120):
            if locator.evaluate("(one) => one === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {locator}")

    to(tile(page, "adjustment"))
    page.keyboard.press("Enter")
    to(tile(page, "adjustment/torque"))
    page.keyboard.press("Space")
    expect(page.locator("isthmus-outbox .saved")).to_contain_text("Cap torque")
    assert said(demo, stop) == "adjustment/torque"
    asked(page, demo, stop)
    to(page.get_by_role("button", name="Two causes"))
    page.keyboard.press("Enter")
    slider = page.get_by_label("Where the stop is cut")
    expect(slider).to_be_focused()
    page.keyboard.press("ArrowLeft")
    to(page.get_by_role("button", name=re.compile("^Cut at")))
    page.keyboard.press("Enter")
    expect(page.locator("isthmus-outbox .saved")).to_contain_text("cut in two")
    assert versions(demo, stop)[-1]["reason"] == "adjustment/torque"
    end = demo.remote.get("/api/stops/explain", path_=stop["path"], at=stop["start"] + 1)
    assert end["stop"]["end"] < stop["end"], "it is two stops now"


def test_what_is_said_without_a_network_comes_once_and_in_order(window, demo, stops):
    first, second = stops.pop(0), stops.pop(0)
    before = [len(versions(demo, each)) for each in (first, second)]
    page = asked(window(), demo, first)
    page.context.set_offline(True)
    tile(page, "people").tap()
    bar = page.locator("isthmus-outbox .waiting")
    expect(bar).to_contain_text("1 word waits here")
    gone, sent = [], []

    def lost(route):  # it arrives, and the answer is lost: it has to be sent again
        sent.append(json.loads(route.request.post_data)["key"])
        if len(sent) == 1:
            route.fetch()
            gone.append(route.abort())
        else:
            route.continue_()

    page.route("**/api/stops", lost)
    page.context.set_offline(False)
    expect(page.locator("isthmus-outbox .saved")).to_contain_text("Nobody free")
    assert len(sent) > 1
    assert len(set(sent)) == 1
    assert said(demo, first) == "people"
    assert len(versions(demo, first)) == before[0] + 1
    page.unroute("**/api/stops")
    asked(page, demo, second)
    page.context.set_offline(True)
    tile(page, "people").tap()
    expect(bar).to_contain_text("1 word waits")
    page.context.set_offline(False)
    page.reload()  # another start of the browser: the word is still there, or was sent
    eventually(lambda: said(demo, second) == "people")
    assert len(versions(demo, second)) == before[1] + 1


def test_of_two_at_once_the_later_is_told_and_may_insist(window, demo, stop):
    one, other = asked(window(), demo, stop), asked(window(), demo, stop)
    other.route(STOPS, lambda route: route.abort())  # it does not hear of the first word
    tile(one, "people").tap()
    expect(one.locator("isthmus-outbox .saved")).to_be_visible()
    tile(other, "no_order").tap()
    trouble = other.get_by_role("alert").filter(has_text="meanwhile")
    expect(trouble).to_contain_text("said Nobody free")
    assert said(demo, stop) == "people", "the later word has changed nothing"
    trouble.get_by_role("button", name="Mine is right").tap()
    expect(other.locator("isthmus-outbox .saved")).to_contain_text("No order")
    assert [each["reason"] for each in versions(demo, stop)][-2:] == ["people", "no_order"]


JUST_AFTER = """async () => {
  const text = () => document.querySelector('isthmus-stop-reason .q').textContent;
  const old = text();
  document.querySelector('isthmus-stop-reason .touch-row button').click();
  window.dispatchEvent(new Event('isthmus-outbox'));
  for (let frame = 0; frame < 300 && text() === old; frame++)
    await new Promise(requestAnimationFrame);
  document.querySelector("isthmus-stop-reason [data-reason='people']").click();
}"""


def test_another_stop_takes_neither_the_question_nor_the_touch(window, demo, stops):
    first, second = stops.pop(0), stops.pop(0)
    before = [versions(demo, each) for each in (first, second)]
    page, shown = window(), [first]

    def only_those(route):
        told = route.fetch()
        rows = [{**each, "asks": True} for each in shown]
        route.fulfill(response=told, json={**told.json(), "stops": rows})

    page.route(STOPS, only_those)
    page.goto(f"{demo.url}/operator?at={LINE}")
    question = page.locator("isthmus-stop-reason .q")
    asked_first = question.text_content()
    page.get_by_role("button", name="Comment").tap()
    page.locator("isthmus-stop-reason textarea").fill("reel 7")
    shown.append(second)
    page.evaluate("window.dispatchEvent(new Event('isthmus-said'))")
    expect(page.locator("isthmus-card.ask")).to_contain_text("2 stops wait")
    expect(question).to_have_text(asked_first)
    expect(page.locator("isthmus-stop-reason textarea")).to_have_value("reel 7")
    page.locator("isthmus-stop-reason textarea").fill("")
    page.evaluate(JUST_AFTER)
    expect(page.locator("isthmus-stop-reason")).to_contain_text("meant for the one before")
    expect(question).not_to_have_text(asked_first)
    assert [versions(demo, each) for each in (first, second)] == before
    page.wait_for_timeout(500)  # for so long a touch is not taken
    tile(page, "people").tap()
    expect(page.locator("isthmus-outbox .saved")).to_contain_text("Nobody free")
    assert versions(demo, first) == before[0]
    assert said(demo, second) == "people"
    page.unroute_all(behavior="ignoreErrors")


def test_a_word_that_waits_is_sent_from_any_page_and_its_fate_is_shown(window, demo, stop):
    page = asked(window(), demo, stop)
    page.context.set_offline(True)
    tile(page, "people").tap()
    expect(page.locator("isthmus-outbox .waiting")).to_contain_text("1 word waits")
    kept = page.evaluate("localStorage.getItem('isthmus-words')")
    page.evaluate("localStorage.removeItem('isthmus-words')")
    page.context.set_offline(False)
    page.goto(f"{demo.url}/performance")
    page.evaluate("(words) => localStorage.setItem('isthmus-words', words)", kept)
    page.reload()
    expect(page.locator("isthmus-outbox .saved")).to_contain_text("Nobody free")
    assert said(demo, stop) == "people"


def test_who_may_only_look_sees_no_button_and_no_word_goes_in_anothers_name(
    window, browser, demo, stop
):
    page, before = asked(window(), demo, stop), versions(demo, stop)
    page.context.set_offline(True)
    tile(page, "people").tap()
    expect(page.locator("isthmus-outbox .waiting")).to_contain_text("1 word waits")
    words = page.evaluate("localStorage.getItem('isthmus-words')")
    context = browser.new_context(viewport={"width": 1024, "height": 768})
    try:
        viewer = context.new_page()
        viewer.set_default_timeout(20_000)
        enrolled(demo, viewer, "viewer")
        viewer.evaluate("(words) => localStorage.setItem('isthmus-words', words)", words)
        base = viewer.evaluate("location.origin")
        viewer.goto(f"{base}/operator?at={stop['path']}&stop={stop['path']}@{stop['start']}")
        expect(viewer.locator("isthmus-stop-reason .q")).to_be_visible()
        expect(viewer.locator("isthmus-outbox .waiting")).to_contain_text("of owner wait here")
        assert viewer.locator("isthmus-stop-reason .tile").count() == 0
        assert viewer.get_by_role("button", name="Two causes").count() == 0
        viewer.get_by_role("button", name="What was said").click()
        viewer.locator("isthmus-stop-history :is(ol, p)").wait_for()
    finally:
        context.close()
    assert versions(demo, stop) == before, "the viewer's browser sent nothing of the owner's"


def test_those_on_call_are_called_with_two_touches(window, demo, plant):
    page = window()
    page.goto(f"{demo.url}/operator?at={LINE}/capper")
    call = page.locator("isthmus-call-help")
    call.get_by_role("button", name="Call standby").tap()
    call.get_by_role("button", name="Touch again").tap()
    expect(call).to_contain_text("is told")

    def told():
        found = demo.remote.get("/api/notify/log", about=f"{LINE}/capper")
        return [each for each in found if each["kind"] == "call" and each["state"] == "sent"]

    assert "wanted at" in eventually(told)[0]["title"]
    records = demo.remote.get("/api/ledger", kind="notice")["records"]
    assert any("calls standby to Capper" in each["text"] for each in records)
    wish = json.dumps({"path": f"{LINE}/capper", "rota": "nobody"}).encode()
    with pytest.raises(Exception, match="no rota nobody"):
        demo.remote.send("/api/operator/call", wish)


def test_a_note_for_the_next_shift_is_kept_and_not_lost_without_a_network(window, demo):
    page = window()
    page.goto(f"{demo.url}/operator?at={LINE}/capper")
    form = page.locator("isthmus-shift-note")
    field, button = form.get_by_label("Note for the next shift"), form.get_by_role("button")
    field.fill("reel 7 jams")
    page.context.set_offline(True)
    button.tap()
    expect(form.get_by_role("alert")).to_contain_text("the site does not answer")
    expect(field).to_have_value("reel 7 jams")
    page.context.set_offline(False)
    page.reload()
    expect(field).to_have_value("reel 7 jams")
    button.tap()
    expect(form.locator(".notes li").first).to_contain_text("reel 7 jams")
    expect(field).to_have_value("")
    told = demo.remote.get("/api/scorecard")["notes"]
    assert [each["line"] for each in told if each["text"] == "reel 7 jams"] == [LINE]
