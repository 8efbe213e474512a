"""Alarms of the demonstration: told to pages, acknowledged by those who may, in the ledger."""

from __future__ import annotations

import pytest
from tests.web.test_people import Person

JAMS = "packaging/line1/"


@pytest.fixture(scope="module")
def asking(demo):
    with demo.client() as client:
        yield client


def alarms(asking, **query):
    return asking.get("/api/alarms", params=query).json()


def test_tells_all_alarms_of_the_plant(asking):
    found = alarms(asking, all="true")
    assert found["all"] == len(found["alarms"]) > 15
    names = {each["path"] for each in found["alarms"]}
    assert {f"{JAMS}capper/bearing", f"{JAMS}filler/jam", f"{JAMS}packer/hot"} <= names


def test_says_what_it_cannot_do(asking):
    def refused(step, **wish):
        answer = asking.post(f"/api/alarms/{step}", json=wish)
        return answer.status_code, answer.json()["error"], answer.json()["hint"]

    path = f"{JAMS}capper/bearing"
    assert refused("acknowledge", alarms=[f"{JAMS}capper/bering"])[0::2] == (
        *(404, f"did you mean `{path}`?"),
    )
    assert refused("shelve", alarms=[path], reason="x")[0] == 422
    assert "no reason" in refused("shelve", alarms=[path], minutes=5)[1]
    assert "8 h at most" in refused("shelve", alarms=[path], minutes=600, reason="x")[1]
    assert "not shelved" in refused("unshelve", alarms=[path])[1]
    assert refused("acknowledge", alarms=[])[0] == 422


def test_what_is_refused_at_one_is_done_at_the_others(asking):
    paths = [f"{JAMS}{unit}/hot" for unit in ("packer", "filler", "capper")]
    wish = {"alarms": paths[1:2], "reason": "new motor", "minutes": 30}
    (first,) = asking.post("/api/alarms/shelve", json=wish).json()
    assert (first["state"], first["refused"]) == ("shelved", "")
    told = asking.post("/api/alarms/shelve", json={**wish, "alarms": paths}).json()
    assert [(each["path"], each["state"]) for each in told] == [(one, "shelved") for one in paths]
    assert [each["refused"] for each in told] == ["", "it is shelved already", ""]
    again = asking.post("/api/alarms/shelve", json={**wish, "alarms": paths})
    assert (again.status_code, again.json()["error"]) == (422, "it is shelved already")
    assert asking.post("/api/alarms/unshelve", json={"alarms": paths}).is_success


def test_operators_shelve_and_maintenance_takes_out_of_service(demo, asking):
    path = f"{JAMS}packer/hot"
    operator = Person(demo, "alma", "operator")
    keeper, viewer = Person(demo, "maik", "maintainer"), Person(demo, "vera", "viewer")
    try:
        wish = {"alarms": [path], "reason": "new motor", "minutes": 30}
        assert viewer.post("/api/alarms/shelve", json=wish).status_code == 403
        assert len(viewer.get("/api/alarms").json()["alarms"]) >= 0
        (shelved,) = operator.post("/api/alarms/shelve", json=wish).json()
        assert (shelved["state"], shelved["by"]) == ("shelved", "person:alma")
        assert path in {each["path"] for each in alarms(asking)["alarms"]}
        assert operator.post("/api/alarms/remove", json=wish).status_code == 403
        (away,) = keeper.post("/api/alarms/remove", json=wish).json()
        assert away["state"] == "out-of-service"
        keeper.post("/api/alarms/restore", json=wish)
        (back,) = operator.post("/api/alarms/unshelve", json=wish).json()
        assert back["state"] in ("normal", "unacknowledged")
        records = asking.get("/api/ledger", params={"kind": "alarm"}).json()["records"]
        assert [(each["by"], each["text"]) for each in records[:4]] == [
            ("person:alma", f"unshelved {path}"),
            ("person:maik", f"restored {path}"),
            ("person:maik", f"removed {path}"),
            ("person:alma", f"shelved {path}"),
        ]
    finally:
        for person in (operator, keeper, viewer):
            person.leave()
