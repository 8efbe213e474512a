"""What every bus promises, checked on the real server and on its twin in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from isthmus.bus.client import Bus
from isthmus.bus.memory import MemoryBus
from isthmus.bus.port import Ack, Backbone, BusState, StreamSettings
from isthmus.bus.server import Server
from isthmus.bus.settings import ServerSettings
from isthmus.model.errors import LinkError, StorageError

Opened = Callable[..., contextlib.AbstractAsyncContextManager[Backbone]]
STREAM = StreamSettings("S", ("s.>",))


@pytest.fixture(params=["memory", "nats"])
def opened(request, tmp_path: Path) -> Opened:
    @contextlib.asynccontextmanager
    async def memory(**options) -> AsyncIterator[Backbone]:
        bus: Backbone = MemoryBus(**options)
        yield bus
        await bus.close()

    @contextlib.asynccontextmanager
    async def nats(**options) -> AsyncIterator[Backbone]:
        server = Server(ServerSettings(tmp_path))
        await server.start()
        try:
            bus: Backbone = await Bus.connect(server.url, **options)
            yield bus
            await bus.close()
        finally:
            await server.stop()

    return {"memory": memory, "nats": nats}[request.param]


def run(opened: Opened, check, **options) -> None:
    async def main():
        async with asyncio.timeout(30), opened(**options) as bus:
            await check(bus)

    asyncio.run(main())


async def publish(bus: Backbone, count: int, begin: int = 0) -> None:
    publisher = await bus.publisher("S")
    for number in range(begin, begin + count):
        await publisher.publish("s.a", b"%d" % number)
    await publisher.flush()
    await publisher.close()


def test_sequences_count_from_one_and_readers_start_anywhere(opened):
    async def check(bus):
        assert (await bus.stream(STREAM)).last == 0
        await publish(bus, 50)
        info = await bus.info("S")
        assert (info.first, info.last, info.messages) == (1, 50, 50)
        assert info.epoch.startswith("S@")
        for start in (0, 1, 27, 50):
            read = []
            async for messages in bus.consume("S", start, batch=7):
                assert len(messages) <= 7
                read += messages
                if read[-1].seq == 50:
                    break
            assert [m.seq for m in read] == list(range(max(start, 1), 51))
            assert [int(m.data) + 1 for m in read] == [m.seq for m in read]
            assert all(m.subject == "s.a" and m.time > 0 and m.id for m in read)

    run(opened, check)


def test_a_reader_waits_for_what_comes(opened):
    async def check(bus):
        await bus.stream(STREAM)
        reader = bus.consume("S", 1)
        waiting = asyncio.ensure_future(anext(reader))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await publish(bus, 1)
        assert [m.data for m in await waiting] == [b"0"]

    run(opened, check)


def test_an_id_is_stored_once(opened):
    async def check(bus):
        await bus.stream(STREAM)
        publisher = await bus.publisher("S")
        acks = [await (await publisher.publish("s.a", b"1", id=name)) for name in "aab"]
        assert acks == [(1, False), (1, True), (2, False)]
        assert publisher.stats.duplicates == 1

    run(opened, check)


def test_what_is_told_again_says_nothing_of_what_waits_before_it(opened):
    """A process is killed when its stream is full; the next one tells the last message again."""

    async def check(bus):
        full = StreamSettings("S", ("s.>",), max_bytes=400)
        await bus.stream(full)
        before = await bus.publisher("S")
        await (await before.publish("s.a", b"told" * 50, id="told"))
        await before.close()
        publisher = await bus.publisher("S")
        first = await publisher.publish("s.a", b"new" * 100)
        async with asyncio.timeout(10):
            while publisher.stats.state is not BusState.FULL:
                await asyncio.sleep(0.01)
        again = await publisher.publish("s.a", b"told" * 50, id="told", alone=True)
        await asyncio.sleep(1.0)
        assert not first.done()
        await bus.stream(replace(full, max_bytes=4_000))
        await bus.purge("S", before=100)  # which lets the twin in memory try again
        async with asyncio.timeout(10):
            assert (await first, await again) == (Ack(2, False), Ack(1, True))
        assert (await bus.message("S", 2)).data == b"new" * 100

    run(opened, check)


def test_nothing_overtakes_what_waits_for_room_by_way_of_what_is_told_again(opened):
    async def check(bus):
        full = StreamSettings("S", ("s.>",), max_bytes=400)
        await bus.stream(full)
        publisher = await bus.publisher("S")
        told = [await publisher.publish("s.a", b"told", id="told", alone=True) for _ in range(2)]
        assert [await ack for ack in told] == [Ack(1, False), Ack(1, True)]
        acks = [
            await publisher.publish("s.a", data, id=name, alone=name == "told")
            for name, data in (("", b"large" * 100), ("told", b"told"), ("", b"small"))
        ]
        await asyncio.sleep(1.0)
        assert not any(ack.done() for ack in acks[::2])
        assert (await bus.info("S")).last == 1
        await bus.stream(replace(full, max_bytes=4_000))
        await bus.purge("S", before=100)  # which lets the twin in memory try again
        async with asyncio.timeout(10):
            assert [(await ack).seq for ack in acks] == [2, 1, 3]
        assert (await bus.message("S", 2)).data == b"large" * 100

    run(opened, check)


def test_a_purge_is_a_gap_for_a_reader_behind_it(opened):
    async def check(bus):
        await bus.stream(STREAM)
        await publish(bus, 10)
        await bus.purge("S", before=4)
        assert (await bus.info("S")).first == 4
        gaps = []
        messages = await anext(bus.consume("S", 2, on_gap=gaps.append))
        assert gaps == [(2, 3)]
        assert messages[0].seq == 4
        found = await bus.message("S", 5)
        assert (found.seq, found.data, found.subject) == (5, b"4", "s.a")
        assert found in messages
        assert await bus.message("S", 3) is await bus.message("S", 11) is None
        await bus.purge("S", before=100)  # the last stays: it tells where its writer was
        info = await bus.info("S")
        assert (info.first, info.last, info.messages) == (10, 10, 1)
        await bus.purge("S")
        await bus.purge("S", before=5)
        info = await bus.info("S")
        assert (info.first, info.last, info.messages) == (11, 10, 0)

    run(opened, check)


def test_the_oldest_is_discarded_where_it_shall_be(opened):
    async def check(bus):
        await bus.stream(StreamSettings("S", ("s.>",), max_bytes=2_000, discard="old"))
        await publish(bus, 100)
        info = await bus.info("S")
        assert info.first > 1
        assert info.last == 100
        assert info.bytes <= 2_000

    run(opened, check)


def test_full_is_a_state_and_nothing_is_lost(opened):
    told = []

    async def check(bus):
        await bus.stream(StreamSettings("S", ("s.>",), max_bytes=2_000))
        publisher = await bus.publisher("S", max_count=5)
        acks = []

        async def write():
            for number in range(60):
                acks.append(await publisher.publish("s.a", b"%d" % number))

        writing = asyncio.ensure_future(write())
        while bus.state is not BusState.FULL:
            await asyncio.sleep(0.01)
        assert publisher.stats.in_flight <= 5
        assert not writing.done()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(publisher.publish("s.a", b"given up"), 0.05)
        read = []
        async for messages in bus.consume("S", 1):
            read += [int(m.data) for m in messages]
            await bus.purge("S", before=messages[-1].seq + 1)
            if len(read) == 60:
                break
        await writing
        await publisher.flush()
        assert read == list(range(60))
        assert publisher.stats.errors > 0
        assert publisher.stats.rejected == 0

    run(opened, check, on_state=lambda state, why: told.append(state))
    assert told[:3] == [BusState.UP, BusState.FULL, BusState.UP]


def test_positions_of_another_stream_are_refused(opened):
    async def check(bus):
        await bus.stream(STREAM)
        await publish(bus, 1)
        with pytest.raises(StorageError, match="ends at 1"):
            await anext(bus.consume("S", 3))
        with pytest.raises(StorageError, match="not S@other"):
            await anext(bus.consume("S", 1, epoch="S@other"))
        with pytest.raises(StorageError, match="not found"):
            await bus.info("T")

    run(opened, check)


def test_closing_cancels_what_is_not_stored_and_ends_readers(opened):
    async def check(bus):
        await bus.stream(StreamSettings("S", ("s.>",), max_bytes=500))
        publisher = await bus.publisher("S")
        acks = [await publisher.publish("s.a", bytes(100)) for _ in range(20)]
        while bus.state is not BusState.FULL:
            await asyncio.sleep(0.01)
        stored = (await bus.info("S")).messages
        reader = bus.consume("S", stored + 1)
        waiting = asyncio.ensure_future(anext(reader, None))
        await asyncio.sleep(0.05)
        await publisher.close()
        assert [ack.cancelled() for ack in acks] == [False] * stored + [True] * (20 - stored)
        with pytest.raises(LinkError, match="closed"):
            await publisher.publish("s.a", b"")
        await bus.close()
        assert await waiting is None
        assert bus.state is BusState.DOWN

    run(opened, check)


def test_a_bucket_keeps_the_last_value_and_compares_before_it_sets(opened):
    async def check(bus):
        bucket = await bus.bucket("b")
        assert await bucket.get("line/one.x") is None
        first = await bucket.put("line/one.x", b"1")
        assert await bucket.get("line/one.x") == ("line/one.x", b"1", first)
        assert await bucket.swap("line/one.x", b"2", revision=first + 7) is None
        second = await bucket.swap("line/one.x", b"2", revision=first)
        assert second is not None
        assert second > first
        assert await bucket.swap("new", b"n", revision=0)
        assert await bucket.swap("new", b"n", revision=0) is None
        assert await bucket.keys() == ["line/one.x", "new"]
        await bucket.delete("new")
        assert await bucket.get("new") is None
        assert await bucket.keys() == ["line/one.x"]
        assert (await (await bus.bucket("b")).get("line/one.x")).value == b"2"
        for wrong in ("", ".a", "a.", "a..b", "a b", "a*", ">"):
            with pytest.raises(ValueError, match="no key"):
                await bucket.put(wrong, b"")

    run(opened, check)


def test_a_watch_tells_what_is_there_and_what_changes(opened):
    async def check(bus):
        bucket = await bus.bucket("b")
        await bucket.put("a.x", b"old")
        await bucket.put("a.x", b"1")
        await bucket.put("c.y", b"2")
        everything, some = bucket.watch(), bucket.watch("a")
        found = [await anext(everything), await anext(everything)]
        assert [(e.key, e.value) for e in found] == [("a.x", b"1"), ("c.y", b"2")]
        assert (await anext(some)).value == b"1"
        await bucket.put("c.y", b"3")
        await bucket.delete("a.x")
        changes = [await anext(everything), await anext(everything)]
        assert [(e.key, e.value) for e in changes] == [("c.y", b"3"), ("a.x", None)]
        assert (await anext(some)).value is None
        await everything.aclose()
        await some.aclose()

    run(opened, check)
