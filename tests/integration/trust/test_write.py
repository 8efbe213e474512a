"""Writes to a real Modbus server through a running site: what passes, what each guard refuses."""

from __future__ import annotations

import json
import time

import pytest
from tests.integration.cli.conftest import isthmus
from tests.integration.site.conftest import Site, eventually
from tests.integration.trust.conftest import plant, press, value, write

from isthmus.cli.remote import Remote
from isthmus.model.errors import AuthError, ConfigError, Refused
from isthmus.runtime.trust.guarded import PERMITS

__all__ = ["press"]
pytestmark = pytest.mark.timeout(180)
PRESS = "hall/line1/press"


def refusals(told):
    return {each["name"]: each["reason"] for each in told["verdicts"] if not each["ok"]}


def records(site, **query):
    return Remote.of(site.data).get("/api/ledger", kind="action", **query)["records"]


def test_an_allowed_write_is_read_back_and_recorded(press):
    told = write(press, "force", 40)
    assert (told["state"], told["after"], told["mode"]) == ("written", 40, "live")
    assert told["before"] == 0
    eventually(lambda: value(press, "force") == 40)
    end, wish = records(press, about=f"{PRESS}/force")[:2]
    assert end["number"] == told["record"]
    assert (wish["facts"]["step"], wish["facts"]["allowed"]) == ("wish", True)
    assert end["facts"]["action"] == wish["facts"]["action"] == told["action"]
    assert (end["facts"]["before"], end["facts"]["after"]) == (0, 40)
    assert (wish["by"], wish["facts"]["reason"]) == ("owner", "a test")


def test_scale_and_offset_are_undone(press):
    told = write(press, "scaled", 17.3)
    assert (told["state"], told["after"]) == ("written", pytest.approx(17.3))
    eventually(lambda: value(press, "scaled") == pytest.approx(17.3))


def test_a_tag_without_write_rules_cannot_be_written(press):
    told = write(press, "plain", 1)
    assert told["state"] == "refused"
    assert "no `write:`" in refusals(told)["writable"]
    assert value(press, "plain") == 0


def test_every_guard_speaks_even_after_a_refusal(press):
    told = write(press, "target", 500, reason="")
    assert {"limits", "step", "permit", "reason"} <= set(refusals(told))
    assert len(told["verdicts"]) == 12
    assert all(each["change"] for each in told["verdicts"] if not each["ok"])
    (wish,) = records(press, about=f"{PRESS}/target")[:1]
    assert wish["facts"]["allowed"] is False
    assert wish["facts"]["guard limits"].startswith("no: ")


def test_the_rate_counts_what_was_written_within_the_minute(press):
    write(press, "force", 40)
    for wish in (80, 120):
        write(press, "force", wish)
        eventually(lambda: value(press, "force") == wish)  # noqa: B023
    assert "of 120 a minute" in refusals(write(press, "force", 160))["rate of change"]


def test_an_interlock_holds_by_fresh_values_alone(press):
    told = write(press, "guarded", 5)
    assert told["state"] == "written"


def test_a_preview_records_and_writes_nothing(press):
    before = len(records(press, limit=1_000))
    wish = {"path": f"{PRESS}/guarded", "value": 9, "reason": "a look"}
    told = Remote.of(press.data).send("/api/writes/preview", json.dumps(wish).encode())
    assert (told["state"], told["allowed"]) == ("possible", True)
    assert len(records(press, limit=1_000)) == before


def test_simulation_does_all_but_the_last_step(press):
    told = write(press, "guarded", 77, simulate=True)
    assert (told["state"], told["after"]) == ("simulated", None)
    time.sleep(0.5)
    assert value(press, "guarded") != 77


def test_a_lock_keeps_everybody_out_until_it_is_freed(press):
    say = ("--data", press.data)
    said = isthmus("lock", PRESS, "--reason", "new belt", *say, folder=press.folder)
    assert (said.code, said.out) == (0, f"{PRESS} is locked by owner\n")
    assert "new belt" in refusals(write(press, "guarded", 6))["maintenance lock"]
    assert "new belt" in isthmus("lock", *say, folder=press.folder).out
    assert isthmus("unlock", PRESS, *say, folder=press.folder).code == 0
    assert write(press, "guarded", 6)["state"] == "written"


def test_nobody_approves_their_own_permit(press):
    site = Remote.of(press.data)
    wish = {"at": f"{PRESS}/target", "low": 0, "high": 50, "reason": "a test", "minutes": 5}
    made = site.send("/api/permits", json.dumps(wish).encode())
    assert made["state"] == "requested"
    with pytest.raises(Refused, match="it is their own"):
        site.send(f"/api/permits/{made['number']}/approve", b"{}")
    told = write(press, "target", 10, permit=made["number"])
    assert "is requested" in refusals(told)["permit"]


@pytest.mark.parametrize("path", ["hall/line1/press/nothing", ""])
def test_a_tag_that_is_not_there_is_told(press, path):
    with pytest.raises(ConfigError, match="there is no tag"):
        Remote.of(press.data).send("/api/writes", json.dumps({"path": path, "value": 1}).encode())


def test_nobody_writes_without_signing_in(press):
    stranger = Remote(Remote.of(press.data).url, "0" * 64)
    with pytest.raises(AuthError):
        stranger.send("/api/writes", b'{"path": "hall/line1/press/force", "value": 1}')
    assert value(press, "force") != 1


def test_the_command_prints_every_verdict(press):
    said = isthmus(
        *("write", f"{PRESS}/guarded", "7", "--reason", "by hand", "--data", press.data),
        folder=press.folder,
    )
    assert said.code == 0
    assert "ok  interlock" in said.out
    assert "written  hall/line1/press/guarded: 6 -> 7, read back 7 after" in said.out
    said = isthmus(
        *("write", f"{PRESS}/danger", "7", "--reason", "by hand", "--data", press.data),
        folder=press.folder,
    )
    assert said.code == 1
    assert "NO  second person" in said.out


def test_a_dead_machine_a_restart_and_an_approved_permit(tmp_path):
    """One story, as each step needs the one before: it is slow to set up."""
    site = Site(tmp_path)
    site.plant.write_text(plant(site.plant.read_text("utf-8")), "utf-8")
    try:
        site.start_machine()
        site.start()
        wish = {"at": f"{PRESS}/target", "low": 0, "high": 50, "reason": "a test", "minutes": 60}
        made = Remote.of(site.data).send("/api/permits", json.dumps(wish).encode())
        site.stop()
        file = site.data / PERMITS
        told = json.loads(file.read_text("utf-8"))
        told["permits"][0]["approved"] = ["person:ben"]  # as his own sign-in would have left it
        file.write_text(json.dumps(told), "utf-8")
        site.start()
        eventually(lambda: write(site, "target", 20)["state"] == "written")
        used = Remote.of(site.data).get(f"/api/permits/{made['number']}")
        assert (used["state"], len(used["writes"])) == ("active", 1)
        assert "0 to 50" in refusals(write(site, "target", 60, permit=made["number"]))["permit"]
        Remote.of(site.data).send(f"/api/permits/{made['number']}/close", b"{}")
        told = write(site, "target", 21, permit=made["number"])
        assert "is closed" in refusals(told)["permit"], "a permit is not used again"
        site.kill_machine()
        eventually(lambda: "connection" in refusals(write(site, "guarded", 3)))
        assert "is not good" in refusals(write(site, "guarded", 3))["interlock"]
    finally:
        site.close()


def test_a_plant_simulates_unless_it_says_otherwise(tmp_path):
    site = Site(tmp_path)
    text = plant(site.plant.read_text("utf-8")).replace("writes: {mode: live}\n", "")
    site.plant.write_text(text, "utf-8")
    try:
        site.start_machine()
        site.start()
        eventually(lambda: write(site, "force", 40)["state"] == "simulated")
        time.sleep(0.5)
        assert value(site, "force") == 0
    finally:
        site.close()
