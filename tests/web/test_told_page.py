"""The view Told of the page Alarms: who is on call, what gets through and what not; a test."""

from __future__ import annotations

import json

import pytest
from tests.web.looks import CUT, MUTE, WIDE

pytestmark = pytest.mark.browser

HOUR = 3_600_000.0


def state(now):
    duty = {"who": ["ben"], "why": "override", "start": now - HOUR, "end": now + 9 * HOUR}
    nobody = {"who": [], "why": "", "start": now - HOUR, "end": now + HOUR}
    channel = {"waiting": 0, "sent": 4, "failed": 1, "last": now, "trouble": "", "hint": ""}
    down = {"trouble": "mailing by smtps://mail: timed out", "hint": "is the server up?"}
    return {
        "now": now,
        "channels": [
            {"name": "floor", "kind": "mqtt", "where": "mqtts://b:8883", "state": "up", **channel},
            {**channel, "name": "mail", "kind": "mail", "where": "m", "state": "down", **down},
        ],
        "people": ["anna", "ben"],
        "rotas": [
            {"name": "standby", "title": "Standby", "now": duty, "coming": [nobody], "trouble": ""},
            {"name": "night", "title": "night", "now": nobody, "coming": [], "trouble": "r.ics"},
        ],
        "escalating": [
            {
                "path": "packaging/line1/capper/bearing",
                "title": "bearing, capper",
                "priority": 2,
                "escalation": "line",
                "told": 1,
                "steps": 3,
                "begun": now,
                "next": now + 540_000,
                "next_to": ["carla"],
            }
        ],
        "waiting": 2,
        "lost": 0,
        "nobody": 3,
        "dropped": 0,
        "damaged": 0,
        "digests": 1,
        "trouble": "",
    }


def message(number, now, **more):
    return {
        "id": str(number),
        "channel": "mail",
        "to": "ben",
        "kind": "alarm",
        "priority": 2,
        "about": "packaging/line1/capper/bearing",
        "title": "bearing, capper",
        "text": "x",
        "step": "Step 1 of 3",
        "at": now,
        "made": now,
        "due": now,
        "state": "sent",
        "done": now,
        "tries": 1,
        "why": "",
        **more,
    }


@pytest.fixture(scope="module", params=[("light", (1440, 900)), ("dark", (390, 844))], ids=str)
def window(request, visit):
    return visit(theme=request.param[0], size=request.param[1])


@pytest.fixture
def asked(window, plant):
    page, now, found = window.page, plant["now"], []
    log = [message(1, now), message(2, now, state="failed", why="550 no such person")]

    def answer(route):
        url = route.request.url
        if route.request.method == "POST":
            found.append(json.loads(route.request.post_data))
            route.fulfill(json=[])
        else:
            route.fulfill(json=log if "/log" in url else state(now))

    page.route("**/api/notify**", answer)
    yield found
    page.unroute("**/api/notify**")


def test_it_tells_who_is_on_call_and_what_does_not_get_through(window, asked):
    page = window.open("/alarms?view=told")
    page.wait_for_selector("isthmus-told table[aria-label=Messages]")
    on_call = page.inner_text("isthmus-told table[aria-label='On call']")
    assert "ben (instead)" in on_call
    assert "nobody" in on_call
    assert "its calendar does not count: r.ics" in on_call
    channels = page.inner_text("isthmus-told table[aria-label=Channels]")
    assert "does not get through" in channels
    assert "timed out: is the server up?" in channels
    assert "carla in 9 min" in page.inner_text("isthmus-told table[aria-label=Escalations]")
    assert "3 had nobody to be told to" in page.inner_text("isthmus-told")
    assert "550 no such person" in page.inner_text("isthmus-told table[aria-label=Messages]")
    for look in (WIDE, CUT, MUTE):
        assert page.evaluate(look) == []
    assert window.wrong == []


def test_a_test_is_sent_by_keyboard_alone(window, asked):
    page = window.open("/alarms?view=told")
    button = page.get_by_role("button", name="Send test to standby")
    button.wait_for()
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => !document.querySelector('isthmus-told').testing")
    assert asked == [{"to": ["standby"]}]
