"""A gap is filled with what the server recorded meanwhile; where it does not, it stays a gap."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress

import numpy as np
import pytest

from isthmus.connectors.opcua import OpcUa
from isthmus.connectors.opcua import history as opcua_history
from isthmus.historian.memory import Memory
from isthmus.model.ports import Backfill
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId
from isthmus.runtime.collect.health import Condition
from isthmus.runtime.collect.link import Link
from isthmus.runtime.history.backfill import Held

SPEED, COUNT = TagId(10), TagId(11)


class Cable:
    """A wire to the server that can be cut: while it is, nobody answers."""

    def __init__(self, port: int) -> None:
        self.target, self.cut = port, False
        self.writers: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def plugged(self):
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.pull()
            server.close()

    def pull(self):
        self.cut = True
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    async def _carry(self, reader, writer):
        if self.cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        self.writers |= {writer, back}
        with suppress(asyncio.CancelledError):
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    async def _pump(self, reader, writer):
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


class Kept:
    """What a link emits, in the order of a stream, as history has it in the end."""

    def __init__(self) -> None:
        self.memory, self.events, self.position = Memory(), [], 0
        self.told: list[Batch] = []

    async def emit(self, _link, reading):
        self.position += 1
        self.told.append(reading.batch)
        self.memory.append(reading.batch, stream="s", position=self.position)
        self.events += reading.events

    def rows(self, tag=SPEED):
        found = self.memory.raw([tag], Nanoseconds(0), Nanoseconds(2**62))
        return list(zip(found.value.tolist(), found.quality.tolist(), strict=True))

    def count(self, kind):
        return sum(event.kind == kind for event in self.events)


async def until(what, seconds=60.0):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.02)


@asynccontextmanager
async def linked(opcua, running, state, **given):
    """A link to the server over a cable, and what it told."""
    kept, cable = Kept(), Cable(running.port)
    async with cable.plugged():
        config = OpcUa(
            name="line", url=f"opc.tcp://127.0.0.1:{cable.port}", security="none", timeout=2,
            publish=0.05, **given,
        )  # fmt: skip
        link = Link(
            *(config, opcua.bound("Speed", "Count"), kept.emit, kept.emit),
            lambda: Nanoseconds(time.time_ns()),
            state=str(state),
        )
        task = asyncio.create_task(link.run())
        try:
            await until(lambda: len(kept.rows()) and len(kept.rows(COUNT)))
            yield link, kept, cable
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def outage(running, link, kept, cable, values):
    """Cut the cable, let the machine go on, and plug it in again."""
    cable.pull()
    await until(lambda: link.health.condition is Condition.DOWN)
    for value in values:
        await asyncio.to_thread(running.put, Speed=[value, "Double"])
        await asyncio.sleep(0.02)
    cable.cut = False
    link.retry()
    await until(lambda: kept.count("link-up") == 2)


def recorded(rows):
    """What was written in the outage; the last may come again, as what holds at the return."""
    found = [value for value, _ in rows if value >= 100]
    return found[:-1] if found[-2:-1] == found[-1:] else found


def test_after_an_outage_history_has_every_value_once(opcua, tmp_path):
    async def run():
        with opcua.serving(history=["Speed"]) as running:
            async with linked(opcua, running, tmp_path) as (link, kept, cable):
                await asyncio.to_thread(running.put, Speed=[20.0, "Double"])
                await until(lambda: (20.0, 0) in kept.rows())
                values = [100.0 + step for step in range(30)]
                await outage(running, link, kept, cable, values)
                await until(lambda: kept.count("backfill") == 1)
                return link, kept, values

    link, kept, values = asyncio.run(run())
    rows = kept.rows()
    assert recorded(rows) == values, "each once, in order of time"
    assert not any(quality >= Status.BAD for _, quality in rows), "the gap is closed"
    assert link.health.backfilled >= len(values)
    assert np.isnan([value for value, _ in kept.rows(COUNT)]).any(), "where nobody knows it stays"
    (event,) = [event for event in kept.events if event.kind == "backfill"]
    assert (event.data["tags"], event.data["closed"]) == (1, 1)


def test_pages_and_many_nodes_are_read_to_their_end(opcua, tmp_path, monkeypatch):
    monkeypatch.setattr(opcua_history, "VALUES", 7)
    monkeypatch.setattr(opcua_history, "NODES", 1)

    async def run():
        with opcua.serving(history=["Speed", "Count"]) as running:
            async with linked(opcua, running, tmp_path) as (link, kept, cable):
                values = [100.0 + step for step in range(40)]
                await outage(running, link, kept, cable, values)
                await until(lambda: kept.count("backfill") == 1)
                return kept, values

    kept, values = asyncio.run(run())
    assert recorded(kept.rows()) == values


def test_a_server_that_keeps_no_history_leaves_the_gap_and_no_storm(opcua, tmp_path, caplog):
    async def run():
        with opcua.serving() as running:
            async with linked(opcua, running, tmp_path) as (link, kept, cable):
                await outage(running, link, kept, cable, [100.0])
                await until(lambda: not link.gaps)
                return link, kept

    link, kept = asyncio.run(run())
    assert any(quality >= Status.BAD for _, quality in kept.rows())
    assert (link.health.backfilled, kept.count("backfill")) == (0, 0)
    assert link.health.condition is Condition.UP


def test_never_asks_a_server_that_shall_not_be_asked(opcua, tmp_path):
    async def run():
        with opcua.serving(history=["Speed"]) as running:
            async with linked(opcua, running, tmp_path, history="never") as (link, kept, cable):
                await outage(running, link, kept, cable, [100.0, 101.0])
                await until(lambda: not link.gaps)
                return kept

    kept = asyncio.run(run())
    assert not any(value == 100.0 for value, _ in kept.rows())


def test_the_past_is_told_when_somebody_asks(opcua, tmp_path):
    async def run():
        with opcua.serving(history=["Speed"]) as running:
            for value in (1.0, 2.0, 3.0):
                running.put(Speed=[value, "Double"])
            async with linked(opcua, running, tmp_path) as (link, kept, _):
                assert isinstance(link.source, Backfill)
                hour = 3_600 * 10**9
                now = time.time_ns()
                found = await link.fill(link.source, Nanoseconds(now - hour), Nanoseconds(now))
                return found, kept

    found, kept = asyncio.run(run())
    assert found.samples >= 3
    told = [value for value, _ in kept.rows() if value in (1.0, 2.0, 3.0)]
    assert told[:3] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("moment", [5, 10, 15])
def test_what_held_at_the_moment_of_a_gap_is_the_last_before_it(moment):
    held = Held(moment)
    held.take(Batch.of([1, 1, 2], np.array([10, 3, 20]), [1.0, 0.5, 9.0]))
    held.take(Batch.of([1, 2], np.array([12, 4]), [2.0, 8.0], np.array([0, Status.BAD], np.uint32)))
    told = held.told()
    expected = {5: 0.5, 10: 1.0, 15: 2.0}[moment]
    assert (told.tag.tolist(), told.value.tolist(), told.time.tolist()) == (
        [1],
        [expected],
        [moment],
    )
