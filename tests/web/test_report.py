"""Reports as a user downloads them: the numbers of the pages, of a line, an area and the site."""

from __future__ import annotations

import json
import re

import pytest

from isthmus.cli.main import main


def told(report, title):
    """What an HTML report says of a figure."""
    found = re.search(rf'<th scope="row">{title}</th><td class="n">([^<]*)</td>', report)
    return found.group(1)


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
    good = float(told(report, "Good pieces").replace(",", "").removesuffix(" pc"))
    assert before["good"] - 5 <= good <= after["good"] + 5
    for title, key in (("OEE index", "oee"), ("Availability", "availability")):
        values = sorted(each[key]["value"] for each in (before, after))
        value = float(told(report, title).removesuffix(" %"))
        assert values[0] - 0.2 <= value <= values[1] + 0.2


def test_an_area_and_the_site_have_reports(client):
    line, area, site = (
        client.get("/api/report", params={"kind": "day", "path": path})
        for path in ("", "packaging", "/")
    )
    assert [one.status_code for one in (line, area, site)] == [200, 200, 200]
    assert "<h1>Line 1: " in line.text
    assert "<h1>packaging: " in area.text
    assert "<h1>riverside: " in site.text
    assert told(site.text, "Scrap") == told(area.text, "Scrap")
    wrong = client.get("/api/report", params={"path": "packagin"})
    assert (wrong.status_code, "packaging" in wrong.json()["hint"]) == (422, True)


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
