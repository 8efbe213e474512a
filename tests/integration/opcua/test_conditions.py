"""Alarms of servers: those of node-opcua, which keep their own states, and those of asyncua."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from tests.integration.opcua.node_peer import needed, serving

from isthmus.connectors.opcua import OpcUaAddress
from isthmus.demo.moment import Moment
from isthmus.demo.opcua import OpcUaPlc
from isthmus.demo.signal import PATHS
from isthmus.model.errors import ProtocolError
from isthmus.model.event import Action
from isthmus.model.ports import Acknowledges, Binding
from isthmus.model.sample import Nanoseconds, Status, TagId
from isthmus.model.state import Cause
from isthmus.model.tag import Kind, Tag

UNIT = "packaging/line1/palletiser"
NODE = "nsu=urn:acme:node;s=Line.Tank"
STOCK = "isthmus.connectors.opcua.session.hooks_fit"


def condition(number, name, node=NODE, kind=Kind.BOOLEAN):
    address = OpcUaAddress(node=node, condition=name)
    return Binding(TagId(number), Tag(f"line/{name.lower()}", kind=kind), address)


@pytest.fixture(scope="module")
def peer(opcua, tmp_path_factory):
    with serving(opcua.free_port(), tmp_path_factory.mktemp("node")) as running:
        yield running


@pytest.fixture(scope="module")
def refreshing(opcua):
    with opcua.serving(refreshes=True) as running:
        yield running


@pytest.fixture
def server(refreshing):
    """Nothing stands at it."""
    for name in ("Jam", "Fault"):
        over = {"name": name, "active": False, "acked": True, "retain": False}
        refreshing.put(alarm=[over, ""])
    return refreshing


class Ear:
    """What a link says: the last value and quality by tag, all events, and how often it spoke."""

    def __init__(self, link):
        self.link, self.values, self.events = link, {}, []

    async def listen(self):
        async for reading in self.link.listen():
            batch = reading.batch
            columns = (batch.tag.tolist(), batch.value.tolist(), batch.quality.tolist())
            rows = zip(*columns, strict=True)
            self.values |= {tag: (value, quality) for tag, value, quality in rows}
            self.events += reading.events

    async def until(self, holds):
        async with asyncio.timeout(10):
            while not holds(self):
                await asyncio.sleep(0.01)


@asynccontextmanager
async def heard(link):
    await link.open()
    ear = Ear(link)
    listening = asyncio.create_task(ear.listen())
    try:
        yield ear
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await link.close()


def is_(**wanted):
    return lambda event: all(event.data[key] == value for key, value in wanted.items())


@pytest.mark.peer
@needed
@pytest.mark.parametrize("raw", [True, False])
def test_a_condition_is_on_while_it_is_active(peer, opcua, tmp_path, monkeypatch, raw):
    if not raw:
        monkeypatch.setattr(STOCK, lambda _: False)
    peer.put(Level=[50, "Double"])
    bound = [condition(1, "Overfull"), condition(2, "Empty"), condition(3, "Absent")]

    async def run():
        async with heard(opcua.linked(peer.url, bound, tmp_path)) as ear:
            assert ear.link.session.raw is raw
            await ear.until(lambda ear: ear.values == dict.fromkeys((1, 2, 3), (0.0, 0)))
            await asyncio.to_thread(peer.put, Level=[97, "Double"])
            await ear.until(lambda ear: ear.values[1] == (1.0, 0))
            await asyncio.to_thread(peer.put, Level=[3, "Double"])
            await ear.until(lambda ear: (ear.values[1], ear.values[2]) == ((0.0, 0), (1.0, 0)))
            await ear.until(lambda ear: any(map(is_(condition="Empty"), ear.events)))
            counts = ear.link.counts()
        return ear, counts

    ear, counts = asyncio.run(run())
    raised = next(event for event in ear.events if is_(condition="Overfull", active=True)(event))
    assert (raised.kind, raised.path) == ("condition", "line/overfull")
    assert raised.text.startswith("Condition is 97")
    assert raised.data["source"] == "1:Tank"
    assert ear.values[3] == (0.0, 0)  # the refresh did not tell it
    assert counts["events_undecoded"] == 0
    assert counts["events"] > counts["refreshes"] == 1


@pytest.mark.peer
@needed
def test_it_is_acknowledged_at_the_server_once(peer, opcua, tmp_path):
    peer.put(Level=[50, "Double"])
    bound = [condition(1, "Overfull")]

    async def run(*, allowed):
        async with heard(opcua.linked(peer.url, bound, tmp_path, acknowledge=allowed)) as ear:
            assert isinstance(ear.link, Acknowledges)
            await asyncio.to_thread(peer.put, Level=[99, "Double"])
            await ear.until(lambda ear: ear.values.get(1) == (1.0, 0) and ear.events)
            if not allowed:
                return list(ear.link.acknowledgeable), []
            answers = [await ear.link.acknowledge(TagId(1), "owner: on my way")]
            seen = is_(acknowledged=True, active=True)
            await ear.until(lambda ear: any(map(seen, ear.events)))
            answers.append(await ear.link.acknowledge(TagId(1), "again"))
            said = next(event for event in ear.events if seen(event))
            assert said.data["comment"] == "owner: on my way"
            return list(ear.link.acknowledgeable), answers

    assert asyncio.run(run(allowed=False)) == ([], [])
    peer.put(Level=[50, "Double"])
    assert asyncio.run(run(allowed=True)) == ([1], [True, False])


@pytest.mark.peer
@needed
def test_what_was_heard_is_not_told_again_and_what_is_forgotten_is_uncertain(peer, opcua, tmp_path):
    """node-opcua retains no condition that was acknowledged, though it is still active."""
    peer.put(Level=[50, "Double"])
    bound = [condition(1, "Overfull")]

    async def run():
        async with heard(opcua.linked(peer.url, bound, tmp_path, acknowledge=True)) as first:
            await asyncio.to_thread(peer.put, Level=[99, "Double"])
            await first.until(lambda ear: ear.values.get(1) == (1.0, 0) and ear.events)
        async with heard(opcua.linked(peer.url, bound, tmp_path, acknowledge=True)) as again:
            await again.until(lambda ear: ear.values.get(1) == (1.0, 0))
            await again.link.acknowledge(TagId(1), "seen")
            await again.until(lambda ear: any(map(is_(acknowledged=True), ear.events)))
        async with heard(opcua.linked(peer.url, bound, tmp_path)) as third:
            await third.until(lambda ear: 1 in ear.values)
        return again, third

    again, third = asyncio.run(run())
    assert [event.data["acknowledged"] for event in again.events if event.data["active"]] == [True]
    assert third.values[1] == (1.0, Status.UNCERTAIN_LAST_USABLE_VALUE)
    assert not [event for event in third.events if event.data["active"]]


@pytest.mark.peer
@needed
def test_the_events_of_a_server_are_kept_as_far_as_they_are_wanted(peer, opcua, tmp_path):
    peer.put(Level=[50, "Double"])

    async def run(folder, **given):
        folder.mkdir()
        async with heard(opcua.linked(peer.url, [], folder, **given)) as ear:
            await asyncio.to_thread(peer.put, Level=[99, "Double"])
            await asyncio.to_thread(peer.put, Level=[50, "Double"])
            await ear.until(lambda ear: ear.link.conditions.counts["events"] >= 3)
            await asyncio.sleep(0.2)
        return ear.events

    told = asyncio.run(run(tmp_path / "all", events="conditions"))
    assert {event.path for event in told} == {"line"}  # the connection
    assert any(map(is_(condition="Overfull", active=True), told))
    some = asyncio.run(run(tmp_path / "severe", events="conditions", severity=100))
    assert {event.data["active"] for event in some} == {True}


def test_quality_and_whether_it_is_enabled_are_those_of_the_condition(server, opcua, tmp_path):
    bound = [condition(1, "Jam", "ns=2;s=Line"), condition(2, "Fault", "ns=2;s=Line.Fault")]
    on = {"active": True, "acked": False, "retain": True}

    async def run():
        told = []
        async with heard(opcua.linked(server.url, bound, tmp_path)) as ear:
            await ear.until(lambda ear: ear.values == dict.fromkeys((1, 2), (0.0, 0)))
            for more in ({}, {"quality": 0x4000_0000}, {"enabled": False}):
                await asyncio.to_thread(server.put, alarm=[{"name": "Jam", **on, **more}, ""])
                size = len(told) + 1
                await ear.until(lambda ear, size=size: len(ear.events) == size)
                told.append(ear.values[1])
            await asyncio.to_thread(server.put, alarm=[{"name": "Fault", **on}, ""])
            await ear.until(lambda ear: ear.values[2] == (1.0, 0))  # named by its own node
        return told

    assert asyncio.run(run()) == [
        (1.0, 0),
        (1.0, 0x4000_0000),
        (1.0, Status.BAD_OUT_OF_SERVICE),
    ]


def test_a_server_that_cannot_refresh_leaves_unknown_what_it_has_not_told(opcua, tmp_path):
    standing = {"name": "Jam", "active": True, "acked": False, "retain": True}

    async def run(url, put):
        bound = [condition(1, "Jam", "ns=2;s=Line"), condition(2, "Fault", "ns=2;s=Line")]
        async with heard(opcua.linked(url, bound, tmp_path)) as ear:
            await asyncio.to_thread(put, alarm=[standing, ""])
            await ear.until(lambda ear: ear.values)
            return ear.values, ear.link.counts()["unrefreshed"]

    with opcua.serving() as running:
        assert asyncio.run(run(running.url, running.put)) == ({1: (1.0, 0)}, 1)


def test_a_refresh_tells_what_stood_before_we_came(server, opcua, tmp_path):
    standing = {"name": "Jam", "active": True, "acked": False, "retain": True}
    server.put(alarm=[standing, ""])

    async def run():
        bound = [condition(1, "Jam", "ns=2;s=Line"), condition(2, "Fault", "ns=2;s=Line")]
        async with heard(opcua.linked(server.url, bound, tmp_path)) as ear:
            await ear.until(lambda ear: ear.values == {1: (1.0, 0), 2: (0.0, 0)})
            await ear.until(lambda ear: ear.events)
        return ear.events

    (event,) = asyncio.run(run())
    assert (event.path, event.severity, event.data["active"]) == ("line/jam", 700, True)


@pytest.mark.parametrize("raw", [True, False])
def test_a_server_that_lost_events_is_asked_again(server, opcua, tmp_path, monkeypatch, raw):
    if not raw:
        monkeypatch.setattr(STOCK, lambda _: False)
    monkeypatch.setattr("isthmus.connectors.opcua.condition.AGAIN", 0.1)
    monkeypatch.setattr("isthmus.connectors.opcua.subscribe.KEEP_ALIVE", 0.5)

    bound = [condition(1, "Jam", "ns=2;s=Line")]

    async def run():
        async with heard(opcua.linked(server.url, bound, tmp_path)) as ear:
            await ear.until(lambda ear: ear.values == {1: (0.0, 0)})
            await asyncio.to_thread(server.put, alarm=[{"lost": True}, ""])
            await ear.until(lambda ear: ear.link.counts()["refreshes"] == 2)
            return ear.link.counts()["overflows"]

    assert asyncio.run(run()) == 1


def test_what_a_condition_is_not(server, opcua, tmp_path):
    bound = [condition(1, "Jam", "ns=2;s=Line", Kind.TEXT), condition(2, "Jam", "ns=2;s=Line")]

    async def run():
        async with heard(opcua.linked(server.url, bound, tmp_path)) as ear:
            await ear.until(lambda ear: len(ear.values) == 2)
            with pytest.raises(ProtocolError, match="is a condition") as caught:
                await ear.link.write(Action(TagId(2), 1.0, "test", "test"))
            with pytest.raises(ProtocolError, match="told by events"):
                await ear.link.read_back(TagId(2))
            standing = {"name": "Jam", "active": True, "acked": False, "retain": True}
            await asyncio.to_thread(server.put, alarm=[standing, ""])
            await ear.until(lambda ear: ear.values[2] == (1.0, 0))
            with pytest.raises(ProtocolError, match="acknowledging Jam of Line: BadNodeIdInvalid"):
                await ear.link.acknowledge(TagId(2), "it is no node of this server")
        return ear.values, caught.value

    values, error = asyncio.run(run())
    assert values[1][1] == Status.BAD_TYPE_MISMATCH
    assert error.hint == "conditions are acknowledged, not written"
    with pytest.raises(ValueError, match="need `mode: subscribe`"):
        opcua.linked(server.url, [], tmp_path, mode="poll", events="all")


def test_the_demonstration_has_a_plc_with_an_alarm_of_its_own(opcua, tmp_path):
    """The same link as a plant's, over everything signed and encrypted."""
    plc = OpcUaPlc(UNIT, "Palletiser", opcua.free_port(), tmp_path / "pki")
    bound = [condition(1, "DriveFault", "ns=2;s=Palletiser")]
    given = {"security": "sign-and-encrypt", "timeout": 10, "acknowledge": True}
    numbers = [0.0] * len(PATHS)

    def moment(cause, second):
        numbers[PATHS.index(f"{UNIT}/cause")] = float(cause)
        return Moment(Nanoseconds(1_790_000_000_000_000_000 + second * 10**9), numbers, {})

    async def run():
        await plc.start(moment(Cause.NONE, 0))
        given["server_certificate"] = plc.certificate
        async with heard(opcua.linked(plc.url, bound, tmp_path, **given)) as ear:
            await ear.until(lambda ear: ear.values == {1: (0.0, 0)})
            await plc.show(moment(Cause.BREAKDOWN, 5))
            await ear.until(lambda ear: ear.values == {1: (1.0, 0)})
            assert await ear.link.acknowledge(TagId(1), "anna: on my way")
            await ear.until(lambda ear: ear.events[-1].data["comment"] == "anna: on my way")
            await plc.show(moment(Cause.NONE, 60))
            await ear.until(lambda ear: ear.values == {1: (0.0, 0)})
        await plc.stop()
        return ear.events

    raised, acknowledged, over = asyncio.run(run())
    assert (raised.text, raised.time) == ("fault of the lift's drive", moment(0, 5).time)
    assert acknowledged.data["acknowledged"]
    assert not over.data["active"]
