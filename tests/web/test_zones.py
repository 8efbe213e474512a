"""The map of zones, its questions, islands, and what is recorded of them."""

from __future__ import annotations

import json

import pytest

from isthmus.cli.main import main


@pytest.fixture
def asking(demo):
    with demo.client() as client:
        yield client
        client.post("/api/zones/line1/island", json={"cut": False})


def told(demo, capsys, *words):
    capsys.readouterr()
    code = main([*words, "--json", "--data", str(demo.site)])
    return code, json.loads(capsys.readouterr().out)


def test_the_map_has_what_stands_in_each_zone_and_nothing_wrong(asking):
    found = asking.get("/api/zones").json()
    assert found["here"] == "site"
    zones = {zone["name"]: zone for zone in found["zones"]}
    assert list(zones) == ["business", "dmz", "site", "line1", "utilities"]
    assert "filler-plc" in zones["line1"]["connections"]
    assert "packaging/line1/filler" in zones["line1"]["equipment"]
    assert found["conduits"][0]["ports"] == ["tcp/502", "tcp/4840", "tcp/8883"]
    assert [one for one in found["findings"] if one["state"] == "wrong"] == []


def test_an_island_is_told_and_recorded_with_who_and_why(asking, demo, capsys):
    wish = {"cut": True, "reason": "worm\nin packaging"}
    assert asking.post("/api/zones/line1/island", json=wish).json() == {"changed": True}
    assert asking.post("/api/zones/line1/island", json=wish).json() == {"changed": False}
    zone = next(one for one in asking.get("/api/zones").json()["zones"] if one["name"] == "line1")
    assert zone["island"]["reason"] == wish["reason"]
    way = {"source": "site", "target": "line1"}
    assert asking.get("/api/zones/reach", params=way).json()["why"] == "line1 is an island"
    _, records = told(demo, capsys, "ledger", "list", "--kind", "zone")
    assert records[0]["text"] == "the zone line1 was cut off"
    assert records[0]["facts"]["reason"] == wish["reason"]


def test_the_command_asks_the_running_site(asking, demo, capsys):
    plant = next(demo.folder.rglob("plant.yaml"))
    words = ("zones", "island", "line1", "--plant", str(plant), "--reason", "drill")
    code, found = told(demo, capsys, *words)
    assert (code, found["changed"]) == (0, True)
    zones = asking.get("/api/zones").json()["zones"]
    assert [one["name"] for one in zones if one["island"]] == ["line1"]
    assert told(demo, capsys, *words, "--end")[1]["changed"]


def test_what_is_done_with_rules_elsewhere_is_recorded(asking, demo, capsys):
    news = {"what": "loaded", "sha256": "ab" * 32, "stage": "log"}
    assert asking.post("/api/zones/boundary", json=news).status_code == 200
    _, records = told(demo, capsys, "ledger", "list", "--kind", "zone")
    assert records[0]["facts"]["sha256"] == "ab" * 32


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/api/zones/moon/island", {"cut": True}, 404),
        ("/api/zones/line1/island", {"cut": True, "reason": "x" * 301}, 422),
        ("/api/zones/boundary", {"what": "eaten", "sha256": "ab" * 32}, 422),
        ("/api/zones/boundary", {"what": "loaded", "sha256": "rules"}, 422),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(asking, path, body, code):
    answer = asking.post(path, json=body)
    assert answer.status_code == code
    assert answer.json()["error"]
