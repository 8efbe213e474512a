"""The server killed or full in the middle of work: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap

import psutil
import pytest

from isthmus.bus.port import BusState, StreamSettings
from isthmus.bus.server import Server
from isthmus.bus.server_state import ServerState
from isthmus.bus.settings import ServerSettings
from isthmus.model.errors import StorageError

pytestmark = pytest.mark.chaos
STREAM = StreamSettings("S", ("s.>",))


@pytest.mark.parametrize("sync", [10.0, "always"])
def test_killed_under_load_it_loses_and_doubles_nothing(tmp_path, running, connected, sync):
    async def main():
        async with running(tmp_path, sync=sync) as server, connected(server) as bus:
            await bus.stream(STREAM)
            publisher = await bus.publisher("S", max_count=200)
            acks: list[asyncio.Future] = []
            done = asyncio.Event()

            async def write():
                while not done.is_set():
                    data = b"%08d" % len(acks) + bytes(500)
                    acks.append(await publisher.publish("s.a", data))
                    await asyncio.sleep(0)

            read: list[int] = []

            async def follow():
                async for messages in bus.consume("S", 1):
                    read.extend(int(message.data[:8]) for message in messages)
                    if done.is_set() and len(read) == len(acks):
                        return

            following = asyncio.create_task(follow())
            writing = asyncio.create_task(write())
            for _ in range(4):
                before = publisher.stats.acked
                while publisher.stats.acked < before + 300:
                    await asyncio.sleep(0.02)
                server.kill()
            await asyncio.sleep(0.2)
            done.set()
            await writing
            await publisher.flush()
            assert server.restarts == 4
            assert [ack.result().seq for ack in acks] == list(range(1, len(acks) + 1))
            async with asyncio.timeout(20):
                await following
            assert read == list(range(len(acks)))
            info = await bus.info("S")
            assert (info.messages, info.first, info.last) == (len(acks), 1, len(acks))
            assert bus.state is BusState.UP

    asyncio.run(main())


def test_a_full_stream_is_a_state_and_goes_on_after_a_purge(tmp_path, running, connected):
    async def main():
        told: list[BusState] = []
        async with (
            running(tmp_path) as server,
            connected(server, on_state=lambda state, why: told.append(state)) as bus,
        ):
            await bus.stream(StreamSettings("S", ("s.>",), max_bytes=100_000))
            publisher = await bus.publisher("S", max_count=50)
            acks: list[asyncio.Future] = []

            async def write():
                for number in range(300):  # of uneven size: a small one might fit where one fails
                    data = b"%08d" % number + bytes(2_000 if number % 3 else 10)
                    acks.append(await publisher.publish("s.a", data))

            writing = asyncio.create_task(write())
            while publisher.stats.state is not BusState.FULL:
                await asyncio.sleep(0.01)
            assert bus.state is BusState.FULL
            assert "maximum bytes" in publisher.stats.why
            with pytest.raises(TimeoutError):  # the caller may give up and count it as dropped
                await asyncio.wait_for(publisher.publish("s.dropped", b"never"), 0.2)
            read: list[int] = []
            async for messages in bus.consume("S", 1):
                read.extend(int(m.data[:8]) for m in messages if m.subject == "s.a")
                await bus.purge("S", before=messages[-1].seq + 1)
                if len(read) == 300:
                    break
            await writing
            await publisher.flush()
            assert read == list(range(300))
            assert publisher.stats.state is BusState.UP
            sequences = [ack.result().seq for ack in acks]
            assert sequences == sorted(set(sequences))
        assert told[:3] == [BusState.UP, BusState.FULL, BusState.UP]

    asyncio.run(main())


def test_two_writers_of_one_stream_go_on(tmp_path, running, connected):
    async def main():
        async with running(tmp_path) as server, connected(server) as one, connected(server) as two:
            await one.stream(STREAM)
            writers = [await bus.publisher("S", max_count=20) for bus in (one, two)]

            async def write(place):
                for number in range(60):
                    await writers[place].publish(f"s.{place}", b"%d" % number)
                await writers[place].flush()

            async with asyncio.timeout(60):
                await asyncio.gather(write(0), write(1))
            read = {"s.0": [], "s.1": []}
            async for messages in one.consume("S", 1):
                for message in messages:
                    read[message.subject].append(int(message.data))
                if len(read["s.0"]) + len(read["s.1"]) == 120:
                    break
            assert read == {"s.0": list(range(60)), "s.1": list(range(60))}

    asyncio.run(main())


def test_a_server_that_fills_the_disk_says_so(tmp_path, running, connected):
    """The store's own limit stands for the disk: the same error as a full account."""

    async def main():
        async with running(tmp_path, max_file_store=200_000) as server, connected(server) as bus:
            await bus.stream(STREAM)
            with pytest.raises(StorageError) as told:
                await bus.stream(StreamSettings("T", ("t.>",), max_bytes=1_000_000))
            assert "raise the limit" in told.value.hint
            publisher = await bus.publisher("S")
            acks = [await publisher.publish("s.a", bytes(1_000)) for _ in range(300)]
            while publisher.stats.state is not BusState.FULL:
                await asyncio.sleep(0.01)
            assert 0 < publisher.stats.acked < 300
            await bus.purge("S")
            await asyncio.wait_for(acks[250], 10)
            assert publisher.stats.retried > 0

    asyncio.run(main())


def test_the_server_ends_with_its_parent_and_an_orphan_is_ended(tmp_path):
    program = textwrap.dedent(
        """
        import asyncio, pathlib, sys
        from isthmus.bus.server import Server
        from isthmus.bus.settings import ServerSettings

        async def main():
            server = Server(ServerSettings(pathlib.Path(sys.argv[1])))
            await server.start()
            print(server.pid, flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
        """
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    child = psutil.Process(int(parent.stdout.readline()))
    parent.stdout.close()

    async def second():
        server = Server(ServerSettings(tmp_path))
        await server.start()
        pid = server.pid
        await server.stop()
        return pid

    with pytest.raises(StorageError, match=f"process {parent.pid} uses it"):
        asyncio.run(second())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert asyncio.run(second()) != child.pid
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_server_that_does_not_start_says_why(tmp_path):
    from isthmus.model.errors import ConfigError

    async def main():
        server = Server(ServerSettings(tmp_path, host="192.0.2.1", port=9))
        with pytest.raises(ConfigError, match="it ended at once") as told:
            await server.start()
        assert "nats.log" in told.value.hint
        assert server.state is ServerState.STOPPED

    asyncio.run(main())


def test_stopping_is_graceful_and_keeps_everything(tmp_path, connected):
    async def main():
        server = Server(ServerSettings(tmp_path))
        await server.start()
        async with connected(server) as bus:
            await bus.stream(STREAM)
            publisher = await bus.publisher("S")
            for number in range(100):
                await publisher.publish("s.a", b"%d" % number)
            await publisher.flush()
            await publisher.close()
        await server.stop()
        await server.stop()
        assert server.pid is None
        assert not (tmp_path / "nats.pid").exists()
        await server.start()
        async with connected(server) as bus:
            assert (await bus.info("S")).messages == 100
        await server.stop()

    asyncio.run(main())


def test_stopping_while_the_server_is_started_again_leaves_no_child(tmp_path):
    async def main():
        others = set(psutil.Process().children())  # of tests that ran here before
        server = Server(ServerSettings(tmp_path))
        await server.start()
        supervising = asyncio.create_task(server.supervise())
        first = server.pid
        server.kill()
        while server.pid in (first, None):  # begun, and not ready yet
            await asyncio.sleep(0)
        assert server.state is ServerState.DOWN
        await server.stop()
        await asyncio.wait_for(supervising, 5)
        assert server.pid is None
        assert server.state is ServerState.STOPPED
        assert not (tmp_path / "nats.pid").exists()
        assert not [one for one in psutil.Process().children() if one not in others]

    asyncio.run(main())
