"""Times of reports are the plant's, wherever the command line runs."""

import json
import time

import pytest

from isthmus.cli import report
from isthmus.cli.main import main

NOON = 1_795_690_800_000  # 2026-11-26T12:00+01:00
ISSUE = {"title": "Handover", "forms": ["html"], "made": NOON, "revision": 1, "because": ""}
PLAN = {
    "name": "handover",
    "what": "shift",
    "path": "packaging/line1",
    "folder": "reports",
    "error": "",
    "failed": 0,
    "hint": "",
    "due": NOON + 3_600_000,
    "issues": [ISSUE],
}


class Site:
    """A site in Berlin that keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def get(self, route, **_):
        return {"/api/plant": {"timezone": "Europe/Berlin"}, "/api/reports": {"plans": [PLAN]}}[
            route
        ]

    def fetch(self, route):
        self.asked.append(route)
        return b"<html>"

    def send(self, route, body):
        self.asked.append((route, json.loads(body)))
        return ISSUE


@pytest.fixture
def site(monkeypatch, tmp_path):
    found = Site()
    monkeypatch.setattr(report.Remote, "of", lambda _: found)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield found
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("at", ["2026-11-26T12:00", "2026-11-26 06:00-05:00"])
def test_the_time_that_is_asked_for_is_the_plants(site, at):
    assert main(["report", "day", "--at", at]) == 0
    assert f"at={NOON}" in site.asked[0]
    assert main(["report", "make", "handover", "--at", at]) == 0
    assert site.asked[1] == ("/api/reports/handover/make", {"at": NOON})


def test_now_is_asked_for_by_saying_nothing(site):
    assert main(["report", "day"]) == 0
    assert "at=" not in site.asked[0].replace("format=", "")


def test_listed_times_are_the_plants(site, capsys):
    assert main(["report", "list"]) == 0
    told = capsys.readouterr().out
    assert "next 2026-11-26 13:00 CET" in told
    assert "made 2026-11-26 12:00 CET" in told


def test_what_is_no_time_says_how_one_is_written(site, capsys):
    assert main(["report", "day", "--at", "noon"]) == 2
    assert "`noon` is no time" in capsys.readouterr().err
