"""What every connector owes the runtime, asked of all of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from importlib.metadata import entry_points

import numpy as np
import psutil
import pytest
from pydantic import ValidationError
from tests.ports.peers import COUNT, PEERS, SPEED, VALUES, now

from isthmus.model.errors import IsthmusError, LinkError
from isthmus.model.event import Action
from isthmus.model.ports import Browse, Counts, Node, Reading, SourceConfig, Subscription, Writer
from isthmus.model.sample import Batch, Status, TagId

KINDS = sorted({kind.kind for kind, _ in PEERS.values()})
PATIENCE = 30  # seconds, for a machine that does much else


@pytest.fixture(params=PEERS)
def still(request, tmp_path):
    """A peer of the test's own, that does not run yet."""
    kind, more = PEERS[request.param]
    made = kind(tmp_path).seen(tmp_path / "state", more)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Starts peers for those tests that leave them alive; each kind once."""
    started = {}

    def find(kind):
        if kind not in started:
            started[kind] = kind(tmp_path_factory.mktemp("peer"))
            started[kind].start()
        return started[kind]

    yield find
    for one in started.values():
        one.stop()


@pytest.fixture(params=PEERS)
def peer(request, running, tmp_path):
    """A running peer, to which nothing of another test is bound."""
    kind, more = PEERS[request.param]
    return running(kind).seen(tmp_path / "state", more)


@contextlib.asynccontextmanager
async def opened(source):
    await source.open()
    try:
        yield source
    finally:
        await source.close()


async def hear(source, peer, done):
    """Read or listen until `done(latest)`; `latest` maps tag to (time, value, quality)."""
    latest: dict[int, tuple[int, float, int]] = {}
    readings: list[Reading] = []

    def take(reading):
        readings.append(reading)
        batch = reading.batch
        rows = zip(batch.tag, batch.time, batch.value, batch.quality, strict=True)
        latest.update({int(t): (int(at), float(v), int(q)) for t, at, v, q in rows})

    async with asyncio.timeout(PATIENCE):
        if not isinstance(source, Subscription):
            while not done(latest):
                take(await source.read())
            return latest, readings
        async with contextlib.aclosing(source.listen()) as listening:
            spoken = asyncio.create_task(speak(peer))
            try:
                while not done(latest):
                    take(await anext(listening))
            finally:
                spoken.cancel()
                await asyncio.gather(spoken, return_exceptions=True)
    return latest, readings


async def speak(peer):
    """Say it again until it was heard: who subscribes may not be there yet."""
    while True:
        await asyncio.to_thread(peer.speak)
        await asyncio.sleep(0.5)


async def ask(source):
    """Read once, or wait for one thing said."""
    async with asyncio.timeout(PATIENCE):
        if not isinstance(source, Subscription):
            return await source.read()
        async with contextlib.aclosing(source.listen()) as listening:
            return await anext(listening)


async def loses(source):
    """Ask until the link is lost; returns the error. The runtime, too, asks again and again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await ask(source)
            except LinkError as error:
                return error


def good(latest):
    return {tag: v for tag, (_, v, quality) in latest.items() if quality == Status.GOOD} == VALUES


# -------------------------------------------------------------------- what it says of itself


@pytest.mark.parametrize("kind", KINDS)
class TestDescription:
    def of(self, kind):
        (found,) = entry_points(group="isthmus.sources", name=kind)
        return found.load()

    def test_is_a_documented_configuration(self, kind):
        config = self.of(kind)
        assert issubclass(config, SourceConfig)
        assert config.__doc__
        assert config.model_fields["kind"].default == kind
        for part in (config, config.address):
            assert part.__doc__
            for name, field in part.model_fields.items():
                if name == "kind":
                    continue
                assert field.description, f"{part.__name__}.{name} has no description"
                assert field.description.endswith("."), f"{part.__name__}.{name}"
                assert not field.is_required() or field.examples or name == "name", (
                    f"{part.__name__}.{name} is required and has no example"
                )

    def test_gives_editors_a_schema(self, kind):
        for part in (self.of(kind), self.of(kind).address):
            assert json.loads(json.dumps(part.model_json_schema()))["type"] == "object"

    def test_an_unknown_setting_is_a_mistake(self, kind):
        for part in (self.of(kind), self.of(kind).address):
            with pytest.raises(ValidationError, match="no_such_setting"):
                part.model_validate({"no_such_setting": 1})


def test_every_installed_connector_is_in_this_suite():
    installed = {entry.name for entry in entry_points(group="isthmus.sources")}
    assert set(KINDS) == installed


def test_says_where_it_is_and_how_its_wire_is_protected(still):
    config = still.config()
    assert "://" in config.endpoint
    assert config.wire


def test_building_does_nothing_yet(still):
    before = psutil.Process().num_fds()
    source = still.source()  # the peer does not run
    assert psutil.Process().num_fds() == before
    assert not isinstance(source, Counts) or all(n == 0 for n in source.counts().values())


# -------------------------------------------------------------------- life


def test_values_arrive_in_columns_with_their_ids_times_and_quality(peer):
    async def run():
        before = now()
        async with opened(peer.source()) as source:
            latest, readings = await hear(source, peer, good)
        assert latest.keys() == VALUES.keys()
        for reading in readings:
            batch = reading.batch
            assert isinstance(batch, Batch)
            kinds = [column.dtype for column in (batch.tag, batch.time, batch.value, batch.quality)]
            assert kinds == [np.int32, np.int64, np.float64, np.uint32]
            assert len({len(batch.tag), len(batch.time), len(batch.value), len(batch.quality)}) == 1
            assert set(batch.tag.tolist()) <= {SPEED, COUNT}
            assert np.isfinite(batch.value[batch.quality < Status.UNCERTAIN]).all()
            assert isinstance(reading.events, tuple)
        hour = 3600 * 10**9
        assert all(before - hour < at < now() + hour for at, *_ in latest.values())

    asyncio.run(run())


def test_a_tag_that_the_peer_lacks_is_bad_and_the_others_are_not(peer):
    if peer.absent is None:
        assert peer.kind in {"mqtt", "sparkplug", "files"}  # there, what is lacking is just silent
        return

    async def run():
        async with opened(peer.source(absent=True)) as source:
            latest, _ = await hear(source, peer, lambda found: len(found) == 3)
        assert latest[20][2] >= Status.BAD
        assert {tag: latest[tag][1] for tag in VALUES} == VALUES
        assert latest[SPEED][2] == latest[COUNT][2] == Status.GOOD

    asyncio.run(run())


def test_opening_and_closing_twice_is_once(peer):
    async def run():
        source = peer.source()
        await source.close()
        await source.open()
        once = wires(peer)
        await source.open()
        assert wires(peer) == once
        await hear(source, peer, good)
        await source.close()
        await source.close()

    asyncio.run(run())


def test_an_absent_peer_is_a_link_error_with_advice(still):
    async def run():
        source = still.source()
        for _ in range(2):
            with pytest.raises(LinkError) as caught:
                async with asyncio.timeout(PATIENCE):
                    await source.open()
            assert caught.value.hint
            assert str(caught.value)[0].islower()
        await source.close()
        await source.close()

    asyncio.run(run())


def test_asking_a_closed_link_is_a_link_error(peer):
    async def run():
        source = peer.source()
        await source.open()
        await source.close()
        with pytest.raises(LinkError):
            await ask(source)

    asyncio.run(run())


@pytest.mark.chaos
def test_a_peer_that_dies_is_a_lost_link_and_one_that_returns_is_found(still):
    async def run():
        await asyncio.to_thread(still.start)
        source = still.source()
        await source.open()
        await hear(source, still, good)
        await asyncio.to_thread(still.stop)
        error = await loses(source)
        assert str(error)[0].islower()
        await source.close()
        with pytest.raises(LinkError):
            await source.open()
        await asyncio.to_thread(still.start)
        async with opened(source):
            await hear(source, still, good)
        async with opened(still.source()) as fresh:
            await hear(fresh, still, good)

    asyncio.run(run())


def test_nothing_is_left_behind(peer):
    async def run():
        async with opened(peer.source()) as source:
            await hear(source, peer, good)

    async def counted():
        await asyncio.to_thread(lambda: None)  # the loop's thread pool is there from now on
        tasks, sockets = len(asyncio.all_tasks()), wires(peer)
        for _ in range(3):
            await run()
        for _ in range(100):  # what closes, closes in the loop's next rounds
            if len(asyncio.all_tasks()) == tasks and wires(peer) <= sockets:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"left: {asyncio.all_tasks()}, {wires(peer)} sockets")

    asyncio.run(counted())


def wires(peer):
    """How many sockets of ours lead to the peer."""
    found = psutil.Process().net_connections("inet")
    return sum(1 for one in found if one.raddr and one.raddr.port == peer.port)


def test_cancelling_whoever_waits_leaves_a_link_that_can_be_closed(peer):
    async def run():
        source = peer.source()
        await source.open()
        waiting = asyncio.create_task(forever(source))
        await asyncio.sleep(0.3)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(PATIENCE):
                await waiting
        await source.close()
        await source.open()
        await hear(source, peer, good)
        await source.close()

    async def forever(source):
        while True:
            await ask(source)

    asyncio.run(run())


def test_closing_wakes_whoever_waits(peer):
    async def run():
        source = peer.source()
        await source.open()
        waiting = asyncio.create_task(loses(source))
        await asyncio.sleep(0.3)
        await source.close()
        async with asyncio.timeout(PATIENCE):
            await waiting

    asyncio.run(run())


# -------------------------------------------------------------------- optional powers


def test_counts_are_totals_by_kind(peer):
    async def run():
        async with opened(peer.source()) as source:
            await hear(source, peer, good)
            if isinstance(source, Counts):
                for kind, total in source.counts().items():
                    assert kind.isidentifier()
                    assert total >= 0

    asyncio.run(run())


def test_what_browsing_finds_can_be_written_into_the_plant_file(peer):
    async def run():
        more = {"discover": 1.5} if "discover" in peer.type.model_fields else {}
        async with opened(peer.source(**more)) as source:
            if not isinstance(source, Browse):
                assert peer.kind in {"modbus", "files"}  # nothing there can tell what it has
                return
            speaking = asyncio.create_task(speak(peer))
            try:
                async with asyncio.timeout(PATIENCE):
                    found = list(await source.browse())
                    assert 0 < len(await source.browse(limit=1)) <= 1
                    for folder in [node for node in found if node.kind == "folder"]:
                        found += await source.browse(folder.address)
            finally:
                speaking.cancel()
                await asyncio.gather(speaking, return_exceptions=True)
        assert all(isinstance(node, Node) for node in found)
        variables = [node for node in found if node.kind == "variable"]
        assert variables
        for node in variables:
            assert peer.type.address.parse(node.address)

    asyncio.run(run())


def test_writing_what_is_not_there_is_an_error_of_ours(peer):
    async def run():
        async with opened(peer.source()) as source:
            if not isinstance(source, Writer):
                assert peer.kind == "files"
                return
            with pytest.raises(IsthmusError):
                await source.write(Action(TagId(999), 1.0, "a test", "test"))

    asyncio.run(run())
