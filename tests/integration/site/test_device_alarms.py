"""Alarms of a device in the alarm list of a site, acknowledged on either side."""

from __future__ import annotations

import asyncio
import json

import pytest
from asyncua import Client, ua
from tests.integration.opcua.node_peer import needed, serving
from tests.integration.site.conftest import eventually, free_port
from tests.integration.site.test_alarms import isthmus

pytestmark = [pytest.mark.peer, pytest.mark.timeout(120), needed]

ALARM = "hall/line1/tank/overfull"
TANK = """
  tank-plc:
    kind: opcua
    url: URL
    security: none
    publish: 100 ms
    acknowledge: true
    events: conditions
    tags:
      hall/line1/tank/overfull: {node: "nsu=urn:acme:node;s=Line.Tank", condition: Overfull}
"""
TYPE = """types:
  Tank:
    tags: {overfull: {kind: boolean}}
    alarms: {overfull: {when: overfull, priority: high, advice: close the valve}}
"""


@pytest.fixture
def tank(tmp_path_factory):
    with serving(free_port(), tmp_path_factory.mktemp("node")) as running:
        yield running


@pytest.fixture
def site(make_site, tank):
    made = make_site(TANK.replace("URL", tank.url).lstrip("\n"))
    text = made.plant.read_text().replace("types:\n", TYPE)
    logger = "        logger: {type: Logger}\n"
    made.plant.write_text(text.replace(logger, logger + "        tank: {type: Tank}\n"))
    made.start()
    eventually(lambda: standing(made)["judged"])
    return made


def standing(site):
    return next(each for each in isthmus(site, "list", "--all")["alarms"] if each["path"] == ALARM)


def told(site):
    rows = site.sql("select path, data from events where kind = 'condition' order by time")
    return [(row["path"], json.loads(row["data"])) for row in rows]


async def acknowledged_there(url, comment):
    """Acknowledge the condition as a panel at the device would."""
    async with Client(url) as client:
        space = await client.get_namespace_index("urn:acme:node")
        tank = client.get_node(ua.NodeId("Line.Tank", space))
        (alarm,) = [
            node
            for node in await tank.get_children()
            if (await node.read_browse_name()).Name == "Overfull"
        ]
        event = await (await alarm.get_child("0:EventId")).read_value()
        await alarm.call_method("0:Acknowledge", event, ua.LocalizedText(comment))


def test_it_is_an_alarm_of_the_site_and_is_acknowledged_on_either_side(site, tank):
    assert standing(site)["state"] == "normal"
    tank.put(Level=[97, "Double"])
    eventually(lambda: standing(site)["state"] == "unacknowledged")
    isthmus(site, "ack", ALARM, "--note", "on my way")
    there = eventually(lambda: [data for _, data in told(site) if data["acknowledged"]])
    assert there[0]["comment"] == "owner: on my way"
    tank.put(Level=[50, "Double"])
    eventually(lambda: standing(site)["state"] == "normal")

    tank.put(Level=[99, "Double"])
    eventually(lambda: standing(site)["state"] == "unacknowledged")
    asyncio.run(acknowledged_there(tank.url, "seen at the panel"))
    seen = eventually(lambda: (one := standing(site))["state"] == "acknowledged" and one)
    assert seen["by"].endswith("at the device")
    assert seen["reason"] == "seen at the panel"
    assert {path for path, _ in told(site)} == {ALARM}


def test_a_device_that_is_gone_and_does_not_know_of_it_is_told(site, tank):
    tank.put(Level=[97, "Double"])
    eventually(lambda: standing(site)["state"] == "unacknowledged")
    tank.process.kill()
    isthmus(site, "ack", ALARM, "--note", "on my way")
    query = "select path, text from events where kind = 'acknowledge-failed'"
    (said,) = eventually(lambda: site.sql(query))
    assert said["path"] == ALARM
    assert said["text"].startswith(f"{ALARM} is acknowledged here, and not at tank-plc: ")
    assert standing(site)["state"] == "acknowledged"
