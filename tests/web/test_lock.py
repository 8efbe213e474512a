"""Pages without a hand on them cover themselves, and the site answers no more until a proof."""

from __future__ import annotations

import time

import httpx
import pytest
from playwright.sync_api import expect
from tests.integration.site.conftest import Site
from tests.web.conftest import eventually
from tests.web.test_people import PASSWORD, Person, isthmus

from isthmus.cli.remote import Remote

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
PAUSE = 4
MORE = f"""
web: {{sign_in: {{lock: {PAUSE} s, displays: [wall, chief]}}}}
access: {{grants: [{{who: "person:chief", role: operator}}]}}
"""


class Locking(Site):
    """A site whose pages lock soon."""

    site = property(lambda self: self.data)
    url = property(lambda self: (self.data / "web" / "url").read_text("utf-8"))
    remote = property(lambda self: Remote.of(self.data))


@pytest.fixture(scope="module")
def locking(tmp_path_factory):
    made = Locking(tmp_path_factory.mktemp("lock"), MORE)
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def window(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    context.close()


def entered(site, page, name):
    _, made = isthmus(site, "user", "add", name, "--role", "viewer")
    page.goto(made["link"])
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Enrol").click()
    page.get_by_role("button", name="I have them").click()
    expect(page.locator("a.me")).to_have_text(name)


def test_the_page_covers_itself_and_opens_again_with_a_proof(locking, window):
    entered(locking, window, "anna")
    (cookie,) = window.context.cookies()
    for step in range(2 * PAUSE):  # a hand on it: it stays open for longer than the pause
        window.mouse.move(100 + step, 100)
        window.wait_for_timeout(1_000)
    expect(window.locator("a.me")).to_have_text("anna")
    expect(window.get_by_role("button", name="Unlock")).to_be_visible(timeout=30_000)
    assert window.locator("isthmus-plant-page").count() == 0
    assert window.locator("isthmus-search").count() == 0
    with httpx.Client(base_url=locking.url, cookies={cookie["name"]: cookie["value"]}) as thief:
        assert thief.get("/api/session").json()["locked"]
        for path in ("/api/plant", "/api/links"):
            assert thief.get(path).status_code == 401
        assert thief.post("/api/session/hand").status_code == 401
    window.get_by_label("Password").fill("wrong")
    window.get_by_role("button", name="Unlock").click()
    expect(window.get_by_role("alert")).to_be_visible()
    window.get_by_label("Password").fill(PASSWORD)
    window.get_by_role("button", name="Unlock").click()
    expect(window.locator("a.me")).to_have_text("anna")
    assert window.context.cookies()[0]["value"] != cookie["value"]


def test_the_owners_page_locks_too_and_says_how_one_comes_in(locking, window):
    window.goto(isthmus(locking, "link")[1]["link"])
    expect(window.locator("a.me")).to_have_text("owner")
    expect(window.get_by_text("Nobody had a hand on these pages")).to_be_visible(timeout=30_000)
    window.goto(isthmus(locking, "link")[1]["link"])
    expect(window.locator("a.me")).to_have_text("owner")


def test_a_display_stays_open_only_where_it_may_do_nothing_but_read(locking):
    wall, chief = (Person(locking, name, "viewer") for name in ("wall", "chief"))
    assert wall.get("/api/session").json()["lock_after"] == 0
    assert chief.get("/api/session").json()["lock_after"] == PAUSE
    until = time.monotonic() + PAUSE + 1
    while time.monotonic() < until:  # as pages ask by themselves
        assert wall.get("/api/plant").status_code == 200
        chief.get("/api/plant")
        time.sleep(0.5)
    eventually(lambda: chief.get("/api/plant").status_code == 401)
    wall.leave()
    chief.leave()
