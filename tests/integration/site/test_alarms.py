"""Alarms of a site whose process is killed, over a machine whose cable is cut."""

import json
import subprocess
import sys

import pytest
from pymodbus.client import ModbusTcpClient
from tests.integration.site.conftest import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120)]

ALARM = "hall/line1/press/force_high"
FORCE = "force: {unit: kN, limits: {high: 100}, alarm: {outer: high, advice: let it rest}}"
JOURNAL = "select * from events where kind = 'alarm' order by time"


def isthmus(site, *words):
    """What `isthmus alarm` answers."""
    command = [sys.executable, "-m", "isthmus", "alarm", *words, "--data", str(site.data), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return json.loads(ran.stdout) if ran.returncode == 0 else ran.stdout + ran.stderr


def press(site, force):
    with ModbusTcpClient("127.0.0.1", port=site.port) as machine:
        assert not machine.write_register(1, force, device_id=1).isError()


def standing(site):
    found = isthmus(site, "list", "--all")["alarms"]
    return next(each for each in found if each["path"] == ALARM)


@pytest.fixture
def alarmed(make_site):
    site = make_site()
    site.plant.write_text(site.plant.read_text().replace("force: {unit: kN}", FORCE))
    site.start_machine()
    site.start()
    eventually(lambda: standing(site)["judged"])
    return site


def test_states_and_journal_survive_a_kill(alarmed):
    site = alarmed
    assert standing(site)["state"] == "normal"
    press(site, 150)
    raised = eventually(lambda: (one := standing(site))["state"] == "unacknowledged" and one)
    assert (raised["value"], raised["limit"], raised["unit"]) == (150, 100, "kN")
    assert raised["advice"] == "let it rest"
    (seen,) = isthmus(site, "ack", ALARM, "--note", "on my way")
    assert (seen["state"], seen["by"], seen["reason"]) == ("acknowledged", "owner", "on my way")
    site.kill()
    site.start()
    again = eventually(lambda: (one := standing(site))["judged"] and one)
    for key in ("state", "raised", "since", "by", "reason"):
        assert again[key] == seen[key], key
    press(site, 50)
    eventually(lambda: standing(site)["state"] == "normal")
    told = eventually(lambda: len(rows := site.sql(JOURNAL)) == 3 and rows)
    assert [json.loads(each["data"])["change"] for each in told] == [
        "raised",
        "acknowledged",
        "returned",
    ]
    assert {each["path"] for each in told} == {ALARM}
    changes = isthmus(site, "history", "--last", "1h")
    assert [each["change"] for each in changes] == ["returned", "acknowledged", "raised"]
    assert isthmus(site, "statistics", "--last", "1h")[0]["raised"] == 1
    assert isthmus(site, "rationalise", "--last", "1h")[0]["raised"] == 1


def test_a_dead_machine_neither_raises_nor_clears(alarmed):
    site = alarmed
    press(site, 150)
    eventually(lambda: standing(site)["state"] == "unacknowledged")
    site.kill_machine()
    eventually(lambda: not standing(site)["judged"])
    assert standing(site)["state"] == "unacknowledged"
    refused = isthmus(site, "shelve", ALARM, "--for", "9h", "--reason", "no machine")
    assert "8 h at most" in refused
    (shelved,) = isthmus(site, "shelve", ALARM, "--for", "1h", "--reason", "no machine")
    assert (shelved["state"], shelved["reason"]) == ("shelved", "no machine")
    site.start_machine()  # with a force of 0
    eventually(lambda: (one := standing(site))["judged"] and not one["active"])
    (back,) = isthmus(site, "unshelve", ALARM)
    assert back["state"] == "normal"
