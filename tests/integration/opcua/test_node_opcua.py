"""Against the OPC UA server of npm's node-opcua, which shares no line of code with asyncua."""

from __future__ import annotations

import asyncio
import math
import os
import signal

import pytest
from tests.integration.opcua.node_peer import needed, serving

from isthmus.model.errors import AuthError, LinkError
from isthmus.model.event import Action
from isthmus.model.sample import Status, TagId

pytestmark = [pytest.mark.peer, needed]

NAMES = ("Speed", "Count", "Big", "Running", "Ratio", "Levels", "Batch", "When", "Name", "Missing")
TEXTS = ("Batch", "When", "Name")


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return tmp_path_factory.mktemp("node")


@pytest.fixture(scope="module")
def peer(opcua, pki):
    with serving(opcua.free_port(), pki) as running:
        yield running


def tags(opcua, names=NAMES):
    nodes = {name: f"nsu=urn:acme:node;s=Line.{name}" for name in names}
    return opcua.bound(
        *nodes.values(),
        text=tuple(nodes[name] for name in TEXTS if name in nodes),
        index={nodes["Levels"]: 2} if "Levels" in nodes else None,
    )


EXPECTED = {10: 12.5, 11: 7.0, 12: 9007199.0, 13: 1.0, 14: 0.5, 15: 3.0}
WORDS = ["B-1", "2026-01-02T03:04:05.678000Z", "Füller"]


def test_every_type_by_subscription(peer, opcua, tmp_path):
    async def run():
        link = opcua.linked(peer.url, tags(opcua), tmp_path)
        await link.open()
        assert link.session.limits.read == 7
        values, events = await opcua.gathered(link, len(NAMES))
        await link.close()
        return values, events

    peer.put(Speed=[12.5, "Double"], Count=[7, "Int32"])
    values, events = asyncio.run(run())
    assert {tag: values[tag] for tag in EXPECTED} == {tag: (v, 0) for tag, v in EXPECTED.items()}
    assert values[19][1] == Status.BAD_NODE_ID_UNKNOWN
    assert sorted(event.text for event in events) == sorted(WORDS)


def test_every_type_by_polling_in_chunks(peer, opcua, tmp_path):
    async def run():
        link = opcua.linked(peer.url, tags(opcua), tmp_path, mode="poll")
        await link.open()
        reading = await link.read()
        assert link.counts()["notifications"] == 2
        await link.close()
        return reading

    peer.put(Speed=[12.5, "Double"], Count=[7, "Int32"])
    reading = asyncio.run(run())
    values = dict(zip(reading.batch.tag.tolist(), reading.batch.value.tolist(), strict=True))
    assert {tag: values[tag] for tag in EXPECTED} == EXPECTED
    assert math.isnan(values[19])
    assert [event.text for event in reading.events] == WORDS


def test_a_bad_status_and_an_overflow_are_passed_on_and_counted(peer, opcua, tmp_path):
    async def run():
        link = opcua.linked(
            peer.url, tags(opcua, ("Speed",)), tmp_path, sampling=0, queue=3, publish=0.5
        )
        await link.open()
        readings = link.listen()
        await anext(readings)
        await asyncio.to_thread(peer.put, Speed=["BadSensorFailure", "status"])
        bad = (await anext(readings)).batch
        await asyncio.to_thread(peer.put, Speed=[20, "burst"])
        burst = []
        while not burst or burst[-1] != 19:
            burst += (await anext(readings)).batch.value.tolist()
        counts = link.counts()
        await readings.aclose()
        await link.close()
        return bad, burst, counts

    bad, burst, counts = asyncio.run(run())
    assert bad.quality[-1] == Status.BAD_SENSOR_FAILURE
    assert burst == sorted(set(burst))  # which of them were lost is the server's timer's affair
    assert len(burst) < 20
    assert counts["dropped"] >= 1
    peer.put(Speed=[12.5, "Double"])


def test_browsing_shows_types_units_and_what_may_be_written(peer, opcua, tmp_path):
    async def run():
        link = opcua.linked(peer.url, [], tmp_path)
        await link.open()
        root = await link.browse()
        (line,) = [node for node in root if node.name == "Line"]
        children = await link.browse(line.address)
        await link.close()
        return {node.name: node for node in children}

    found = asyncio.run(run())
    assert found["Speed"].data_type == "Double"
    assert found["Speed"].description == "bottles a minute"
    assert found["Speed"].writable
    assert not found["Fixed"].writable
    assert (found["Flow"].unit, found["Flow"].value) == ("l/h", "4.5")
    assert {"Speed", "Count", "Running", "Fixed", "Flow"} <= found.keys()
    assert len(found) == 12, "ten variables, an analogue item, the tank with its alarms"


@pytest.mark.parametrize(("name", "value"), [("Speed", 33.5), ("Count", -3), ("Ratio", 0.1)])
def test_writing_and_one_element_of_an_array(peer, opcua, tmp_path, name, value):
    async def run():
        link = opcua.linked(peer.url, tags(opcua), tmp_path, mode="poll")
        await link.open()
        place = NAMES.index(name)
        await link.write(Action(TagId(10 + place), value, "test", "test"))
        written = (await link.read()).batch.value[place]
        await link.close()
        return written

    assert asyncio.run(run()) == pytest.approx(value)
    peer.put(Speed=[12.5, "Double"], Count=[7, "Int32"], Ratio=[0.5, "Float"])


def test_a_secured_session_with_password(peer, opcua, pki, tmp_path):
    given = {"security": "sign-and-encrypt", "user": "operator", "timeout": 10}

    async def run(password):
        link = opcua.linked(peer.url, tags(opcua), tmp_path, **given, password=password)
        try:
            await link.open()
            values, _ = await opcua.gathered(link, len(NAMES))
            return values
        finally:
            await link.close()

    with pytest.raises(AuthError, match="is unknown"):
        asyncio.run(run("right"))
    (kept,) = (tmp_path / "pki/rejected").iterdir()
    kept.rename(tmp_path / "pki/trusted/certs" / kept.name)
    assert asyncio.run(run("right"))[10] == (12.5, 0)
    with pytest.raises(AuthError, match="Bad"):
        asyncio.run(run("wrong"))


@pytest.mark.chaos
def test_a_restart_is_a_lost_link_and_opens_again(peer, opcua, pki, tmp_path):
    """Last of this file: it ends the server that the others share."""

    async def listen(link):
        async with asyncio.timeout(15):
            async for _ in link.listen():
                pass

    async def run():
        link = opcua.linked(peer.url, tags(opcua), tmp_path)
        await link.open()
        values, _ = await opcua.gathered(link, len(NAMES))
        os.kill(peer.process.pid, signal.SIGKILL)
        with pytest.raises(LinkError):
            await listen(link)
        await link.close()
        with serving(peer.port, pki):
            await link.open()
            again, _ = await opcua.gathered(link, len(NAMES))
            await link.close()
        assert values[10] == again[10] == (12.5, 0)

    asyncio.run(run())
