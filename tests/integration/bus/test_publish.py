"""Publishing to and reading from a real server."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from isthmus.bus.frame import decode, encode
from isthmus.bus.jetstream import ask
from isthmus.bus.port import BusState, StreamSettings
from isthmus.model.errors import LinkError, ProtocolError, StorageError
from isthmus.model.sample import Batch

STREAM = StreamSettings("S", ("s.>",))


def test_what_is_published_is_read_from_any_place(tmp_path, running, connected):
    async def main():
        async with running(tmp_path) as server, connected(server) as bus:
            await bus.stream(STREAM)
            publisher = await bus.publisher("S")
            sent = [
                Batch.of(np.arange(100, dtype=np.int32), 1_000 + number, np.full(100, number))
                for number in range(200)
            ]
            acks = [await publisher.publish("s.a", encode(batch)) for batch in sent]
            assert [(await ack).seq for ack in acks] == list(range(1, 201))
            got: list[Batch] = []
            async for messages in bus.consume("S", 51):
                assert [m.seq for m in messages] == list(
                    range(51 + len(got), 51 + len(got) + len(messages))
                )
                got += [decode(message.data) for message in messages]
                if len(got) == 150:
                    break
            assert [batch.value[0] for batch in got] == list(range(50, 200))

    asyncio.run(main())


def test_the_window_holds_no_more_than_its_bytes_and_count(tmp_path, running, connected):
    async def main():
        async with running(tmp_path) as server, connected(server) as bus:
            await bus.stream(STREAM)
            publisher = await bus.publisher("S", max_bytes=3_000_000, max_count=10)
            most = 0
            for _ in range(30):
                await publisher.publish("s.big", bytes(1_000_000))
                most = max(most, publisher.stats.bytes)
            assert 1_000_000 <= most <= 3_000_000
            most = 0
            for _ in range(200):
                await publisher.publish("s.small", b"x")
                most = max(most, publisher.stats.in_flight)
            await publisher.flush()
            assert most <= 10
            assert publisher.stats.in_flight == publisher.stats.bytes == 0
            assert (await bus.info("S")).messages == 230

    asyncio.run(main())


def test_the_same_id_is_stored_once(tmp_path, running, connected):
    async def main():
        async with running(tmp_path) as server, connected(server) as bus:
            await bus.stream(STREAM)
            publisher = await bus.publisher("S")
            first = await (await publisher.publish("s.a", b"1", id="one"))
            again = await (await publisher.publish("s.a", b"1", id="one"))
            after = await (await publisher.publish("s.a", b"2", id="two"))
            assert (first.duplicate, again.duplicate, after.duplicate) == (False, True, False)
            assert (await bus.info("S")).messages == 2

    asyncio.run(main())


def test_a_message_above_the_limit_is_refused_at_once(tmp_path, running, connected):
    async def main():
        async with running(tmp_path, max_payload=1000) as server, connected(server) as bus:
            await bus.stream(STREAM)
            publisher = await bus.publisher("S")
            with pytest.raises(ProtocolError, match="publishing 1001 bytes"):
                await publisher.publish("s.a", bytes(1001))
            await (await publisher.publish("s.a", b"fits"))

    asyncio.run(main())


def test_a_stream_made_again_has_another_epoch_and_readers_say_so(tmp_path, running, connected):
    async def main():
        async with running(tmp_path) as server, connected(server) as bus:
            info = await bus.stream(STREAM)
            assert (await bus.stream(STREAM)).epoch == info.epoch
            publisher = await bus.publisher("S")
            await (await publisher.publish("s.a", b"1"))
            with pytest.raises(StorageError, match="ends at 1"):
                await anext(bus.consume("S", 5))
            with pytest.raises(StorageError, match="not other"):
                await anext(bus.consume("S", 1, epoch="other"))
            with pytest.raises(StorageError, match="stream not found"):
                await bus.info("NONE")

    asyncio.run(main())


def test_discarded_messages_are_a_gap(tmp_path, running, connected):
    async def main():
        async with running(tmp_path) as server, connected(server) as bus:
            await bus.stream(StreamSettings("S", ("s.>",), max_bytes=20_000, discard="old"))
            publisher = await bus.publisher("S")
            for number in range(100):
                await publisher.publish("s.a", b"%04d" % number + bytes(996))
            await publisher.flush()
            first = (await bus.info("S")).first
            gaps = []
            messages = await anext(bus.consume("S", 1, on_gap=gaps.append))
            assert gaps == [(1, first - 1)]
            assert messages[0].seq == first > 1
            assert messages[0].data[:4] == b"%04d" % (first - 1)

    asyncio.run(main())


def test_nobody_there_is_a_link_error(tmp_path):
    from isthmus.bus.client import Bus
    from isthmus.bus.server_state import free_port

    async def main():
        with pytest.raises(LinkError, match="connecting to the bus"):
            await Bus.connect(f"nats://127.0.0.1:{free_port()}", within=0.5)

    asyncio.run(main())


def test_state_is_told_down_and_up(tmp_path, running, connected):
    async def main():
        told = []
        async with (
            running(tmp_path) as server,
            connected(server, on_state=lambda state, why: told.append(state)) as bus,
        ):
            await bus.stream(STREAM)
            server.kill()
            publisher = await bus.publisher("S")
            await (await publisher.publish("s.a", b"while it restarts"))
            assert server.restarts == 1
        assert told[:3] == [BusState.UP, BusState.DOWN, BusState.UP]

    asyncio.run(main())


def test_a_bus_that_may_be_away_at_first_is_joined_when_it_comes(tmp_path, running):
    from isthmus.bus.client import Bus
    from isthmus.bus.server_state import free_port

    async def main():
        port, told = free_port(), []
        bus = await Bus.connect(
            f"nats://127.0.0.1:{port}", within=None, on_state=lambda *news: told.append(news[0])
        )
        assert bus.state is BusState.DOWN
        with pytest.raises(LinkError, match="not connected"):
            await bus.stream(STREAM)
        opening = asyncio.create_task(bus.publisher("S"))
        async with running(tmp_path, port=port):
            publisher = await opening
            await bus.stream(STREAM)
            assert (await (await publisher.publish("s.a", b"1"))).seq == 1
            await bus.close()
        assert told == [BusState.UP, BusState.DOWN]
        lonely = await Bus.connect(f"nats://127.0.0.1:{port}", within=None)
        await lonely.close()
        with pytest.raises(LinkError, match="closed"):
            await lonely.connected()

    asyncio.run(main())


def test_watches_and_readers_outlive_a_restart_of_the_server(tmp_path, running, connected):
    async def main():
        async with running(tmp_path) as server, connected(server) as bus:
            await bus.stream(STREAM)
            bucket = await bus.bucket("b")
            await bucket.put("a", b"1")
            watch, reader = bucket.watch(), bus.consume("S", 1)
            assert (await anext(watch)).value == b"1"
            waiting = [asyncio.ensure_future(anext(watch)), asyncio.ensure_future(anext(reader))]
            await asyncio.sleep(0.1)
            server.kill()
            publisher = await bus.publisher("S")
            await (await publisher.publish("s.a", b"after"))
            await bucket.put("a", b"2")
            entry, messages = await asyncio.gather(*waiting)
            assert (entry.key, entry.value) == ("a", b"2")
            assert [message.data for message in messages] == [b"after"]
            await watch.aclose()
            await reader.aclose()

    asyncio.run(main())


def test_a_reader_that_is_killed_goes_on_where_it_was(tmp_path, running, connected):
    """Its position is whatever it wrote down: another process reads on without hole or double."""
    import subprocess
    import sys
    import textwrap

    program = textwrap.dedent(
        """
        import asyncio, sys
        from isthmus.bus.client import Bus

        async def main(url, start):
            bus = await Bus.connect(url)
            async for messages in bus.consume("S", start, batch=10):
                for message in messages:
                    print(message.seq, int(message.data), flush=True)

        asyncio.run(main(sys.argv[1], int(sys.argv[2])))
        """
    )

    def read(url: str, start: int, count: int) -> list[list[str]]:
        child = subprocess.Popen(
            [sys.executable, "-c", program, url, str(start)], stdout=subprocess.PIPE, text=True
        )
        lines = [child.stdout.readline().split() for _ in range(count)]
        child.kill()
        child.wait()
        child.stdout.close()
        return lines

    async def main():
        async with running(tmp_path) as server, connected(server) as bus:
            await bus.stream(STREAM)
            publisher = await bus.publisher("S")
            for number in range(100):
                await publisher.publish("s.a", b"%d" % number)
            await publisher.flush()
            lines = await asyncio.to_thread(read, server.url, 1, 37)
            lines += await asyncio.to_thread(read, server.url, int(lines[-1][0]) + 1, 63)
            assert lines == [[str(number + 1), str(number)] for number in range(100)]

    asyncio.run(main())


def test_an_idle_reader_asks_again_when_its_request_expires(
    tmp_path, running, connected, monkeypatch
):
    from isthmus.bus import consumer

    monkeypatch.setattr(consumer, "EXPIRES", 0.6)
    monkeypatch.setattr(consumer, "HEARTBEAT", 0.2)
    monkeypatch.setattr(consumer, "SILENCE", 30.0)

    async def main():
        async with running(tmp_path) as server, connected(server) as bus:
            await bus.stream(STREAM)
            reader = bus.consume("S", 1)
            waiting = asyncio.ensure_future(anext(reader))
            await asyncio.sleep(1.5)
            made = await ask(bus, "CONSUMER.NAMES.S", {})
            assert made["total"] == 1
            publisher = await bus.publisher("S")
            await publisher.publish("s.a", b"late")
            assert [message.data for message in await waiting] == [b"late"]
            assert (await ask(bus, "CONSUMER.NAMES.S", {}))["consumers"] == made["consumers"]
            await reader.aclose()
            while (await ask(bus, "CONSUMER.NAMES.S", {}))["total"]:
                await asyncio.sleep(0.01)

    asyncio.run(main())


def test_the_largest_messages_pass_a_reader_of_small_bounds(tmp_path, running, connected):
    async def main():
        async with running(tmp_path) as server, connected(server) as bus:
            await bus.stream(STREAM)
            publisher = await bus.publisher("S")
            sizes = [bus.max_payload - 200, 10, bus.max_payload - 200, 5_000_000, 3]
            for size in sizes:
                await publisher.publish("s.a", bytes(size))
            await publisher.flush()
            read = []
            async for messages in bus.consume("S", 1, batch=3, max_bytes=1):
                read += [len(message.data) for message in messages]
                if len(read) == len(sizes):
                    break
            assert read == sizes

    asyncio.run(main())


def test_two_servers_over_one_folder_are_refused(tmp_path, running):
    from isthmus.bus.server import Server
    from isthmus.bus.settings import ServerSettings

    async def main():
        async with running(tmp_path) as server:
            with pytest.raises(StorageError, match="uses it"):
                await Server(ServerSettings(tmp_path)).start()
            assert server.pid is not None

    asyncio.run(main())
