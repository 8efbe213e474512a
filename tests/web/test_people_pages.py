"""The pages for people: enrolling, signing in with password and passkey, one's account, users."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.web.test_people import PASSWORD, isthmus

expect.set_options(timeout=20_000)
NAMES = (f"pia{number}" for number in count())
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def window(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    context.close()


def named(demo):
    """The site by its name: a passkey is bound to a name, not to a number."""
    return demo.url.replace("127.0.0.1", "localhost")


def enrolled(demo, page, *roles):
    name = next(NAMES)
    words = [word for role in roles or ("viewer",) for word in ("--role", role)]
    _, made = isthmus(demo, "user", "add", name, *words)
    page.goto(made["link"].replace("127.0.0.1", "localhost"))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Enrol").click()
    expect(page.locator("ul.codes li")).to_have_count(10, timeout=20_000)
    looked(page, "enrolled")
    page.get_by_role("button", name="I have them").click()
    expect(page.locator("a.me")).to_have_text(name)
    return name


def looked(page, name):
    """Keep a picture where one is wanted."""
    if folder := os.environ.get("ISTHMUS_PICTURES"):
        page.wait_for_timeout(300)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_person_enrols_signs_out_and_in_again(demo, window):
    name = enrolled(demo, window)
    window.goto(named(demo) + "/account")
    window.get_by_role("button", name="Sign out", exact=True).click()
    window.wait_for_url("**/sign-in")
    window.get_by_label("Account").fill(name)
    window.get_by_label("Password").fill("wrong")
    window.get_by_role("button", name="Sign in", exact=True).click()
    expect(window.get_by_role("alert")).to_contain_text("account or password is wrong")
    looked(window, "sign-in")
    window.get_by_label("Password").fill(PASSWORD)
    window.get_by_role("button", name="Sign in", exact=True).click()
    expect(window.locator("a.me")).to_have_text(name)


def test_a_passkey_is_made_signs_in_and_is_not_held_back_by_guesses(demo, window):
    driver = window.context.new_cdp_session(window)
    driver.send("WebAuthn.enable")
    driver.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    name = enrolled(demo, window)
    window.goto(named(demo) + "/account")
    window.get_by_label("New passkey").fill("panel 3")
    window.get_by_role("button", name="Make it").click()
    expect(window.get_by_role("cell", name="panel 3")).to_be_visible()
    looked(window, "account")
    window.get_by_role("button", name="Sign out", exact=True).click()
    window.wait_for_url("**/sign-in")
    for _ in range(6):
        proof = {"account": name, "password": "guess"}
        window.request.post(named(demo) + "/api/sign-in/password", data=proof)
    window.get_by_role("button", name="Use a passkey").click()
    expect(window.locator("a.me")).to_have_text(name)
    me = window.request.get(named(demo) + "/api/session").json()
    assert me["how"] == "passkey"


def test_a_passkey_without_verification_is_refused(demo, window):
    driver = window.context.new_cdp_session(window)
    driver.send("WebAuthn.enable")
    weak = {**KEY, "hasUserVerification": False, "isUserVerified": False}
    driver.send("WebAuthn.addVirtualAuthenticator", {"options": weak})
    enrolled(demo, window)
    window.goto(named(demo) + "/account")
    window.get_by_label("New passkey").fill("weak")
    window.get_by_role("button", name="Make it").click()
    expect(window.get_by_role("alert")).to_be_visible()
    expect(window.get_by_role("cell", name="weak")).to_have_count(0)


def test_an_administrator_adds_and_disables_on_the_page(demo, window):
    enrolled(demo, window, "viewer", "admin")
    window.goto(named(demo) + "/users")
    other = next(NAMES)
    window.get_by_label("Account").fill(other)
    form = window.locator("form").filter(has=window.get_by_label("Account"))
    form.get_by_label("Role").select_option("operator")
    form.get_by_label("At", exact=True).fill("packaging/line1")
    window.get_by_role("button", name="Add").click()
    expect(window.locator("code.secret")).to_contain_text("/sign-in?enrol=")
    row = window.get_by_role("row").filter(has_text=other)
    expect(row).to_contain_text("operator at packaging/line1")
    row.get_by_text("Change").click()
    row.get_by_label("Role").select_option("planner")
    row.get_by_role("button", name="Grant").click()
    expect(row).to_contain_text("planner at all")
    row.get_by_role("button", name="Take away").first.click()
    expect(row).not_to_contain_text("operator at packaging/line1")
    row.get_by_role("button", name="Disable").click()
    expect(row).to_contain_text("disabled")
    looked(window, "users")
    for theme, size in (("dark", 1440), ("light", 390)):
        window.emulate_media(color_scheme=theme)
        window.set_viewport_size({"width": size, "height": 844})
        window.goto(named(demo) + "/users")
        expect(row).to_contain_text("disabled")
        wide = window.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0
        looked(window, f"users-{theme}-{size}")
