"""Rules of the demonstration: listed, tested against its history, switched, work decided on."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def asking(demo):
    with demo.client() as client:
        yield client


def rule(asking, name):
    found = asking.get("/api/rules").json()
    return next(each for each in found["rules"] if each["name"] == name)


def test_lists_the_rules_of_the_plant(asking):
    found = rule(asking, "idle_air")
    assert (found["mode"], found["acting"]) == ("test", False)
    assert found["places"] == ["utilities/air/compressor"]
    assert found["does"] == ["tell the compressor runs while the filler stands"]


def test_tells_what_a_rule_would_have_done(asking):
    answer = asking.post("/api/rules/idle_air/test", json={"seconds": 7_200}).json()
    assert answer["count"] == len(answer["firings"]) == sum(answer["spread"])
    assert answer["samples"] > 0
    assert 0 <= answer["unknown"] <= 1
    for firing in answer["firings"]:
        assert answer["start"] <= firing["start"] <= answer["end"]
    seen = rule(asking, "idle_air")["seen"]
    assert (seen["by"], seen["firings"], seen["present"]) == ("owner", answer["count"], True)


def test_another_condition_is_only_tried(asking):
    before = rule(asking, "idle_air")["seen"]
    wish = {"seconds": 7_200, "for": "10 s", "at_most_every": ""}
    answer = asking.post("/api/rules/idle_air/try", json=wish).json()
    assert answer["change"] == "rules:\n  idle_air:\n    for: 10 s\n    at_most_every: 0 s"
    assert rule(asking, "idle_air")["seen"] == before
    wrong = asking.post("/api/rules/idle_air/try", json={"when": "runing"})
    assert (wrong.status_code, wrong.json()["hint"]) == (422, "did you mean `running`?")


def test_says_what_a_person_should_look_at(asking):
    (writes,) = rule(asking, "ease_off")["concerns"]
    assert writes["text"] == "it would write to machines"
    assert rule(asking, "ease_off")["to_live"] == "rules:\n  ease_off:\n    mode: live"


def test_is_switched_off_and_on(asking):
    off = asking.post("/api/rules/worn_bearing/switch", json={"enabled": False}).json()
    assert (off["disabled"], off["why"]) == (True, "disabled by owner")
    on = asking.post("/api/rules/worn_bearing/switch", json={"enabled": True}).json()
    assert not on["disabled"]


def test_says_what_it_cannot_do(asking):
    answer = asking.post("/api/rules/idle_hair/test", json={})
    assert (answer.status_code, answer.json()["hint"]) == (422, "did you mean `idle_air`?")
    assert asking.post("/api/rules/idle_air/test", json={"seconds": 1}).status_code == 422
    assert asking.post("/api/proposals/99", json={"accept": True}).status_code == 404
    assert isinstance(asking.get("/api/proposals").json(), list)
