"""One site, many peers of which most behave badly: each is told apart, the good ones go on."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import psutil
import pytest
from tests.integration.mqtt.conftest import Broker, mosquitto_command
from tests.integration.opcua.conftest import serving
from tests.integration.opcua.test_security import der, issue
from tests.integration.site.conftest import Site, eventually, free_port

from isthmus.model.errors import IsthmusError

pytestmark = pytest.mark.timeout(180)

SECRET = "hunter-2-and-a-half"
UNITS = {
    "press": "count force",
    "logger": "line",
    "noone": "a", "refused": "a", "silent": "a", "babel": "a b c", "locked": "a b",
    "plc": "good turns nan infinite long missing future past",
    "meter": "fine nan infinite far whole",
    "edge": "speed",
    "topic": "force word",
    "paper": "a", "book": "a",
    "vault": "a",
}  # fmt: skip
TEXT = {"plc/long", "topic/word"}

CONNECTIONS = """
  press-plc:
    kind: modbus
    host: 127.0.0.1
    port: {press}
    every: 100 ms
    timeout: 2 s
    tags:
      hall/line1/press/count: {{holding: 0, as: uint16}}
      hall/line1/press/force: {{holding: 1, as: uint16}}
  log:
    kind: files
    path: {folder}/log/*.log
    line: '(?P<time>\\S+) n=(?P<line>\\d+)'
    every: 100 ms
    tags: {{hall/line1/logger: "{{tag}}"}}
  no-such-host: {{kind: modbus, host: press.invalid, timeout: 1 s, tags: {{hall/line1/noone/a: {{holding: 0, as: uint16}}}}}}
  refused: {{kind: modbus, host: 127.0.0.1, port: {refused}, timeout: 1 s, tags: {{hall/line1/refused/a: {{holding: 0, as: uint16}}}}}}
  silent: {{kind: modbus, host: 127.0.0.1, port: {silent}, timeout: 1 s, tags: {{hall/line1/silent/a: {{holding: 0, as: uint16}}}}}}
  babel-modbus: {{kind: modbus, host: 127.0.0.1, port: {garbage}, timeout: 1 s, tags: {{hall/line1/babel/a: {{holding: 0, as: uint16}}}}}}
  babel-opcua: {{kind: opcua, url: "opc.tcp://127.0.0.1:{garbage}", security: none, timeout: 1 s, tags: {{hall/line1/babel/b: "ns=2;s=b"}}}}
  babel-mqtt: {{kind: mqtt, broker: "mqtt://127.0.0.1:{garbage}", timeout: 1 s, tags: {{hall/line1/babel/c: hall/c}}}}
  locked-user: {{kind: opcua, url: "opc.tcp://127.0.0.1:{locked}", security: none, clear_password: allow, user: isthmus, password: {{env: BAD_INPUT_PASSWORD}}, timeout: 4 s, tags: {{hall/line1/locked/a: "ns=2;s=good"}}}}
  locked-certificate: {{kind: opcua, url: "{secured}", timeout: 4 s, tags: {{hall/line1/locked/b: "ns=2;s=Line.Speed"}}}}
  no-secret: {{kind: opcua, url: "opc.tcp://127.0.0.1:{locked}", user: isthmus, password: {{env: NOT_SET_ANYWHERE}}, tags: {{hall/line1/vault/a: "ns=2;s=good"}}}}
  plc: {{kind: opcua, url: "opc.tcp://127.0.0.1:{opcua}", security: none, publish: 100 ms, tags: {{hall/line1/plc: "ns=2;s={{tag}}"}}}}
  meter:
    kind: modbus
    host: 127.0.0.1
    port: {modbus}
    every: 200 ms
    tags:
      hall/line1/meter/fine: {{holding: 0, as: float32}}
      hall/line1/meter/nan: {{holding: 2, as: float32}}
      hall/line1/meter/infinite: {{holding: 4, as: float32}}
      hall/line1/meter/far: {{holding: 4000, as: uint16}}
      hall/line1/meter/whole: {{holding: 8, as: uint16}}
  edge: {{kind: sparkplug, broker: "{broker}", group: riverside, patience: 1 , tags: {{hall/line1/edge/speed: edge/packer/Speed}}}}
  topic: {{kind: mqtt, broker: "{broker}", tags: {{hall/line1/topic/force: "hall/odd#$.force", hall/line1/topic/word: "hall/word"}}}}
  paper: {{kind: files, path: "{folder}/paper/*", csv: true, columns: [time, a], every: 100 ms, tags: {{hall/line1/paper: "{{tag}}"}}}}
  book: {{kind: files, path: "{folder}/book/*", line: 'a=(?P<a>[0-9.]+)', time: [], every: 100 ms, tags: {{hall/line1/book: "{{tag}}"}}}}
"""  # noqa: E501 - one connection a line reads best


def plant(folder, ports):
    units = "\n".join(
        f"        {unit}: {{tags: {{"
        + ", ".join(
            f"{tag}: {{{'kind: text' if f'{unit}/{tag}' in TEXT else ''}}}" for tag in tags.split()
        )
        + "}}"
        for unit, tags in UNITS.items()
    )
    head = "isthmus: 1\nenterprise: acme\nsite: riverside\nequipment:\n  hall:\n    line1:\n"
    text = CONNECTIONS.format(folder=folder, **ports)
    return f"{head}      units:\n{units}\nconnections:{text}"


def say_nonsense(broker_port):
    """Bytes that are no Sparkplug, no JSON, or ten megabytes; and a right value after each."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="nonsense")
    client.connect("127.0.0.1", broker_port)
    client.loop_start()

    def put(topic, payload):
        client.publish(topic, payload, qos=1).wait_for_publish(10)

    for place, bad in enumerate((b'{"force": ', b"\xff\xfe\x00", b"[" * 5000, b"x" * 10_000_000)):
        put("hall/odd", bad)
        put("hall/odd", json.dumps({"force": 7.0 + place}))
    put("hall/odd", json.dumps({"force": {"deep": ["no", "number"]}}))
    put("hall/odd", json.dumps({"force": 12.5}))
    put("hall/word", b"y" * 10_000_000)
    put("hall/word", b"right")
    for kind in (
        "NBIRTH/edge",
        "DBIRTH/edge/packer",
        "DDATA/edge/packer",
        "NDATA/edge",
        "WHAT/e/p",
    ):
        for bad in (b"", b"\xff" * 64, os.urandom(500), b"\x0a" + b"\xff" * 9, b"z" * 10_000_000):
            put(f"spBv1.0/riverside/{kind}", bad)
    client.loop_stop()
    client.disconnect()


def write_nonsense(folder):
    """Lines without sense, bytes that are no text, a line of ten megabytes; right lines between."""
    with (
        (folder / "paper" / "a.csv").open("wb") as paper,
        (folder / "book" / "b").open("wb") as book,
    ):
        for place in range(20):
            paper.write(b"2026-02-30T99:99:99Z,1\n,,,,,\nno line\n\xff\xfe\x00\x01\n")
            paper.write(b"2026-11-22T10:00:%02dZ,%d\n" % (place, place))
            book.write(b"nothing here\na=\na=1.2.3\n" + os.urandom(2000).replace(b"a=", b"  "))
            book.write(b"\na=%d\n" % place)
        paper.write(b"2026-11-22T10:01:00Z," + b"9" * 10_000_000 + b"\n2026-11-22T10:02:00Z,99\n")
        book.write(b"b" * 10_000_000 + b"\na=99\n")


class Seen:
    """All that was seen of a site that met bad input, before it was stopped in good order."""

    def __init__(self, site):
        self.site = site
        self.memory = []

    def watch(self, seconds):
        process = psutil.Process(site_pid := self.site.process.pid)
        assert site_pid
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.memory.append(process.memory_info().rss / 1e6)
            self.site.log.write(10)
            time.sleep(0.5)

    def finish(self):
        site = self.site
        arrived = "select count(*) as n from samples where path = 'hall/line1/logger/line'"
        eventually(lambda: site.sql(arrived)[0]["n"] >= site.log.written)
        self.links = site.links()
        self.answers = answers(site)
        ours = [site.process, *psutil.Process(site.process.pid).children(recursive=True)]
        self.commands = [Path(f"/proc/{one.pid}/cmdline").read_bytes() for one in ours]
        words = ("list", "connections", "--json", "--plant", site.plant)
        self.listed = subprocess.run(
            [sys.executable, "-m", "isthmus", *words], capture_output=True, check=True
        ).stdout
        self.alive = site.process.poll() is None
        site.stop()
        self.log = (site.folder / "site.log").read_text("utf-8", "replace")


def answers(site):
    """What every question without parameters is answered."""
    from isthmus.cli.remote import Remote

    remote = Remote.of(site.data)
    paths = remote.get("/api/openapi.json")["paths"]
    told = {}
    for path, methods in paths.items():
        needs = [p for p in methods.get("get", {}).get("parameters", []) if p.get("required")]
        if "get" in methods and "{" not in path and not needs and "live" not in path:
            try:
                told[path] = remote.fetch(path)
            except IsthmusError as error:  # such as: this plant has no line
                told[path] = f"{error} {error.hint}".encode()
    return told


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    for name in ("paper", "book"):
        (folder / name).mkdir()
    port = free_port()
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true"]
    broker = Broker(mosquitto_command(folder, lines), port, folder / "broker.log")
    pair = issue("line server")
    certificate = folder / "server.der"
    certificate.write_bytes(der(pair))
    certificate.with_suffix(".pem").write_bytes(private(pair))
    peers = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("odd_peers.py"))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    site = Site(folder)
    with pytest.MonkeyPatch.context() as patch, serving(certificate=str(certificate)) as secured:
        patch.setenv("BAD_INPUT_PASSWORD", SECRET)
        try:
            broker.start()
            ports = json.loads(peers.stdout.readline())
            ports |= {"press": site.port, "refused": free_port(), "broker": broker.url}
            site.plant.write_text(plant(folder, {**ports, "secured": secured.url}), "utf-8")
            site.start_machine()
            site.start()
            found = Seen(site)
            found.watch(2)
            peers.stdin.write("go\n")
            peers.stdin.flush()
            write_nonsense(folder)
            say_nonsense(port)
            found.watch(10)
            found.finish()
            yield found
        finally:
            site.close()
            broker.kill()
            peers.kill()
            peers.communicate()


def private(pair):
    from cryptography.hazmat.primitives import serialization

    return pair[1].private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


BAD = 0x8000_0000


def rows(seen, tag):
    query = (
        f"select value, quality, time from samples where path = 'hall/line1/{tag}' order by time"
    )
    return seen.site.stored(query)


@pytest.mark.parametrize(
    ("name", "state", "told", "hint"),
    [
        ("no-such-host", "down", "press.invalid", ""),
        ("refused", "down", "127.0.0.1", ""),
        ("silent", "down", "127.0.0.1", ""),
        ("babel-modbus", "down", "127.0.0.1", ""),
        ("babel-opcua", "down", "127.0.0.1", ""),
        ("babel-mqtt", "down", "127.0.0.1", ""),
        ("locked-user", "refused", "BadUserAccessDenied", "`password`"),
        ("locked-certificate", "refused", "SHA-256", "compare the SHA-256"),
        ("no-secret", "down", "NOT_SET_ANYWHERE", "set NOT_SET_ANYWHERE"),
    ],
)
def test_what_cannot_be_reached_says_why_and_what_to_do(seen, name, state, told, hint):
    link = seen.links[name]
    assert (link["state"], link["silent_tags"]) == (state, link["tags"])
    assert told in link["error"]
    assert link["hint"]
    assert hint in link["hint"]


def test_the_good_ones_lose_nothing(seen):
    assert seen.alive
    assert seen.links["press-plc"]["state"] == "up"
    assert seen.links["press-plc"]["good_percent"] == 100.0
    numbers = [int(row["value"]) for row in rows(seen, "logger/line") if row["value"] is not None]
    assert numbers == list(range(1, seen.site.log.written + 1))
    assert {link["lost"] for link in seen.links.values()} == {0}
    assert not [row for row in rows(seen, "press/count") if row["quality"] >= BAD]
    assert not [row for row in rows(seen, "plc/good") if row["quality"] >= BAD]
    assert len(rows(seen, "plc/good")) > 20


def test_bad_quality_is_where_it_belongs(seen):
    for tag in ("plc/missing", "meter/far", "noone/a", "babel/a", "babel/b", "babel/c"):
        found = rows(seen, tag)
        assert found, tag
        assert all(row["quality"] >= BAD for row in found), tag
    for tag in ("plc/turns", "plc/nan"):
        kinds = {row["quality"] >= BAD for row in rows(seen, tag)}
        assert kinds == {True, False}, f"{tag}: good while it was a number, bad while it was none"
    assert all(row["quality"] >= BAD for row in rows(seen, "meter/nan"))
    for tag in ("meter/fine", "meter/whole"):
        assert {row["quality"] for row in rows(seen, tag)} == {0}
    assert rows(seen, "meter/fine")[-1]["value"] == 12.5
    assert [row["value"] for row in rows(seen, "topic/force")][-1] == 12.5
    assert [row["value"] for row in rows(seen, "paper/a") if row["quality"] == 0][-1] == 99
    assert [row["value"] for row in rows(seen, "book/a") if row["quality"] == 0][-1] == 99


def test_infinity_is_no_measurement(seen):
    for tag in ("plc/infinite", "meter/infinite"):
        odd = [row["quality"] for row in rows(seen, tag) if row["value"] != 1.0]
        assert odd
        assert all(quality >= BAD for quality in odd)


def test_no_sample_lies_in_the_future_or_is_good_without_a_believable_time(seen):
    query = "select max(time) < now() + interval 2 hours as sane from samples"
    assert seen.site.stored(query) == [{"sane": True}]
    ahead = rows(seen, "plc/future")
    first = [row["quality"] for row in ahead].index(0x4000_0000)
    assert first <= 2, "only what the server held before it told times to come is good"
    assert all(0x4000_0000 <= row["quality"] < BAD for row in ahead[first:])
    assert seen.links["plc"]["counts"]["clock-astray"] > 0


def test_long_texts_are_bad_quality_or_cut(seen):
    texts = seen.site.stored(
        "select path, length(text) as size, text[:5] as first from events where kind = 'text'"
    )
    assert [row["quality"] for row in rows(seen, "plc/long")] == [0x8008_0000], "too long for us"
    assert all(row["size"] < 1_000_000 for row in texts)
    assert [r["first"] for r in texts if r["path"] == "hall/line1/topic/word"][-1] == "right"


@pytest.mark.parametrize("name", ["edge", "topic", "paper", "book", "meter", "plc"])
def test_what_was_thrown_away_is_counted(seen, name):
    counts = seen.links[name]["counts"]
    assert sum(counts.values()) > 0, counts


def test_the_log_tells_each_outage_once_and_nothing_else_often(seen):
    lines = seen.log.splitlines()
    down = re.findall(r"WARNING (\S+) is down", seen.log)
    assert len(down) == len(set(down))
    assert {"refused", "locked-user", "babel-opcua", "no-secret"} <= set(down)
    assert len(lines) < 100
    assert max(map(len, lines)) < 2000
    assert "Traceback" not in seen.log


def test_memory_stays_bounded(seen):
    assert max(seen.memory) < 700


def test_a_secret_is_nowhere(seen):
    secret = SECRET.encode()
    assert secret not in seen.log.encode()
    assert secret not in seen.listed
    for path, body in seen.answers.items():
        assert secret not in body, path
    assert {"/api/plant", "/api/links"} < set(seen.answers)
    for command in seen.commands:
        assert secret not in command
    for file in seen.site.data.rglob("*"):
        if file.is_file():
            assert secret not in file.read_bytes(), file
