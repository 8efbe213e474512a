"""The page of rules in a browser: what to look at, the past, other words, proposed work."""

from __future__ import annotations

import json

import pytest
from tests.web.looks import CUT, MUTE, WIDE, barriers

pytestmark = pytest.mark.browser

CAPPER = "packaging/line1/capper"


def rule(name, **more):
    return {
        "name": name,
        "title": name.replace("_", " "),
        "mode": "test",
        "acting": False,
        "why": "its mode is `test`",
        "disabled": False,
        "when": "mean(bearing_vibration, 30 min) > bearing_vibration.normal.high",
        "lasting": 120.0,
        "at_most_every": 7_200.0,
        "step": 1.0,
        "places": [CAPPER],
        "does": ["propose work: new bearing"],
        "on": [],
        "last": None,
        "fired": 0,
        "in_a_day": 0,
        "writes": False,
        "dark": [],
        "concerns": [],
        "to_live": f"rules:\n  {name}:\n    mode: live",
        **more,
    }


def proposal(number, now, **more):
    return {
        "number": number,
        "rule": "worn_bearing",
        "equipment": CAPPER,
        "title": "new main bearing for the capper",
        "priority": "high",
        "text": "plan it before the next shift",
        "time": now - 3_600_000,
        "last": now - 60_000,
        "evidence": {f"{CAPPER}/bearing_vibration": 4.62},
        "state": "open",
        "times": 3,
        "versions": [],
        **more,
    }


class Told:
    """What the site would answer; the rest of the page is the demonstration's."""

    def __init__(self, page, now):
        self.page, self.now, self.asked, self.status = page, now, [], 200
        untried = {"text": "its present text was never tried on history", "advice": "try it"}
        self.rules = [
            rule("worn_bearing", mode="live", why="nobody has seen it", concerns=[untried]),
            rule("idle_air", acting=True, mode="live", on=["utilities/air/compressor"], why=""),
            rule("ease_off", disabled=True, writes=True),
        ]
        self.work = [proposal(2, now), proposal(1, now, state="open", times=1)]
        page.route("**/api/rules*", self.listed)
        page.route("**/api/rules/*/*", self.act)
        page.route("**/api/proposals*", lambda route: route.fulfill(json=self.work))
        page.route("**/api/proposals/*", self.decide)

    def listed(self, route):
        counts = dict.fromkeys(("late", "lost", "done", "refused", "held_back", "dropped"), 0)
        body = {"now": self.now, "rules": self.rules, "seconds": 0.012, **counts}
        problem = {"error": "history is away", "hint": "is its disk there?"}
        route.fulfill(json=body if self.status == 200 else problem, status=self.status)

    def act(self, route):
        name, step = route.request.url.split("/")[-2:]
        wish = json.loads(route.request.post_data)
        self.asked.append((name, step, wish))
        if "nothing" in wish.get("when", ""):
            hint = {"error": "there is no tag `nothing`", "hint": "did you mean `running`?"}
            route.fulfill(status=422, json=hint)
            return
        day = 86_400_000
        starts = [self.now - days * day for days in (25, 12, 9, 5, 3, 2, 1)]
        firings = [{"equipment": CAPPER, "start": at, "end": at + 6e6} for at in starts]
        answer = {
            "rule": name,
            "start": self.now - 30 * day,
            "end": self.now,
            "count": len(firings),
            "spared": 1,
            "firings": firings,
            "would": ["propose work: new bearing"],
            "quiet": 1e6,
            "held": 4.2e4,
            "unknown": 0.1,
            "step": 1.0,
            "samples": 1_000,
            "when": "x",
            "change": f"rules:\n  {name}:\n    for: 5 min" if step == "try" else "",
            "limits": ["an alarm counts as the journal has it"],
            "spread": [0] * 60,
        }
        route.fulfill(json=answer if step != "switch" else self.rules[0])

    def decide(self, route):
        wish = json.loads(route.request.post_data)
        number = int(route.request.url.rpartition("/")[2])
        self.asked.append((number, "decide", wish))
        state = "accepted" if wish["accept"] else "rejected"
        said = {"state": state, "by": "owner", "time": self.now, "note": wish["note"]}
        for one in self.work:
            if one["number"] == number:
                one |= {"state": state, "versions": [*one["versions"], said]}
        route.fulfill(json=self.work[0])

    def close(self):
        self.page.unroute_all()


@pytest.fixture(scope="module", params=[("light", (1440, 900)), ("dark", (390, 844))], ids=str)
def window(request, visit):
    return visit(theme=request.param[0], size=request.param[1])


@pytest.fixture
def told(window, plant):
    found = Told(window.page, plant["now"])
    yield found
    found.close()


def opened(window, query=""):
    page = window.open(f"/rules{query}")
    page.wait_for_selector("isthmus-rule-list tbody tr")
    return page


def test_tells_how_each_rule_stands_and_what_to_look_at(window, told):
    page = opened(window)
    rows = page.locator("isthmus-rule-list tbody tr")
    assert rows.count() == 3
    words = [rows.nth(row).inner_text() for row in range(3)]
    assert ["not tried" in words[0], "live" in words[1], "off" in words[2]] == [True] * 3
    assert "never tried on history" in page.inner_text(".concerns")
    assert "4.62" in page.inner_text("isthmus-proposal-list")
    for look in (WIDE, CUT, MUTE):
        assert page.evaluate(look) == []
    assert barriers(page) == []
    assert window.wrong == []


def test_the_past_of_a_rule_is_a_picture_and_a_sentence(window, told):
    page = opened(window, "?rule=idle_air")
    page.get_by_role("button", name="Try it on history").click()
    page.wait_for_selector("isthmus-rule-past svg")
    told_ = page.inner_text("isthmus-rule-trial")
    assert "It would have fired 7 times in 30 days." in told_
    assert "10 % of that time nothing is known" in told_
    assert "an alarm counts as the journal has it" in told_
    assert page.locator("isthmus-rule-past rect.fired").count() == 7
    label = page.locator("isthmus-rule-past svg").get_attribute("aria-label")
    assert label == "when it would have fired 7 times in 30 days"
    assert told.asked == [("idle_air", "test", {"seconds": 86_400})]
    assert barriers(page) == []
    for look in (WIDE, CUT, MUTE):
        assert page.evaluate(look) == []


def test_other_words_are_tried_by_the_keyboard_alone(window, told):
    page = opened(window)
    page.locator("main#page").focus()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.wait_for_function("() => /ease_off/.test(location.search)")
    page.get_by_label("For how long").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("5 min")
    assert "nothing is changed by that" in page.inner_text("form.trial")
    page.keyboard.press("Enter")
    page.wait_for_selector("pre.change")
    assert told.asked == [("ease_off", "try", {"seconds": 86_400, "for": "5 min"})]
    assert "for: 5 min" in page.inner_text("pre.change")
    page.get_by_role("textbox", name="When").fill("nothing > 3")
    page.get_by_role("button", name="Try it with these words").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=did you mean `running`?")
    page.get_by_role("button", name="Back to its own words").press("Enter")
    page.wait_for_selector("text=it is recorded that you saw it")


def test_a_rule_is_kept_from_acting(window, told):
    page = opened(window, "?rule=idle_air")
    page.get_by_role("button", name="Keep it from acting").click()
    page.wait_for_function("() => !document.querySelector('.rule header button[disabled]')")
    assert told.asked == [("idle_air", "switch", {"enabled": False})]


def test_work_is_accepted_and_rejected_with_a_reason(window, told):
    page = opened(window)
    page.locator("[data-proposal='2']").get_by_role("button", name="Accept").click()
    page.wait_for_selector("[data-proposal='2'] >> text=accepted by owner")
    second = page.locator("[data-proposal='1']")
    second.get_by_role("button", name="Reject", exact=True).press("Enter")
    second.get_by_label("Reason").fill("done last week")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=rejected by owner")
    assert told.asked == [
        (2, "decide", {"accept": True, "note": ""}),
        (1, "decide", {"accept": False, "note": "done last week"}),
    ]
    second.get_by_role("button", name="Decide otherwise").click()
    assert second.get_by_role("button", name="Accept it after all").is_visible()


def test_no_rule_no_work_and_a_site_that_does_not_answer(window, told):
    told.rules, told.work = [], []
    page = window.open("/rules")
    page.wait_for_selector("text=No rule is written")
    page.wait_for_selector("text=No work is proposed")
    assert page.evaluate(WIDE) == []
    told.status = 503
    page = window.open("/rules?rule=x")
    page.wait_for_selector("text=history is away")
    assert page.evaluate(CUT) == []
