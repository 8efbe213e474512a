"""Reports as a user downloads them: the numbers of the page Performance."""

from __future__ import annotations

import json

import pytest

from isthmus.cli.main import main
from isthmus.model.report import shown


def test_a_report_is_told_in_every_form(client):
    for form, begins in (("html", b"<!doctype"), ("pdf", b"%PDF-"), ("xlsx", b"PK")):
        answer = client.get("/api/report", params={"kind": "shift", "form": form})
        assert answer.status_code == 200, answer.text
        assert answer.content.startswith(begins)
        assert f".{form}" in answer.headers["content-disposition"]


def test_it_says_what_the_page_says(client):
    """The shift goes on between the two answers, so the page is asked before and after."""
    asked = {"window": "shift"}
    before = client.get("/api/performance", params=asked).json()
    report = client.get("/api/report", params={"kind": "shift"}).text
    after = client.get("/api/performance", params=asked).json()
    told = report.split("Good pieces</td><td>")[1].split(" pc")[0].replace(",", "")
    assert before["good"] - 1 <= float(told) <= after["good"] + 1
    values = [shown(each["availability"]["value"], 1, "%") for each in (before, after)]
    said = report.split("Availability</td><td>")[1].split("</td>")[0]
    assert said in values or len(set(values)) > 1


def test_a_time_to_come_is_refused(client, plant):
    answer = client.get("/api/report", params={"kind": "day", "at": plant["now"] + 1e10})
    assert (answer.status_code, "still to come" in answer.json()["error"]) == (422, True)


@pytest.mark.parametrize("kind", ["shift", "day", "week"])
def test_the_command_writes_it(demo, tmp_path, capsys, kind):
    file = tmp_path / "r.pdf"
    words = ["report", kind, "--format", "pdf", "--out", str(file), "--data", str(demo.site)]
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bytes"] == file.stat().st_size
    assert file.read_bytes().startswith(b"%PDF-")
