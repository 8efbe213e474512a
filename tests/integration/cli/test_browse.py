"""See what a device has and write it into the plant file, against real servers."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.integration.cli.conftest import isthmus
from tests.integration.mqtt.conftest import Broker, mosquitto_command
from tests.integration.opcua.conftest import serving
from tests.integration.opcua.test_security import der, issue
from tests.integration.site.conftest import free_port

from isthmus.runtime.config import load

pytestmark = pytest.mark.timeout(120)

PLANT = """\
# our plant, kept by hand
isthmus: 1
enterprise: acme
site: riverside

equipment:
  packaging:
    line1:
      units:
        press: {tags: {force: {unit: kN}}}   # bought in 1998

connections:
  # the PLC of the press
  press-plc:
    kind: modbus
    host: 10.4.1.9
    tags:
      packaging/line1/press/force: {holding: 0, as: uint16}   # from page 12 of the manual
"""


@pytest.fixture(scope="module")
def plain():
    with serving(many=3) as server:
        yield server


def test_tags_are_written_once_and_comments_stay(plain, tmp_path):
    plant = tmp_path / "plant.yaml"
    plant.write_text(PLANT, encoding="utf-8")
    words = (
        *("browse", plain.url, "--set", "security=none", "--node", "ns=2;s=Line"),
        *("--add", plant, "--equipment", "packaging/line1/filler"),
    )
    first = isthmus(*words, folder=tmp_path)
    assert (first.code, first.err) == (0, "")
    assert "packaging/line1/filler/speed" in first.out
    assert f"isthmus check {plant} --probe" in first.out
    text = plant.read_text(encoding="utf-8")
    for comment in ("# our plant", "# bought in 1998", "# the PLC of the press", "# from page 12"):
        assert comment in text
    found = load(plant)
    tags = {tag.path: tag for tag in found.tags()}
    assert tags["packaging/line1/filler/speed"].unit == "1/min"
    assert tags["packaging/line1/filler/batch"].kind == "text"
    assert tags["packaging/line1/filler/running"].kind == "boolean"
    again = isthmus(*words, "--json", folder=tmp_path)
    body = json.loads(again.out)
    assert set(body) == {"connection", "tags", "known", "arrays", "files"}
    assert body["tags"] == {}
    assert len(body["known"]) == 6
    assert body["arrays"] == ["ns=2;s=Line.Levels"]
    assert plant.read_text(encoding="utf-8") == text
    probed = isthmus("check", "--probe", "--json", folder=tmp_path)
    probes = {probe["connection"]: probe for probe in json.loads(probed.out)["probes"]}
    assert probed.code == 1, "10.4.1.9 does not answer"
    assert probes["press-plc"]["error"]
    ours = probes[body["connection"]]
    assert (ours["error"], ours["bad"], ours["silent"]) == ("", [], False)
    assert ours["heard"] >= 1


def test_what_a_device_has_is_listed(plain, tmp_path):
    said = isthmus("browse", plain.url, "--set", "security=none", "--depth", "2", folder=tmp_path)
    assert (said.code, said.err) == (0, "")
    assert "ns=2;s=Line" in said.out
    said = isthmus(
        *("browse", plain.url, "--set", "security=none", "--node", "ns=2;s=Line", "--json"),
        folder=tmp_path,
    )
    nodes = {node["name"]: node for node in json.loads(said.out)}
    assert nodes["Speed"] == {
        "address": "ns=2;s=Line.Speed", "name": "Speed", "kind": "variable",
        "data_type": "Double", "unit": "1/min", "description": "bottles a minute",
        "value": "12.5", "writable": True,
    }  # fmt: skip


def test_a_node_that_is_not_there_is_said(plain, tmp_path):
    said = isthmus(
        *("browse", plain.url, "--set", "security=none", "--node", "ns=2;s=Gone"), folder=tmp_path
    )
    assert (said.code, said.out) == (1, "")
    assert "ns=2;s=Gone" in said.err
    said = isthmus("browse", plain.url, "--set", "security=none", "--node", "x y", folder=tmp_path)
    assert (said.code, said.out) == (1, "")
    assert "error: " in said.err


def test_an_unknown_certificate_is_shown_and_trusted_on_demand(tmp_path):
    pair = issue("line server")
    file = tmp_path / "server.der"
    file.write_bytes(der(pair))
    from cryptography.hazmat.primitives import serialization

    file.with_suffix(".pem").write_bytes(
        pair[1].private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    from isthmus.connectors.opcua.identity import thumbprint

    with serving(certificate=str(file)) as server:
        said = isthmus("browse", server.url, folder=tmp_path)
        assert (said.code, said.out) == (1, "")
        assert thumbprint(pair[0]) in said.err
        assert "compare the SHA-256" in said.err
        assert "--trust" in said.err
        impostor = next(Path(tmp_path, ".isthmus").rglob("rejected")) / "another [00].der"
        impostor.write_bytes(der(issue("impostor")))
        said = isthmus("browse", server.url, "--trust", folder=tmp_path)
        assert said.code == 0
        assert thumbprint(pair[0]) in said.err, "it says what is trusted from now on"
        assert impostor.exists(), "what another one showed long ago is not trusted with it"
        said = isthmus(
            *("browse", server.url, "--node", "ns=2;s=Line", "--add", "plant.yaml"),
            *("--equipment", "hall/line1/press"),
            folder=tmp_path,
        )
        assert (said.code, said.err) == (0, "")
        said = isthmus("check", "--probe", folder=tmp_path)
        assert (said.code, said.err) == (0, ""), "the site trusts what `browse` trusted"
        assert "values in" in said.out


@contextmanager
def publishing(folder):
    """A broker and one edge node that is born, and stays."""
    port = free_port()
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true"]
    broker = Broker(mosquitto_command(folder, lines), port, folder / "broker.log")
    broker.start()
    edge = subprocess.Popen(
        [sys.executable, "-c", EDGE, str(port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert edge.stdout.readline() == b"ready\n"
        yield broker
    finally:
        for process in (edge, broker.process):
            process.kill()
            process.communicate()


EDGE = """
import sys, time
import paho.mqtt.client as mqtt
from isthmus.connectors.sparkplug import schema
def payload(seq, names, born=False):
    body = schema.Payload(timestamp=int(time.time() * 1000), seq=seq)
    if born:
        body.metrics.add(name="bdSeq", datatype=8, long_value=0)
    for name, value in names:
        metric = body.metrics.add(name=name, datatype=10)
        metric.double_value = value
    return body.SerializeToString()
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="edge")
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_start()
def born(*_):
    client.publish("spBv1.0/riverside/NBIRTH/edge", payload(0, [], born=True), qos=0)
    client.publish(
        "spBv1.0/riverside/DBIRTH/edge/packer", payload(1, [("Speed", 3.5), ("Power", 4.5)])
    )
    client.publish("hall/packer/state", '{"speed": 3.5}', qos=1, retain=True)
client.on_message = born
client.subscribe("spBv1.0/riverside/NCMD/edge")
time.sleep(0.5)
born()
print("ready", flush=True)
seq = 1
while True:
    time.sleep(0.3)
    seq = (seq + 1) % 256
    client.publish("spBv1.0/riverside/DDATA/edge/packer", payload(seq, [("Speed", 3.6)]))
"""


def test_a_broker_tells_its_sparkplug_devices_and_its_topics(tmp_path):
    with publishing(tmp_path) as broker:
        said = isthmus(
            *("browse", broker.url, "--set", "group=riverside", "--set", "discover=2", "--json"),
            folder=tmp_path,
        )
        assert (said.code, said.err) == (0, "")
        found = {node["address"] for node in json.loads(said.out)}
        assert any("packer" in address and "Speed" in address for address in found)
        said = isthmus(
            *("browse", broker.url, "--kind", "mqtt", "--set", "discover=1", "--json"),
            folder=tmp_path,
        )
        assert (said.code, said.err) == (0, "")
        assert any("hall/packer/state" in node["address"] for node in json.loads(said.out))
