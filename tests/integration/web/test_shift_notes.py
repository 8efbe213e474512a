"""A note for the next shift: who may leave it, where it is read, and where it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from isthmus.web.shift_notes import left_for

NOTES = "/api/scorecard/notes"
LINE, OTHER = "packaging/line1", "packaging/line10"
BERLIN = ZoneInfo("Europe/Berlin")


def leave(site, who, line, text="cap jams from reel 7", **more):
    return site.ask(who, "POST", NOTES, json={"text": text, "line": line, **more})


def station(site, who, path=f"{LINE}/filler"):
    return site.ask(who, "GET", "/api/operator", params={"path": path}).json()


def test_who_may_annotate_the_line_leaves_a_note_and_the_machine_shows_it(site):
    made = leave(site, "lea", LINE)  # operator of this line alone
    assert (made.status_code, made.json()["line"]) == (200, LINE)
    told = station(site, "lea")
    assert told["may_note"]
    assert told["notes"][0]["text"] == "cap jams from reel 7"
    assert told["notes"][0]["by"] == "person:lea"
    assert leave(site, "lea", OTHER).status_code == 403
    assert leave(site, "viewer", LINE).status_code == 403
    assert not station(site, "viewer")["may_note"]
    number = made.json()["number"]
    change = {"version": 1, "text": "of reel 8"}
    assert site.ask("viewer", "POST", f"{NOTES}/{number}", json=change).status_code == 403
    assert site.ask("lea", "POST", f"{NOTES}/{number}", json=change).json()["line"] == LINE


def test_nobody_reads_notes_of_a_line_that_is_hidden_from_them(site):
    hidden = leave(site, "operator", OTHER, "of line 10").json()["number"]
    seen = leave(site, "operator", LINE, "of line 1").json()["number"]
    told = [note["number"] for note in site.ask("barred", "GET", "/api/scorecard").json()["notes"]]
    assert seen in told
    assert hidden not in told
    assert site.ask("barred", "GET", f"{NOTES}/{hidden}").status_code == 403
    assert site.ask("viewer", "GET", f"{NOTES}/{hidden}").status_code == 200
    assert hidden not in [note["number"] for note in station(site, "viewer")["notes"]]


@pytest.mark.parametrize(
    ("wish", "code", "words"),
    [
        ({"line": "packaging/line2"}, 404, "packaging/line2"),
        ({"line": f"{LINE}/filler"}, 404, f"{LINE}/filler"),
        ({"line": LINE, "goal": "oee"}, 422, "a goal or about a line"),
        ({"line": LINE, "text": "  "}, 422, "nothing is said"),
    ],
)
def test_a_note_about_nothing_that_is_there_is_refused(site, wish, code, words):
    refused = leave(site, "operator", **wish)
    assert refused.status_code == code
    assert words in refused.json()["error"]


def test_the_shift_before_and_this_one_are_read_and_older_ones_are_not(site, monkeypatch):
    """One shift a day, from 06:00 to 14:00: at 10:00 that of yesterday is the one before."""
    app, line = site.app, site.app.plant.equipment(LINE)

    def at(day, hour):
        return int(datetime(2026, 11, day, hour, tzinfo=BERLIN).timestamp()) * 10**9

    for day, hour in ((9, 13), (10, 5), (10, 6), (10, 20), (11, 7)):
        monkeypatch.setattr(app.scorecard.book, "wall", partial(at, day, hour))
        leave(site, "operator", LINE, f"{day} at {hour}")
    monkeypatch.setattr(app, "records", replace(app.records, now=partial(at, 11, 10)))
    told = [note.text for note in left_for(app, line)]
    assert [text for text in told if " at " in text] == ["11 at 7", "10 at 20", "10 at 6"]
    monkeypatch.setattr(
        app, "records", replace(app.records, now=partial(at, 11, 15))
    )  # between two shifts
    told = [note.text for note in left_for(app, line)]
    assert [text for text in told if " at " in text] == ["11 at 7"]


def test_what_is_done_or_was_written_long_ago_is_no_note_for_the_next_shift(site, monkeypatch):
    app, line = site.app, site.app.plant.equipment(LINE)

    def at(day):
        return int(datetime(2026, 11, day, 9, tzinfo=BERLIN).timestamp()) * 10**9

    monkeypatch.setattr(app.scorecard.book, "wall", partial(at, 20))
    old = leave(site, "operator", LINE, "an old tpyo").json()
    monkeypatch.setattr(app.scorecard.book, "wall", partial(at, 25))
    action = leave(site, "operator", LINE, "replace the seal", kind="action").json()
    kept = leave(site, "operator", LINE, "order a seal", kind="action").json()
    site.ask(
        "operator", "POST", f"{NOTES}/{old['number']}", json={"version": 1, "text": "an old typo"}
    )
    site.ask(
        "operator", "POST", f"{NOTES}/{action['number']}", json={"version": 1, "state": "done"}
    )
    monkeypatch.setattr(app, "records", replace(app.records, now=partial(at, 25)))
    told = {note.number for note in left_for(app, line)}
    assert kept["number"] in told
    assert not told & {old["number"], action["number"]}
