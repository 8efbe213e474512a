"""Probing and browsing beside a site that runs: nothing of it disturbs the site."""

from __future__ import annotations

import json
import threading
import time

import paho.mqtt.client as mqtt
import pytest
from tests.integration.cli.conftest import isthmus
from tests.integration.mqtt.conftest import Broker, mosquitto_command
from tests.integration.site.conftest import Site, eventually, free_port

pytestmark = pytest.mark.timeout(120)

PLANT = """\
isthmus: 1
enterprise: acme
site: riverside
equipment:
  hall:
    line1:
      units:
        press: {{tags: {{force: {{}}}}}}
        packer: {{tags: {{speed: {{}}}}}}
        logger: {{tags: {{line: {{}}}}}}
connections:
  topics:
    kind: mqtt
    broker: {broker}
    client_id: isthmus-of-riverside
    discover: 1
    tags: {{hall/line1/press/force: hall/force}}
  edges:
    kind: sparkplug
    broker: {broker}
    group: riverside
    host_id: riverside-host
    discover: 1
    tags: {{hall/line1/packer/speed: edge/packer/Speed}}
  log:
    kind: files
    path: {folder}/log/*.log
    line: '(?P<time>\\S+) n=(?P<line>\\d+)'
    every: 100 ms
    tags: {{hall/line1/logger: "{{tag}}"}}
"""


@pytest.fixture
def broker(tmp_path):
    port = free_port()
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "max_queued_messages 0"]
    made = Broker(mosquitto_command(tmp_path, lines), port, tmp_path / "broker.log")
    made.start()
    yield made
    made.kill()


@pytest.fixture
def states(broker):
    """What is told of the host application, and a force ten times a second."""
    told = []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="witness")
    client.on_message = lambda *said: told.append(json.loads(said[2].payload)["online"])
    client.connect("127.0.0.1", broker.port)
    client.subscribe("spBv1.0/STATE/#")
    client.loop_start()
    ended = threading.Event()

    def press():
        while not ended.wait(0.1):
            client.publish("hall/force", f"{time.monotonic():.3f}")

    pressing = threading.Thread(target=press)
    pressing.start()
    yield told
    ended.set()
    pressing.join()
    client.loop_stop()
    client.disconnect()


def test_a_visit_leaves_the_running_site_alone(tmp_path, broker, states):
    site = Site(tmp_path)
    site.plant.write_text(PLANT.format(broker=broker.url, folder=tmp_path), encoding="utf-8")
    try:
        site.start()
        site.log.write(50)
        lines = "select count(*) as n from samples where path = 'hall/line1/logger/line'"
        eventually(lambda: site.sql(lines)[0]["n"] == 50)
        eventually(lambda: states == [True])
        said = isthmus(
            "check", site.plant, "--probe", "--json", "--data", site.data, folder=tmp_path
        )
        probes = {probe["connection"]: probe for probe in json.loads(said.out)["probes"]}
        assert {name: probe["error"] for name, probe in probes.items()} == dict.fromkeys(probes, "")
        assert probes["topics"]["heard"] == 1
        assert probes["log"]["heard"] == 50
        for name in ("topics", "edges"):
            said = isthmus("browse", name, "--data", site.data, folder=tmp_path)
            assert (said.code, said.err) == (0, "")
        site.log.write(50)
        eventually(lambda: site.sql(lines)[0]["n"] == 100)
        assert states == [True], "nobody was told that the host had gone"
        downs = site.sql("select count(*) as n from events where kind = 'link-down'")
        assert downs == [{"n": 0}]
        assert not [link for link in site.links().values() if link["state"] == "down"]
    finally:
        site.stop()
        site.close()
