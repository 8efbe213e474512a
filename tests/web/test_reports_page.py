"""Scheduled reports as a user sees them: listed, fetched, made now, by keys, on any screen."""

from __future__ import annotations

import json

import pytest
from tests.web.conftest import eventually
from tests.web.looks import CUT, MUTE, WIDE

from isthmus.cli.main import main
from isthmus.web import contract

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def asking(demo):
    with demo.client() as client:
        yield client


@pytest.fixture(scope="module")
def handover(asking):
    """The handover of the shift that ended last, made by itself."""

    def newest():
        found = contract.Reports.model_validate_json(asking.get("/api/reports").content)
        plan = next(each for each in found.plans if each.name == "line1-shift")
        return plan if plan.issues else None

    return eventually(newest, 180)


def test_it_was_made_by_itself_and_is_fetched(asking, handover):
    issue = handover.issues[0]
    assert handover.error == ""
    assert handover.due > issue.end
    place = f"/api/reports/line1-shift/{issue.start:.0f}/{issue.revision}"
    html = asking.get(f"{place}/html")
    assert html.status_code == 200
    assert "<h1>Handover of line 1: " in html.text
    assert "ACME Drinks" in html.text
    assert asking.get(f"{place}/pdf").content.startswith(b"%PDF-")
    absent = asking.get(f"{place}/xlsx")
    assert (absent.status_code, "no such report" in absent.json()["error"]) == (404, True)
    wrong = asking.post("/api/reports/line1-shif/make", json={})
    assert (wrong.status_code, "line1-shift" in wrong.json()["hint"]) == (404, True)
    early = asking.post("/api/reports/line1-shift/make", json={"at": handover.due})
    assert (early.status_code, "not over" in early.json()["error"]) == (422, True)


def test_the_command_line_lists_and_makes(demo, handover, capsys):
    data = ["--data", str(demo.site)]
    assert main(["report", "list", *data, "--json"]) == 0
    plans = json.loads(capsys.readouterr().out)["plans"]
    assert [each["name"] for each in plans] == ["line1-shift", "site-day", "site-week"]
    assert main(["report", "list", *data]) == 0
    assert "each shift of packaging/line1" in capsys.readouterr().out
    assert main(["report", "make", "line1-shift", *data, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["start"], made["forms"]) == (handover.issues[0].start, ["html", "pdf"])
    assert main(["report", "make", *data]) == 2


def test_it_is_used_with_keys_alone(visit, handover):
    window = visit()
    page = window.open("/plant")
    page.keyboard.press("g")
    page.keyboard.press("t")
    window.ready()
    assert page.evaluate("location.pathname") == "/reports"
    page.get_by_role("button", name="Make now: Handover of line 1").focus()
    page.keyboard.press("Enter")
    page.get_by_text("made: Handover of line 1").wait_for()
    page.get_by_label("Which time").focus()
    page.keyboard.type("day")
    button = page.get_by_role("button", name="Make and download")
    with page.expect_download() as download:
        button.focus()
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".html")
    assert window.wrong == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_nothing_sticks_out(visit, handover, theme, size):
    window = visit(theme=theme, size=size)
    page = window.open("/reports")
    page.get_by_text("Handover of line 1").first.wait_for()
    assert page.evaluate(WIDE) == []
    assert page.evaluate(CUT) == []
    assert page.evaluate(MUTE) == []
    assert window.wrong == []
