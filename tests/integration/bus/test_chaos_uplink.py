"""An uplink over a conduit that is cut, with ends that are killed: exactly once and in order."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self

import pytest

from isthmus.bus.memory import MemoryBus
from isthmus.bus.port import BusState, StreamSettings
from isthmus.bus.uplink import BUCKET, Position, Uplink

pytestmark = pytest.mark.chaos
EDGE = StreamSettings("EDGE", ("uns.>",))
UP = StreamSettings("UP_edge1", ("up.edge1.>",))


class Conduit:
    """A TCP path to `target` that can be cut: no new connections, the open ones aborted."""

    def __init__(self, target: int) -> None:
        self.target, self.up, self.writers = target, True, set()

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        self.server.close()
        await self.server.wait_closed()

    async def _pass(self, reader, writer) -> None:
        if not self.up:
            writer.transport.abort()
            return
        try:
            onward = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self.writers |= {writer, onward[1]}
        await asyncio.gather(self._pipe(reader, onward[1]), self._pipe(onward[0], writer))

    async def _pipe(self, reader, writer) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.transport.abort()

    def cut(self) -> None:
        self.up = False
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()


@contextlib.asynccontextmanager
async def uplinked(edge, site, **options):
    uplink = Uplink(
        edge, site, name="edge1", source="EDGE", target="UP_edge1", prefix="up.edge1.", **options
    )
    task = asyncio.create_task(uplink.run())
    try:
        yield uplink
    finally:
        task.cancel()
        await asyncio.wait([task])


async def write(publisher, begin: int, end: int) -> None:
    for number in range(begin, end):
        await publisher.publish("uns.a", b"%d" % number)
    await publisher.flush()


async def until(condition, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def numbers(bus, count: int) -> list[int]:
    found: list[int] = []
    async for messages in bus.consume("UP_edge1", 1):
        found += [int(message.data) for message in messages]
        assert all(message.subject == "up.edge1.uns.a" for message in messages)
        if len(found) >= count:
            break
    return found


def test_cuts_and_kills_of_everything_lose_and_double_nothing(tmp_path, running, connected):
    async def main():
        async with (
            running(tmp_path / "edge") as edge_server,
            running(tmp_path / "site") as site_server,
            connected(edge_server) as edge,
            connected(site_server) as site,
            Conduit(site_server.port) as conduit,
        ):
            await edge.stream(EDGE)
            await site.stream(UP)
            publisher = await edge.publisher("EDGE")
            from isthmus.bus.client import Bus

            async def join():
                return await Bus.connect(f"nats://127.0.0.1:{conduit.port}")

            far = await join()
            async with uplinked(edge, far) as uplink:
                await write(publisher, 0, 2_000)
                await until(lambda: uplink.stats.position > 500)
                conduit.cut()
                await write(publisher, 2_000, 4_000)
                conduit.up = True
                await until(lambda: uplink.stats.position > 2_500)
                site_server.kill()
                await write(publisher, 4_000, 5_000)
                await until(lambda: uplink.stats.position > 4_500)
                edge_server.kill()
                await write(publisher, 5_000, 6_000)
                await until(lambda: uplink.stats.position > 5_200)
                conduit.cut()  # and the forwarder killed while the conduit is cut
            await far.close()
            conduit.up = True
            await write(publisher, 6_000, 7_000)
            far = await join()
            async with uplinked(edge, far) as uplink:
                await until(lambda: uplink.stats.position == 7_000)
                assert uplink.stats.discarded == uplink.stats.rejected == 0
            await far.close()
            assert (await site.info("UP_edge1")).messages == 7_000
            assert await numbers(site, 7_000) == list(range(7_000))

    asyncio.run(main())


def test_a_site_stream_that_was_emptied_is_not_filled_again(tmp_path, running, connected):
    async def main():
        async with running(tmp_path) as server, connected(server) as site:
            edge = MemoryBus()
            await edge.stream(EDGE)
            await site.stream(UP)
            publisher = await edge.publisher("EDGE")
            await write(publisher, 0, 100)
            async with uplinked(edge, site) as uplink:
                await until(lambda: uplink.stats.position == 100)
            await site.purge("UP_edge1")
            await write(publisher, 100, 110)
            async with uplinked(edge, site) as uplink:
                await until(lambda: uplink.stats.position == 110)
                assert uplink.stats.forwarded == 10
            assert await numbers(site, 10) == list(range(100, 110))
            await edge.close()

    async def numbers(site, count):
        return [int(m.data) for m in await anext(site.consume("UP_edge1", 1))]

    asyncio.run(main())


def twins(check) -> None:
    async def main():
        edge, site = MemoryBus(), MemoryBus()
        await edge.stream(EDGE)
        await site.stream(UP)
        async with asyncio.timeout(20):
            await check(edge, site)
        await edge.close()
        await site.close()

    asyncio.run(main())


def test_what_the_edge_discarded_is_reported():
    async def check(edge, site):
        publisher = await edge.publisher("EDGE")
        await write(publisher, 0, 10)
        async with uplinked(edge, site) as uplink:
            await until(lambda: uplink.stats.position == 10)
        await write(publisher, 10, 20)
        await edge.purge("EDGE", before=16)
        gaps = []
        async with uplinked(edge, site, on_gap=gaps.append) as uplink:
            await until(lambda: uplink.stats.position == 20)
        assert gaps == [(11, 15)]
        assert uplink.stats.discarded == 5
        assert await numbers(site, 15) == [*range(10), *range(15, 20)]

    twins(check)


def test_what_others_put_behind_the_last_message_does_not_hide_it():
    async def check(edge, site):
        publisher = await edge.publisher("EDGE")
        await write(publisher, 0, 10)
        async with uplinked(edge, site) as uplink:
            await until(lambda: uplink.stats.position == 10)
        await (await site.bucket(BUCKET)).delete("edge1")
        stranger = await site.publisher("UP_edge1")
        await stranger.publish("up.edge1.x", b"-1", id="")
        await stranger.flush()
        await stranger.close()
        await write(publisher, 10, 20)
        async with uplinked(edge, site) as uplink:
            await until(lambda: uplink.stats.position == 20)
        assert uplink.stats.forwarded == 10

    twins(check)


def test_an_edge_stream_made_again_begins_anew():
    async def check(edge, site):
        await write(await edge.publisher("EDGE"), 0, 10)
        async with uplinked(edge, site) as uplink:
            await until(lambda: uplink.stats.position == 10)
        other = MemoryBus()
        await other.stream(EDGE)
        await write(await other.publisher("EDGE"), 100, 105)
        async with uplinked(other, site) as uplink:
            await until(lambda: uplink.stats.position == 5)
        assert await numbers(site, 15) == [*range(10), *range(100, 105)]
        await other.close()

    twins(check)


def test_messages_written_again_after_a_power_failure_at_the_edge_are_sent():
    async def check(edge, site):
        publisher = await edge.publisher("EDGE")
        await write(publisher, 0, 10)
        async with uplinked(edge, site) as uplink:
            await until(lambda: uplink.stats.position == 10)
        stored = edge.stored("EDGE")  # the disk forgot the last four, then came seven others
        for _ in range(4):
            stored.messages.pop()
        stored.last = 6
        await write(publisher, 50, 57)
        async with uplinked(edge, site) as uplink:
            await until(lambda: uplink.stats.position == 13)
        assert await numbers(site, 17) == [*range(10), *range(50, 57)]

    twins(check)


def test_a_full_site_is_told_and_waited_for():
    async def check(edge, site):
        await site.stream(StreamSettings("UP_edge1", ("up.edge1.>",), max_bytes=1_000))
        await write(await edge.publisher("EDGE"), 0, 100)
        found = []
        async with uplinked(edge, site) as uplink:
            await until(lambda: uplink.stats.state is BusState.FULL)
            assert uplink.stats.behind > 50
            async for messages in site.consume("UP_edge1", 1):
                found += [int(message.data) for message in messages]
                await site.purge("UP_edge1", before=messages[-1].seq + 1)
                if len(found) == 100:
                    break
        assert found == list(range(100))

    twins(check)


@pytest.mark.parametrize("text", ["", "x", "a:b:c", "a:1", "a:1:x", ":1:2", "a::2"])
def test_an_id_of_another_is_no_position(text):
    assert Position.parse(text) is None
    assert Position.parse(Position("E@1:2", 3, 4).text()) == Position("E@1:2", 3, 4)
