"""Rules that write, through the real guard of a running site, to a real Modbus server."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from tests.integration.site.conftest import Site, eventually
from tests.integration.trust.conftest import plant, value, write
from tests.web.test_people import Person

from isthmus.cli.remote import Remote

pytestmark = pytest.mark.timeout(180)
PRESS = "hall/line1/press"
WRITES = {
    "relieve": "tag: scaled, value: 50",
    "interlocked": "tag: guarded, value: 7",
    "permitted": "tag: target, value: 10, permit: 1",
    "unpermitted": "tag: target, value: 20",
    "stranger": "tag: scaled, value: 60",
}
RULES = "rules:\n" + "".join(
    f"  {name}: {{at: {PRESS}, when: force > 30, mode: live, then: [{{write: {{{wish}}}}}]}}\n"
    for name, wish in WRITES.items()
)
ACCESS = "access:\n  grants:\n" + "".join(
    f'    - {{who: "rule:{name}", role: operator, at: {PRESS}}}\n'
    for name in WRITES
    if name != "stranger"
)


@pytest.fixture(scope="module")
def press(tmp_path_factory):
    """A running site whose rules have fired once, and somebody who approved their permit."""
    site = Site(tmp_path_factory.mktemp("rules"))
    text = plant(site.plant.read_text("utf-8")).replace("target < 150", "force < 20")
    site.plant.write_text(text + RULES + ACCESS, "utf-8")
    try:
        site.start_machine()
        site.start()
        eventually(lambda: value(site, "force") == 0)
        approve(site)
        for name in WRITES:  # a rule acts only once its back-test was seen
            ask(site, f"/api/rules/{name}/test", {"seconds": 60})
        assert write(site, "force", 40)["state"] == "written"
        eventually(lambda: len(journal(site)) == len(WRITES))
        yield site
    finally:
        site.close()


def ask(site, route, wish):
    return Remote.of(site.data).send(route, json.dumps(wish).encode())


def approve(site):
    """A permit for the rule `permitted`, asked for by the owner and approved by another."""
    wish = {"at": f"{PRESS}/target", "low": 0, "high": 15, "reason": "a test", "minutes": 5}
    made = ask(site, "/api/permits", wish | {"holder": "rule:permitted"})
    place = SimpleNamespace(site=site.data, url=Remote.of(site.data).url)
    ada = Person(place, "ada", "engineer")
    try:
        told = ada.post(f"/api/permits/{made['number']}/approve", json={}).json()
        assert (made["number"], told["state"]) == (1, "active")
    finally:
        ada.leave()


def journal(site):
    """What history has of the firings, by rule."""
    table = site.sql("select text from events where kind = 'rule' order by time")
    return {row["text"].partition(" ")[0]: row["text"] for row in table}


def records(site, rule):
    found = Remote.of(site.data).get("/api/ledger", kind="action", limit=1_000)["records"]
    return [one for one in found if one["by"] == f"rule:{rule}"]


def test_what_a_rule_may_write_is_read_back_and_recorded_as_its_own(press):
    eventually(lambda: value(press, "scaled") == pytest.approx(50))
    end, wish = records(press, "relieve")
    assert (wish["facts"]["step"], wish["facts"]["allowed"]) == ("wish", True)
    assert (end["facts"]["step"], end["facts"]["after"]) == ("end", 50)
    assert wish["facts"]["reason"] == "relieve"
    assert "written 50" in journal(press)["relieve"]


def test_an_interlock_holds_for_rules_as_well(press):
    assert value(press, "guarded") == 0
    (wish,) = records(press, "interlocked")
    assert wish["facts"]["allowed"] is False
    assert wish["facts"]["guard interlock"].startswith("no: ")
    assert "refused" in journal(press)["interlocked"]


def test_a_permit_counts_for_the_rule_that_holds_it_alone(press):
    eventually(lambda: value(press, "target") == 10)
    end, _ = records(press, "permitted")
    assert (end["facts"]["permit"], end["facts"]["after"]) == (1, 10)
    (wish,) = records(press, "unpermitted")
    assert wish["facts"]["guard permit"].startswith("no: ")


def test_what_no_grant_allows_is_refused(press):
    (wish,) = records(press, "stranger")
    assert wish["facts"]["allowed"] is False
    told = Remote.of(press.data).get("/api/rules")
    assert (told["done"], told["refused"]) == (5, 3)
    assert told["last_refusal"]
