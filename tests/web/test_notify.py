"""The demonstration tells people: mails in its folder, who is on call, a test that arrives."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from tests.web.conftest import eventually


@pytest.fixture(scope="module")
def asking(demo):
    with demo.client() as client:
        yield client


def test_a_test_arrives_and_is_accounted_for(asking, demo):
    (made,) = asking.post("/api/notify/test", json={"to": ["anna"]}).json()

    def sent():
        log = asking.get("/api/notify/log").json()
        return next((one for one in log if (one["id"], one["state"]) == (made["id"], "sent")), None)

    told = eventually(sent)
    assert (told["to"], told["channel"], told["tries"]) == ("anna", "mail", 1)
    mail = message_from_bytes(
        (demo.site / "mail" / f"{made['id']}.eml").read_bytes(), policy=policy.default
    )
    assert mail["To"] == "anna.kern@riverside.acme.example"
    assert mail["Subject"] == "Test: this is only a test"
    pages = (demo.site / "web" / "url").read_text()
    assert f"{pages}/alarms" in mail.get_content()
    state = asking.get("/api/notify").json()
    (channel,) = state["channels"]
    assert (channel["state"], channel["where"]) == ("up", "the folder mail")
    assert channel["sent"] >= 1


def test_who_is_on_call_and_who_after_them(asking):
    (rota,) = asking.get("/api/notify/on-call", params={"at": 1_780_000_000_000}).json()
    assert rota["now"]["who"] == ["carla"]  # 20 weeks after the first turn of anna
    assert [each["who"] for each in rota["coming"]] == [["anna"], ["ben"], ["carla"]]
    assert rota["now"]["end"] == rota["coming"][0]["start"]
    assert asking.get("/api/notify/on-call", params={"at": 1e300}).status_code == 422


def test_says_whom_it_does_not_know(asking):
    answer = asking.post("/api/notify/test", json={"to": ["ana"]})
    assert (answer.status_code, answer.json()["hint"]) == (422, "did you mean `anna`?")
    assert asking.post("/api/notify/test", json={"to": []}).status_code == 422
