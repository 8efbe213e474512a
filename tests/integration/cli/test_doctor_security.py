"""What is open, to whom and why; and that secrets are nowhere but where they are kept."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.integration.cli.conftest import isthmus
from tests.integration.site.conftest import eventually

pytestmark = pytest.mark.timeout(180)

PLANTED = {"env": "planted-in-env-7f3a", "file": "planted-in-file-91cd", "user": "planted-user-55"}
PLANT = """
isthmus: 1
enterprise: acme
site: riverside
equipment: {{packaging: {{line1: {{units: {{filler: {{tags: {{speed: 1/min, power: kW}}}}}}}}}}}}
zones:
  site:  {{level: 3, target: SL2, networks: [10.4.0.0/24], here: true}}
  line1: {{level: 2, target: SL2, networks: [10.4.1.0/24]}}
conduits: [{{from: site, to: line1, allow: [mqtt-tls], why: samples}}]
web: {{listen: "127.0.0.1:0"}}
connections:
  broker:
    kind: mqtt
    broker: mqtt://127.0.0.1:{port}
    user: isthmus
    password: {{env: PLANTED_PASSWORD}}
    tags: {{packaging/line1/filler/speed: a/b}}
  server:
    kind: opcua
    url: opc.tcp://127.0.0.1:{port}
    security: none
    user: {{file: {folder}/user}}
    password: {{file: {folder}/password}}
    tags: {{packaging/line1/filler/power: "ns=2;s=a"}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Planted:
    """A site whose links fail all the time, with secrets that must be seen nowhere."""

    def __init__(self, folder):
        self.folder, self.data = folder, folder / ".isthmus"
        for name, word in (("password", "file"), ("user", "user")):
            (folder / name).write_text(PLANTED[word], "utf-8")
            (folder / name).chmod(0o600)
        text = PLANT.format(port=free_port(), folder=folder)
        (folder / "plant.yaml").write_text(text, "utf-8")
        self.log = (folder / "site.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", "isthmus", "run", "plant.yaml"],
            cwd=folder,
            env={**os.environ, "PLANTED_PASSWORD": PLANTED["env"]},
            stdout=self.log,
            stderr=self.log,
        )

    def get(self, path):
        from isthmus.client.remote import Remote

        return Remote.of(self.data).fetch(path)

    def failed(self):
        links = json.loads(self.get("/api/links"))["links"]
        return len(links) == 2 and all(link["error"] for link in links)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(30)
        self.log.close()


@pytest.fixture
def planted(tmp_path):
    made = Planted(tmp_path)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.stop(signal.SIGKILL)


def examined(site, *words):
    said = isthmus(
        "doctor", "--security", "--json", "--data", site.data, *words, folder=site.folder
    )
    body = json.loads(said.out)
    assert said.code == (1 if body["wrong"] else 0)
    return body["findings"]


def texts(findings, what):
    return [one for one in findings if one["what"] == what]


def test_secrets_are_in_no_log_answer_process_list_record_or_crash_dump(planted):
    eventually(planted.failed, 60)
    shown = [
        planted.get(path)
        for path in ("/api/links", "/api/plant", "/api/overview", "/api/ledger", "/api/zones")
    ]
    family = [psutil.Process(planted.process.pid)]
    family += family[0].children(recursive=True)
    assert len(family) > 1
    shown += ["\0".join(one.cmdline()).encode() for one in family]
    # the bus and what it may hand on know nothing of our secrets either
    shown += [Path(f"/proc/{one.pid}/environ").read_bytes() for one in family[1:]]
    for words in (
        ("doctor", "--json"),
        ("doctor", "--security", "--json"),
        ("list", "connections"),
    ):
        where = () if words[0] == "list" else ("--data", planted.data)
        told = isthmus(*words, *where, folder=planted.folder, PLANTED_PASSWORD=PLANTED["env"])
        shown += [told.out.encode(), told.err.encode()]
    planted.stop(signal.SIGABRT)  # faulthandler writes all stacks
    log = (planted.folder / "site.log").read_bytes()
    assert b"Fatal Python error: Aborted" in log
    shown.append(log)
    kept = {planted.folder / name for name in ("password", "user")}
    shown += [f.read_bytes() for f in planted.folder.rglob("*") if f.is_file() and f not in kept]
    for word in PLANTED.values():
        assert not any(word.encode() in text for text in shown), word


def test_it_tells_what_listens_to_whom_and_why(planted):
    eventually(planted.failed, 60)
    found = examined(planted)
    ports = texts(found, "open port")
    assert len(ports) >= 2
    assert all(one["state"] == "well" and " on 127.0.0.1:" in one["found"] for one in ports)
    (pages,) = texts(found, "listens: pages and API")
    assert "this machine alone" in pages["found"]
    assert texts(found, "ledger")[0]["state"] == "well"
    assert texts(found, "the bus's program")[0]["state"] == "well"
    assert texts(found, "secrets")[0]["found"].startswith("3 secrets")
    assert [one["state"] for one in found if one["what"] == "files"] == ["well"]
    levels = [one["found"] for one in texts(found, "security level")]
    assert any("site aims at SL2 and misses" in text for text in levels)


def test_what_others_can_read_what_goes_plain_and_a_changed_record_are_wrong(planted):
    eventually(planted.failed, 60)
    planted.stop()
    file = planted.folder / "plant.yaml"
    text = file.read_text("utf-8").replace('"127.0.0.1:0"', '"0.0.0.0:8800", plain: true')
    file.write_text(text.replace("mqtt://127.0.0.1", "mqtt://10.4.1.7"), "utf-8")
    (planted.folder / "password").chmod(0o644)
    (planted.data / "web" / "token").chmod(0o640)
    (planted.data / "web" / "url").unlink()
    record = next((planted.data / "trust" / "ledger").glob("*.jsonl"))
    lines = bytearray(record.read_bytes())
    lines[lines.index(b":", 20) + 2] ^= 1
    record.write_bytes(lines)
    found = examined(planted, "--plant", str(file))
    wrong = {one["what"]: one for one in found if one["state"] == "wrong"}
    assert "chmod 600" in wrong["files"]["hint"]
    assert "may be read by others (mode 644)" in wrong["secrets"]["found"]
    assert "no TLS" in wrong["listens: pages and API"]["found"]
    assert "the network" in wrong["listens: pages and API"]["found"]
    assert wrong["plain: connection broker"]["found"].startswith("mqtt://10.4.1.7")
    assert "ledger" in wrong
    stopped = "would be stopped: no conduit from site to line1 allows tcp/"
    assert stopped in wrong["zones: connections.broker"]["found"]
