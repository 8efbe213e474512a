"""Writing, and reading back what was written."""

from __future__ import annotations

import asyncio

import pytest

from isthmus.model.errors import LinkError, ProtocolError, Refused
from isthmus.model.event import Action
from isthmus.model.sample import TagId


def action(tag, value):
    return Action(TagId(tag), value, "a test", "test")


def write(link, tag, value):
    return link.write(action(tag, value))


ADDRESSES = [
    "holding:0:float32",
    {"holding": 2, "as": "int32", "word_order": "swapped"},
    {"holding": 4, "as": "uint16", "byte_order": "swapped"},
    "coil:7",
    {"holding": 5, "bits": [4, 3]},
    "holding:5.0",
    "holding:5",
    {"holding": 6, "bit": 9, "byte_order": "swapped"},
    "holding:6",
    "holding:7:bcd32",
]
WRITES = [(0, 12.5), (1, -70_000), (2, 513), (3, 1), (6, 0xFFFF), (4, 2), (5, 0), (8, 0), (7, 1)]


async def written(link):
    await link.open()
    for tag, value in [*WRITES, (9, 19_871_234)]:
        await write(link, tag, value)
    batch = (await link.read()).batch
    await link.close()
    field = 0xFFFF & ~(0b111 << 4) | 2 << 4
    assert batch.value.tolist() == [
        12.5, -70_000, 513, 1, 2, 0, field & ~1, 1, 0b10, 19_871_234,
    ]  # fmt: skip


def test_every_kind_is_written_to_pymodbus(peers):
    async def run():
        device = {"holding": [(0, [0] * 20)], "coils": [(0, [False] * 16)]}
        async with peers.pymodbus(device) as port:
            await written(peers.connect(port, ADDRESSES))

    asyncio.run(run())


@pytest.mark.peer
def test_every_kind_is_written_to_libmodbus(peers, libmodbus):
    port = peers.free_port()
    libmodbus(port)
    asyncio.run(written(peers.connect(port, ADDRESSES)))


def test_what_cannot_be_written_is_refused_before_the_wire(peers):
    async def run():
        async with peers.pymodbus({"holding": [(0, [0] * 20)]}) as port:
            link = peers.connect(
                port,
                ["input:0", "discrete:0", "coil:0", "holding:0", "holding:0.3",
                 "holding:0:string:4", {"holding": 0, "as": "uint32", "bit": 3}],
            )  # fmt: skip
            await link.open()
            for tag, value in [(0, 1), (1, 1), (2, 2), (3, -1), (4, 2), (5, 1), (6, 1), (99, 1)]:
                with pytest.raises(Refused, match="writing"):
                    await write(link, tag, value)
            assert link.counts().get("requests", 0) == 0
            await link.close()

    asyncio.run(run())


def test_a_device_that_declines(peers):
    async def run():
        async with peers.pymodbus({"holding": [(0, [0])]}) as port:
            link = peers.connect(port, ["holding:500", "holding:0"])
            await link.open()
            with pytest.raises(ProtocolError, match="illegal data address") as caught:
                await write(link, 0, 5)
            assert "read-only" in caught.value.hint
            await write(link, 1, 5)  # the link lives on
            await link.close()

    asyncio.run(run())


def test_a_command_that_clears_itself(peers):
    async def clear(function, start, address, count, *current):
        if function == 3:
            current[0][0] = 0

    async def run():
        async with peers.pymodbus({"holding": [(0, [0])], "action": clear}) as port:
            link = peers.connect(port, ["holding:0", {"holding": 0, "confirm": "echo"}])
            await link.open()
            with pytest.raises(ProtocolError, match="reads back 0x0000") as caught:
                await write(link, 0, 1)
            assert "confirm: echo" in caught.value.hint
            await write(link, 1, 1)
            await link.close()

    asyncio.run(run())


def test_an_unanswered_write_is_a_lost_link(peers):
    async def run():
        async with peers.scripted(lambda chunk: []) as port:
            link = peers.connect(port, ["holding:0"], timeout=0.2)
            await link.open()
            with pytest.raises(LinkError, match="writing 5 to holding:0"):
                await write(link, 0, 5)
            await link.close()
            with pytest.raises(LinkError, match="not open"):
                await write(link, 0, 5)

    asyncio.run(run())


def test_reads_and_writes_at_once_take_turns(peers):
    async def run():
        async with peers.pymodbus({"holding": [(0, [0] * 100)]}) as port:
            link = peers.connect(port, [f"holding:{place}" for place in range(100)])
            await link.open()
            writes = [write(link, tag, tag + 1) for tag in range(50)]
            await asyncio.gather(*writes, *(link.read() for _ in range(20)))
            batch = (await link.read()).batch
            await link.close()
            assert batch.value.tolist() == [*range(1, 51), *[0] * 50]

    asyncio.run(run())
