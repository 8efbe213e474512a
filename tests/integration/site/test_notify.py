"""A site whose process is killed tells people all the same: each once, and what is late says so."""

import json
import subprocess
import sys

import pytest
from tests.integration.site.conftest import eventually, free_port
from tests.integration.site.test_alarms import ALARM, FORCE, press
from tests.servers.mail import MailServer

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120)]

NOTIFY = """
notify:
  channels:
    mail: {{kind: mail, server: "smtp://localhost:{port}", from: plant@acme.example, timeout: 2 s}}
  people:
    anna: {{mail: anna@acme.example}}
    ben: {{mail: ben@acme.example}}
  escalation:
    line: {{steps: [{{to: anna}}, {{to: ben, after: 3 s}}], tell_end: true}}
  routes:
    all: {{to: line}}
"""


def isthmus(site, *words):
    """What `isthmus notify` answers, and its exit code."""
    command = [sys.executable, "-m", "isthmus", "notify", *words, "--data", str(site.data)]
    ran = subprocess.run(
        [*command, "--json"], capture_output=True, text=True, timeout=60, check=False
    )
    return ran.returncode, json.loads(ran.stdout) if ran.stdout else ran.stderr


def test_people_are_told_once_though_the_site_is_killed_and_the_mail_server_away(make_site):
    port = free_port()
    site = make_site(NOTIFY.format(port=port))
    site.plant.write_text(site.plant.read_text().replace("force: {unit: kN}", FORCE))
    site.start_machine()
    site.start()
    press(site, 150)
    waiting = eventually(lambda: isthmus(site, "log", "--state", "waiting")[1])
    assert [each["to"] for each in waiting][:1] == ["anna"]
    state = eventually(
        lambda: (found := isthmus(site, "list")[1])["channels"][0]["trouble"] and found
    )
    assert state["channels"][0]["state"] == "down"
    assert state["escalating"][0]["path"] == ALARM
    site.kill()
    with MailServer("plain", port=port) as server:
        site.start()
        eventually(lambda: len(server.mails) == 2)
        code, tested = isthmus(site, "test", "ben")
        assert (code, [each["state"] for each in tested]) == (0, ["sent"])
        subprocess.run(
            [sys.executable, "-m", "isthmus", "alarm", "ack", ALARM, "--data", str(site.data)],
            check=True,
            capture_output=True,
            timeout=60,
        )
        eventually(lambda: len(server.mails) == 5)
        site.kill()
        site.start()
        eventually(lambda: isthmus(site, "log")[1])
        told = [(to, mail["Subject"]) for (to,), mail in server.mails]
    low = "Low: force high, hall/line1/press"
    assert sorted(told[:2]) == [("anna@acme.example", low), ("ben@acme.example", low)]
    assert told[2] == ("ben@acme.example", "Test: this is only a test")
    assert {to for to, _ in told[3:]} == {"anna@acme.example", "ben@acme.example"}
    assert all(subject == f"{low}: acknowledged by owner" for _, subject in told[3:])
    assert len(told) == 5
    code, missing = isthmus(site, "test", "nobody")
    assert (code, "there is nobody called" in str(missing)) == (1, True), missing
