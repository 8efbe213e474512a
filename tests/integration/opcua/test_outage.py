"""Servers that end, restart, hang, or are none."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

import pytest

from isthmus.connectors.opcua import subscribe
from isthmus.model.errors import AuthError, LinkError


def test_nobody_there(opcua, tmp_path):
    async def run():
        link = opcua.linked(f"opc.tcp://127.0.0.1:{opcua.free_port()}", [], tmp_path)
        with pytest.raises(LinkError, match=r"opening opc\.tcp") as failed:
            await link.open()
        assert not isinstance(failed.value, AuthError)
        assert "reachable" in failed.value.hint
        await link.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"ERRF" + b"\xff" * 40]
)
def test_somebody_there_who_speaks_something_else(opcua, tmp_path, answer):
    async def speak(reader, writer):
        await reader.read(100)
        writer.write(answer)
        await writer.drain()
        writer.close()

    async def run():
        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        link = opcua.linked(f"opc.tcp://127.0.0.1:{port}", [], tmp_path, timeout=2)
        with pytest.raises(LinkError):
            await link.open()
        await link.close()
        server.close()
        await server.wait_closed()

    asyncio.run(run())


def test_somebody_there_who_says_nothing(opcua, tmp_path):
    async def run(port):
        link = opcua.linked(f"opc.tcp://127.0.0.1:{port}", [], tmp_path, timeout=0.5)
        async with asyncio.timeout(10):
            with pytest.raises(LinkError, match="no answer in time"):
                await link.open()
            await link.close()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        asyncio.run(run(silent.getsockname()[1]))


@pytest.mark.chaos
@pytest.mark.parametrize(
    ("mode", "how"),
    [("subscribe", signal.SIGKILL), ("subscribe", signal.SIGTERM), ("poll", signal.SIGKILL)],
)
def test_a_server_that_dies_is_a_lost_link_and_opens_again(opcua, tmp_path, mode, how):
    async def first(link):
        if mode == "poll":
            return (await link.read()).batch.value.tolist()
        values, _ = await opcua.gathered(link, 1)
        return [values[10][0]]

    async def lost(link):
        async with asyncio.timeout(15):
            while True:
                if mode == "poll":
                    await link.read()
                    await asyncio.sleep(0.05)
                else:
                    async for _ in link.listen():
                        pass

    async def run(port):
        link = opcua.linked(
            f"opc.tcp://127.0.0.1:{port}", opcua.bound("Speed"), tmp_path, mode=mode
        )
        with opcua.serving(port=port) as server:
            await link.open()
            assert await first(link) == [12.5]
            os.kill(server.process.pid, how)
            with pytest.raises(LinkError):
                await lost(link)
            await link.close()
        with pytest.raises(LinkError):
            await link.open()
        with opcua.serving(port=port):
            await link.open()
            assert await first(link) == [12.5]
            await link.close()

    asyncio.run(run(opcua.free_port()))


@pytest.mark.chaos
def test_a_server_that_hangs_is_noticed_by_its_silence(opcua, tmp_path, monkeypatch):
    monkeypatch.setattr(subscribe, "KEEP_ALIVE", 0.2)

    async def run(server):
        link = opcua.linked(server.url, opcua.bound("Speed"), tmp_path, timeout=1)
        await link.open()
        readings = link.listen()
        await anext(readings)
        os.kill(server.process.pid, signal.SIGSTOP)
        async with asyncio.timeout(15):
            with pytest.raises(LinkError):
                await anext(readings)
            await link.close()

    with opcua.serving() as server:
        try:
            asyncio.run(run(server))
        finally:
            os.kill(server.process.pid, signal.SIGCONT)


def test_a_cancelled_listener_leaves_nothing_behind(server, opcua, tmp_path):
    async def run():
        link = opcua.linked(server.url, opcua.bound("Speed"), tmp_path)
        await link.open()

        async def listen():
            async for _ in link.listen():
                pass

        task = asyncio.create_task(listen())
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await link.close()
        await asyncio.sleep(0)
        assert {one for one in asyncio.all_tasks() if not one.done()} == {asyncio.current_task()}

    asyncio.run(run())


def test_silence_of_the_values_is_no_silence_of_the_link(server, opcua, tmp_path, monkeypatch):
    monkeypatch.setattr(subscribe, "KEEP_ALIVE", 0.2)

    async def run():
        link = opcua.linked(server.url, opcua.bound("Small"), tmp_path, timeout=1)
        await link.open()
        readings = link.listen()
        await anext(readings)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5):  # longer than the link may be silent
                await anext(readings)
        assert link.counts()["keep_alives"] > 2
        await link.close()

    asyncio.run(run())
