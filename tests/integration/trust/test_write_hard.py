"""Writes whose end is doubtful, and those that take two people: a real device, real accounts."""

from __future__ import annotations

import contextlib
import threading
from types import SimpleNamespace

import pytest
from tests.integration.site.conftest import Site, eventually, free_port
from tests.integration.trust.conftest import plant, value, write
from tests.integration.trust.device import MOST, Device
from tests.web.test_people import Person

from isthmus.cli.remote import Remote
from isthmus.model.errors import LinkError

pytestmark = pytest.mark.timeout(180)
PRESS = "hall/line1/press"


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    """A running site whose device keeps at most 100 in its register of the force."""
    site = Site(tmp_path_factory.mktemp("cell"))
    site.plant.write_text(plant(site.plant.read_text("utf-8")), "utf-8")
    site.port = free_port()
    text = site.plant.read_text("utf-8")
    old = text.index("    port: ") + len("    port: ")
    text = text[:old] + str(site.port) + text[text.index("\n", old) :]
    site.plant.write_text(text, "utf-8")
    device = Device(site.port)
    try:
        site.start()
        eventually(lambda: value(site, "force") is not None)
        yield site, device
    finally:
        device.close()
        site.close()


def records(site, tag):
    query = {"kind": "action", "about": f"{PRESS}/{tag}"}
    return Remote.of(site.data).get("/api/ledger", **query)["records"]


def refusals(told):
    return {one["name"]: one["reason"] for one in told["verdicts"] if not one["ok"]}


def doubts(site):
    """Items of the attention list that ask whether something was written."""
    said = Remote.of(site.data).listen("/api/live", tags=f"{PRESS}/force")
    with contextlib.closing(said):
        told = next(body for name, body in said if name == "status")
    return [one for one in told["waiting"] if "written or not" in one["title"]]


def test_a_device_that_keeps_another_value_is_a_mismatch_and_counts_as_moved(cell):
    site, device = cell
    assert write(site, "force", 50)["state"] == "written"
    eventually(lambda: value(site, "force") == 50)
    assert write(site, "force", 90)["state"] == "written"
    eventually(lambda: value(site, "force") == 90)
    told = write(site, "force", 120)
    assert (told["state"], told["before"], told["after"]) == ("mismatch", 90, MOST)
    assert device.writes[-1] == (1, 120)
    end = records(site, "force")[0]
    assert (end["facts"]["state"], end["facts"]["after"]) == ("mismatch", MOST)
    assert (end["facts"]["value"], end["facts"]["action"]) == (120, told["action"])
    eventually(lambda: value(site, "force") == MOST)
    assert "of 120 a minute" in refusals(write(site, "force", 101))["rate of change"]


def test_a_site_killed_between_wish_and_outcome_says_afterwards_that_nobody_knows(cell):
    site, device = cell
    device.hold()

    def unanswered():
        with pytest.raises(LinkError):
            write(site, "guarded", 33)

    asking = threading.Thread(target=unanswered)
    asking.start()
    assert device.asked.wait(10)
    site.kill()
    asking.join(30)
    device.go()
    site.start()
    end, wish = eventually(lambda: records(site, "guarded")[:2])
    assert (wish["facts"]["step"], wish["facts"]["value"], wish["by"]) == ("wish", 33, "owner")
    assert (end["facts"]["step"], end["facts"]["state"]) == ("end", "unknown")
    assert end["facts"]["action"] == wish["facts"]["action"]
    assert "it is not known whether this was written: the site stopped" in end["text"]
    assert [one["facts"]["step"] for one in records(site, "guarded")] == ["end", "wish"]
    (told,) = eventually(lambda: doubts(site))
    assert told["title"] == "press / guarded: written or not?"
    assert wish["facts"]["action"] in told["advice"]
    assert told["href"] == f"/asset/{PRESS}"
    eventually(lambda: write(site, "guarded", 34)["state"] == "written")
    eventually(lambda: not doubts(site))  # what the machine holds is known again


@pytest.fixture
def people(cell):
    """Three engineers who have signed in."""
    site, _ = cell
    place = SimpleNamespace(site=site.data, url=Remote.of(site.data).url)
    found = [Person(place, name, "engineer") for name in ("ada", "ben", "cai")]
    yield found
    for person in found:
        person.leave()


def test_a_high_risk_takes_two_others_who_signed_in_and_never_the_one_who_asked(cell, people):
    site, device = cell
    ada, ben, cai = people
    eventually(lambda: value(site, "danger") is not None)
    wish = {"path": f"{PRESS}/danger", "value": 7, "reason": "a new die"}
    told = ada.post("/api/writes", json=wish).json()
    assert {"permit", "second person"} <= set(refusals(told))
    ask = {"at": f"{PRESS}/danger", "low": 0, "high": 8, "reason": "a new die", "minutes": 30}
    made = ada.post("/api/permits", json=ask).json()
    assert (made["state"], made["second"], made["holder"]) == ("requested", True, "person:ada")
    route = f"/api/permits/{made['number']}"

    def approve(person):
        return person.post(f"{route}/approve", json={})

    own = approve(ada)
    assert own.status_code == 422
    assert "it is their own" in own.json()["error"]
    assert approve(ben).json()["state"] == "requested"
    again = approve(ben)
    assert again.status_code == 422
    assert "needs a second person" in again.json()["hint"]
    told = ada.post("/api/writes", json=wish).json()
    assert {"permit", "second person"} <= set(refusals(told)), "one is not two"
    assert approve(cai).json()["state"] == "active"
    told = ben.post("/api/writes", json={**wish, "permit": made["number"]}).json()
    assert "person:ada's, not person:ben's" in refusals(told)["permit"]
    told = ada.post("/api/writes", json={**wish, "value": 9}).json()
    assert "permit" in refusals(told)
    told = ada.post("/api/writes", json=wish).json()
    assert (told["state"], told["after"]) == ("written", 7), told
    assert device.writes[-1][1] == 7
    used = ada.get(route).json()
    assert used["writes"] == [told["action"]]
    assert used["approved"] == ["person:ben", "person:cai"]
    end, passed = records(site, "danger")[:2]
    assert (end["by"], end["facts"]["permit"]) == ("person:ada", made["number"])
    assert passed["facts"]["guard second person"] == "ok: person:ben and person:cai"
