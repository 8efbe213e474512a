"""The scorecard in a browser and on the command line: goals of both sides, notes that are kept."""

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


def card(asking):
    return contract.Scorecard.model_validate_json(asking.get("/api/scorecard").content)


def goal(asking, name):
    return next(one for one in card(asking).goals if one.name == name)


def test_every_goal_says_how_it_stands_and_how_it_is_computed(asking):
    found = card(asking)
    assert {"oee", "energy_per_piece", "security_posture"} <= {one.name for one in found.goals}
    for one in found.goals:
        assert one.says
        assert one.page.startswith("/")
        assert one.value is not None or one.why, one.name
        assert 0 <= one.gaps_percent <= 100
        assert len(one.trend) == len(one.trend_time)


def test_oee_is_that_of_what_is_over(asking):
    """The same elements as /api/kpi tells, added up here by hand."""
    found = eventually(lambda: (one := goal(asking, "oee")).value is not None and one, 90)
    query = {"from": found.start, "to": found.end, "path": found.line}
    shifts, hours = (
        asking.get("/api/kpi", params={**query, "period": period}).json()["values"]
        for period in ("shift", "hour")
    )
    rows = [row for row in shifts if row["end"] <= found.end] or hours
    total = {
        kpi: sum(row["value"] for row in rows if row["kpi"] == kpi and row["path"] == found.line)
        for kpi in ("good", "planned_busy")
    }
    assert found.value == pytest.approx(100 * total["good"] * 0.5 / total["planned_busy"])


def test_a_note_has_versions_and_the_ledger_knows_them(asking):
    made = asking.post("/api/scorecard/notes", json={"text": "jams from one reel", "goal": "oee"})
    number = made.json()["number"]
    place = f"/api/scorecard/notes/{number}"
    assert asking.post(place, json={"version": 1, "text": "jams from reel 7"}).status_code == 200
    stale = asking.post(place, json={"version": 1, "text": "no"})
    assert (stale.status_code, "version 2" in stale.json()["error"]) == (409, True)
    told = [(one["version"], one["text"]) for one in asking.get(place).json()]
    assert told == [(1, "jams from one reel"), (2, "jams from reel 7")]
    records = asking.get("/api/ledger", params={"kind": "scorecard"}).json()["records"]
    assert sum(f"comment {number}:" in one["text"] for one in records) == 2


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"text": "  "}, 422, "nothing is said"),
        ({"text": "x", "goal": "oe"}, 404, "no goal oe"),
        ({"text": "x", "who": "anna"}, 422, "not to be done"),
        ({"kind": "action", "text": "x", "due": "soon"}, 422, "no day"),
    ],
)
def test_what_cannot_be_noted_is_refused_with_a_hint(asking, body, code, words):
    answer = asking.post("/api/scorecard/notes", json=body)
    assert answer.status_code == code
    assert words in answer.json()["error"]
    assert answer.json()["hint"]


def test_older_notes_are_asked_for_by_number(asking):
    made = [
        asking.post("/api/scorecard/notes", json={"text": text}).json()["number"] for text in "abc"
    ]
    assert card(asking).before is None  # all of them are told at once
    query = {"before": made[-1], "limit": 2}
    found = asking.get("/api/scorecard/notes", params=query).json()
    assert [one["number"] for one in found["notes"]] == [made[1], made[0]]
    left = asking.get("/api/scorecard/notes", params={"before": 1}).json()
    assert left == {"notes": [], "before": None}


def test_the_command_line_does_all_of_it(demo, capsys):
    data = ["--data", str(demo.site)]

    def run(*words):
        assert main(["scorecard", *words, *data, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    made = run("action", "order a spare head", "--who", "maintenance", "--side", "ot")
    done = run("change", str(made["number"]), "--state", "done")
    assert (made["state"], done["state"], done["version"]) == ("open", "done", 2)
    assert [one["version"] for one in run("history", str(made["number"]))] == [1, 2]
    assert made["number"] in [one["number"] for one in run("show")["notes"]]
    assert main(["scorecard", "show", *data]) == 0
    said = capsys.readouterr().out
    assert "OEE index" in said
    assert "at least 75.0 %" in said


def test_it_is_used_with_keys_alone(visit):
    window = visit()
    page = window.open("/plant")
    page.keyboard.press("g")
    page.keyboard.press("o")
    window.ready()
    assert page.evaluate("location.pathname") == "/scorecard"
    field = page.get_by_label("What is to be done")
    for _ in range(150):
        if field.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.type("look at the capping head")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("anna")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Add the action").focus()
    page.keyboard.press("Enter")
    row = page.locator(".notes li", has_text="look at the capping head")
    row.get_by_role("button", name="Done").focus()
    page.keyboard.press("Enter")
    page.get_by_text("version 2").first.wait_for()
    row.locator(".chip", has_text="done").wait_for()
    assert window.wrong == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844), (1920, 1080)])
def test_nothing_sticks_out(visit, theme, size):
    window = visit(theme=theme, size=size)
    page = window.open("/scorecard")
    assert page.evaluate(WIDE) == []
    assert page.evaluate(CUT) == []
    assert page.evaluate(MUTE) == []
    said = page.locator("isthmus-scorecard").inner_text()
    for word in ("OEE index", "OT:", "IT:"):
        assert word in said
    assert window.wrong == []


def test_a_text_being_written_outlives_what_others_write(visit, asking):
    """The list is asked again every 15 s; here at once."""
    window = visit()
    mine, their = (
        asking.post("/api/scorecard/notes", json={"text": text}).json()["number"]
        for text in ("reel 7 jams", "reel 8 jams")
    )
    page = window.open("/scorecard")
    again = "document.querySelector('isthmus-scorecard-page').answer.again()"
    page.locator(".notes li", has_text="reel 7 jams").get_by_text("change the text").click()
    text = page.get_by_label(f"Text of note {mine}")
    text.fill("reel 7 jams, every Monday")
    asking.post("/api/scorecard/notes", json={"text": "said meanwhile"})
    asking.post(f"/api/scorecard/notes/{mine}", json={"version": 1, "text": "reel 7 jams: a burr"})
    page.evaluate(again)
    page.locator(".notes li", has_text="said meanwhile").wait_for()
    assert text.input_value() == "reel 7 jams, every Monday"
    assert page.get_by_label(f"Text of note {their}").count() == 0

    page.get_by_role("button", name="Keep as version 2").click()
    page.get_by_text("version 2 now").wait_for()
    row = page.locator(".notes li", has_text="reel 7 jams: a burr")
    row.get_by_role("button", name="put mine after it").click()
    assert text.input_value() == "reel 7 jams, every Monday"
    page.get_by_role("button", name="Keep as version 3").click()
    page.locator(".notes li", has_text="every Monday").get_by_text("3 versions").wait_for()
    assert text.count() == 0


INKS = """() => ['ground', 'card', 'text', 'process', 'pen-a', 'line'].map(
    (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim())"""


def test_paper_is_light_in_the_dark_theme_as_well(visit):
    light = visit(theme="light").open("/scorecard").evaluate(INKS)
    window = visit(theme="dark")
    page = window.open("/scorecard")
    dark = page.evaluate(INKS)
    page.emulate_media(media="print")
    assert page.evaluate(INKS) == light != dark
    page.emulate_media(media="screen")
    drawn = "() => document.documentElement.dataset.theme"  # by which charts in pixels choose
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert (page.evaluate(drawn), page.evaluate(INKS)) == ("light", light)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert (page.evaluate(drawn), page.evaluate(INKS)) == ("dark", dark)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_paper_holds_the_page_alone(visit, theme):
    window = visit(theme=theme)
    page = window.open("/scorecard")
    page.emulate_media(media="print")
    assert page.locator("isthmus-nav").is_hidden()
    assert page.locator("form.note").first.is_hidden()
    assert page.locator("isthmus-scorecard").is_visible()
    assert page.pdf(format="A4", landscape=True)[:5] == b"%PDF-"
