"""The write panel of the page Asset, by keyboard alone, in front of a real device."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect
from tests.integration.site.conftest import Site, eventually, free_port
from tests.integration.trust.device import MOST, Device

from isthmus.cli.remote import Remote

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
PATH = "hall/line1/press/force"


@pytest.fixture(scope="module")
def press(tmp_path_factory):
    """A running site whose device keeps at most 100."""
    site = Site(tmp_path_factory.mktemp("panel"))
    port = free_port()
    text = site.plant.read_text("utf-8").replace(f"port: {site.port}", f"port: {port}")
    tag = "force: {unit: kN, range: [0, 200], write: {risk: low}}"
    site.plant.write_text(text.replace("force: {unit: kN}", tag) + "writes: {mode: live}\n")
    device = Device(port)
    try:
        site.start()
        yield site, device
    finally:
        device.close()
        site.close()


@pytest.fixture
def page(browser, press):
    site, _ = press
    remote = Remote.of(site.data)
    eventually(lambda: remote.get("/api/links")["stored"] > 0)
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    made = context.new_page()
    made.set_default_timeout(15_000)
    made.goto(json.loads(remote.fetch("/api/sign-in-links", method="POST"))["link"])
    made.goto(f"{remote.url}/asset/hall/line1/press")
    yield made
    context.close()


def reach(page, locator):
    """Go to `locator` by the tabulator key, as somebody without a mouse does."""
    locator.wait_for()
    for _ in range(80):
        if locator.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the tabulator key does not lead to {locator}")


def fill(page, label, text):
    field = page.locator("isthmus-write").get_by_label(label)
    reach(page, field)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def wish(page, value, reason, name="press"):
    """Type a wish, the reason and the machine's name."""
    fill(page, "new", value)
    if reason:
        fill(page, "Reason", reason)
    fill(page, "to confirm", name)
    return page.locator("isthmus-write button.main")


def records(site):
    return Remote.of(site.data).get("/api/ledger", kind="action", about=PATH)["records"]


def test_a_value_is_written_with_a_reason_by_keys_alone_and_the_result_is_shown(page, press):
    site, device = press
    button = wish(page, "40", "slower for the new die")
    expect(button).to_be_enabled()
    reach(page, button)
    page.keyboard.press("Enter")
    status = page.locator("isthmus-write").get_by_role("status")
    expect(status).to_contain_text("Written")
    expect(status).to_contain_text("40.0 kN, read back 40.0 kN after")
    assert device.writes[-1] == (1, 40)
    end, asked = records(site)[:2]
    assert (end["facts"]["state"], asked["facts"]["reason"]) == (
        "written",
        "slower for the new die",
    )
    expect(status.get_by_role("link")).to_have_text(f"record {end['number']} in the ledger")
    expect(button).to_be_disabled()


def test_a_refusal_is_told_with_what_would_help_and_nothing_can_be_sent(page, press):
    site, device = press
    before, count = len(device.writes), len(records(site))
    button = wish(page, "500", "")
    verdicts = page.locator("isthmus-write").get_by_role("list", name="What each guard says")
    expect(verdicts).to_contain_text("500 kN is outside of 0 to 200")
    expect(verdicts).to_contain_text("wish 0 to 200")
    expect(verdicts).to_contain_text("no reason is given")
    expect(verdicts.get_by_role("img", name="refuses")).to_have_count(2)
    expect(button).to_be_disabled()
    wish(page, "60", "right this time", "filler")
    expect(verdicts.get_by_role("img", name="refuses")).to_have_count(0)
    expect(button).to_be_disabled()  # the machine's name is another
    assert (len(device.writes), len(records(site))) == (before, count)


def test_what_the_machine_holds_otherwise_is_told_in_words(page, press):
    site, _ = press
    button = wish(page, str(MOST + 20), "as fast as it goes")
    expect(button).to_be_enabled()
    reach(page, button)
    page.keyboard.press("Space")
    status = page.locator("isthmus-write").get_by_role("status")
    expect(status).to_contain_text("The machine holds another value")
    expect(status).to_contain_text(f"read back {MOST}")
    assert records(site)[0]["facts"]["state"] == "mismatch"
