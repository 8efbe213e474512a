"""Reading from two servers that we did not write."""

from __future__ import annotations

import asyncio
import math
import struct

import pytest

from isthmus.model.errors import LinkError
from isthmus.model.sample import Status


def registers(layout, value):
    packed = struct.pack(">" + layout, value)
    return [int.from_bytes(packed[i : i + 2], "big") for i in range(0, len(packed), 2)]


def test_all_tables_and_layouts_in_one_reading(peers):
    async def run():
        device = {
            "holding": [(100, registers("f", 12.5) + registers("i", -7) + [0x1234, 0b1010_0000])],
            "input": [(7, [65_535])],
            "coils": [(3, [True, False, True])],
            "discrete": [(0, [False, True])],
        }
        async with peers.pymodbus(device) as port:
            link = peers.connect(
                port,
                [
                    {"holding": 100, "as": "float32"},
                    {"holding": 102, "as": "int32"},
                    {"holding": 104, "as": "bcd16"},
                    {"holding": 105, "bits": [5, 3]},
                    "holding:105.7",
                    {"input": 7, "as": "int16"},
                    "coil:3",
                    "coil:4",
                    "discrete:1",
                ],
            )
            await link.open()
            reading = await link.read()
            await link.close()
            assert reading.batch.value.tolist() == [12.5, -7, 1234, 5, 1, -1, 1, 0, 1]
            assert not reading.batch.quality.any()
            assert link.counts()["requests"] == 4  # one a table

    asyncio.run(run())


def test_text_is_an_event_when_it_is_new(peers):
    async def run():
        text = [int.from_bytes(b"PET 0.5L"[i : i + 2], "big") for i in range(0, 8, 2)]
        async with peers.pymodbus({"holding": [(0, [*text, 0, 9])]}) as port:
            link = peers.connect(port, ["holding:0:string:10", "holding:5"])
            await link.open()
            first, second = await link.read(), await link.read()
            await link.close()
            assert [(e.path, e.kind, e.text) for e in first.events] == [
                ("line/unit/tag0", "text", "PET 0.5L")
            ]
            assert second.events == ()
            assert first.batch.tag.tolist() == [1]
            assert first.batch.value.tolist() == [9]

    asyncio.run(run())


def test_units_behind_one_gateway_and_a_missing_one(peers):
    async def run():
        one = {"id": 1, "holding": [(0, [11])]}
        two = {"id": 2, "holding": [(0, [22])]}
        async with peers.pymodbus(one, two) as port:
            link = peers.connect(
                port, ["holding:0", {"holding": 0, "unit": 2}, {"holding": 0, "unit": 9}]
            )
            await link.open()
            batch = (await link.read()).batch
            await link.close()
            assert batch.value[:2].tolist() == [11, 22]
            assert batch.quality[0] == batch.quality[1] == Status.GOOD
            assert batch.quality[2] >= Status.BAD
            assert math.isnan(batch.value[2])

    asyncio.run(run())


def test_a_refused_block_is_divided_until_only_the_guilty_is_bad(peers):
    async def run():
        device = {"holding": [(0, list(range(40))), (41, list(range(41, 100)))]}  # no 40
        async with peers.pymodbus(device) as port:
            link = peers.connect(port, [f"holding:{place}" for place in range(100)])
            await link.open()
            first = (await link.read()).batch
            asked = link.counts()["requests"]
            second = (await link.read()).batch
            after = link.counts()["requests"] - asked
            await link.close()
            for batch in (first, second):
                bad = batch.quality != Status.GOOD
                assert bad.nonzero()[0].tolist() == [40]
                assert batch.quality[40] == Status.BAD_NODE_ID_UNKNOWN
                assert (batch.value[~bad] == batch.tag[~bad]).all()
            assert asked <= 2 * 7 + 1  # log2(100) rounds of two
            assert after < 8  # remembered, and the guilty one is not asked for
            assert link.counts()["lacking"] == 1

    asyncio.run(run())


def test_a_hole_that_the_device_lacks_is_cut_first(peers):
    async def run():
        device = {"holding": [(0, list(range(20))), (25, list(range(25, 50)))]}
        async with peers.pymodbus(device) as port:
            places = [*range(20), *range(25, 50)]
            link = peers.connect(port, [f"holding:{place}" for place in places])
            await link.open()
            batch = (await link.read()).batch
            await link.close()
            assert batch.value.tolist() == places
            assert link.counts()["requests"] == 3

    asyncio.run(run())


def test_a_device_that_refuses_large_reads_is_read_in_smaller_ones(peers):
    async def limit(function, start, address, count, *_):
        from pymodbus.constants import ExcCodes

        return ExcCodes.ILLEGAL_VALUE if count > 30 else None

    async def run():
        device = {"holding": [(0, list(range(120)))], "action": limit}
        async with peers.pymodbus(device) as port:
            link = peers.connect(port, [f"holding:{place}" for place in range(120)])
            await link.open()
            batch = (await link.read()).batch
            before = link.counts()["requests"]
            await link.read()
            await link.close()
            assert not batch.quality.any()
            assert batch.value.tolist() == list(range(120))
            assert link.counts()["requests"] - before == 4

    asyncio.run(run())


def test_a_register_that_appears_later_becomes_good(peers):
    async def run():
        lacking = {5}

        async def refuse(function, start, address, count, *_):
            from pymodbus.constants import ExcCodes

            found = lacking & set(range(address, address + count))
            return ExcCodes.ILLEGAL_ADDRESS if found else None

        device = {"holding": [(0, list(range(10)))], "action": refuse}
        async with peers.pymodbus(device) as port:
            link = peers.connect(port, [f"holding:{place}" for place in range(10)])
            await link.open()
            assert (await link.read()).batch.quality.nonzero()[0].tolist() == [5]
            lacking.clear()
            for _ in range(60):
                batch = (await link.read()).batch
            await link.close()
            assert not batch.quality.any()

    asyncio.run(run())


def test_no_number_is_bad_quality(peers):
    async def run():
        device = {
            "holding": [(0, registers("f", math.nan) + registers("f", math.inf) + [0x00A1, 1])]
        }
        async with peers.pymodbus(device) as port:
            link = peers.connect(
                port, ["holding:0:float32", "holding:2:float32", "holding:4:bcd16", "holding:5"]
            )
            await link.open()
            batch = (await link.read()).batch
            await link.close()
            assert batch.quality.tolist() == [
                Status.BAD_SENSOR_FAILURE,
                Status.BAD_SENSOR_FAILURE,
                Status.BAD_DECODING_ERROR,
                Status.GOOD,
            ]
            assert batch.value[3] == 1

    asyncio.run(run())


def test_restart_of_the_server_needs_one_reopen(peers):
    async def run():
        port = peers.free_port()
        link = peers.connect(port, ["holding:0"])
        async with peers.pymodbus({"holding": [(0, [1])]}, port=port):
            await link.open()
            assert (await link.read()).batch.value.tolist() == [1]
        with pytest.raises(LinkError, match="reading modbus:"):
            await link.read()
        with pytest.raises(LinkError, match="opening modbus:"):
            await link.open()
        async with peers.pymodbus({"holding": [(0, [2])]}, port=port):
            await link.open()
            assert (await link.read()).batch.value.tolist() == [2]
            await link.close()
        await link.close()

    asyncio.run(run())


@pytest.mark.peer
@pytest.mark.parametrize("in_flight", [1, 8])
def test_thousands_of_registers_from_libmodbus(peers, libmodbus, in_flight):
    port = peers.free_port()
    libmodbus(port)

    async def run():
        link = peers.connect(
            port,
            [f"holding:{place}" for place in range(3000)]
            + [f"input:{place}" for place in range(500)]
            + [f"coil:{place}" for place in range(2000)]
            + [f"discrete:{place}" for place in range(100)],
            in_flight=in_flight,
        )
        await link.open()
        batch = (await link.read()).batch
        await link.close()
        assert not batch.quality.any()
        assert batch.value[:3000].tolist() == list(range(3000))
        assert batch.value[3000:3500].tolist() == [65_535 - place for place in range(500)]
        assert batch.value[3500:5500].tolist() == [place % 3 == 0 for place in range(2000)]
        assert batch.value[5500:].tolist() == [place % 2 for place in range(100)]
        assert link.counts()["requests"] == 24 + 4 + 1 + 1

    asyncio.run(run())


@pytest.mark.peer
def test_the_end_of_the_registers_of_libmodbus(peers, libmodbus):
    port = peers.free_port()
    libmodbus(port)

    async def run():
        link = peers.connect(port, [f"holding:{place}" for place in range(9950, 10_010)])
        await link.open()
        batch = (await link.read()).batch
        await link.close()
        assert (batch.quality[:50] == Status.GOOD).all()
        assert (batch.quality[50:] == Status.BAD_NODE_ID_UNKNOWN).all()
        assert batch.value[:50].tolist() == list(range(9950, 10_000))

    asyncio.run(run())


@pytest.mark.peer
@pytest.mark.chaos
def test_libmodbus_killed_in_the_middle(peers, libmodbus):
    port = peers.free_port()
    process = libmodbus(port)

    async def run():
        link = peers.connect(port, ["holding:1:uint32"])
        await link.open()
        assert (await link.read()).batch.value.tolist() == [0x0001_0002]
        process.kill()
        process.wait()
        with pytest.raises(LinkError, match="reading"):
            await link.read()
        await link.close()
        with pytest.raises(LinkError, match="opening"):
            await link.open()
        libmodbus(port)
        await link.open()
        assert (await link.read()).batch.value.tolist() == [0x0001_0002]
        await link.close()

    asyncio.run(run())


@pytest.mark.peer
def test_the_fast_event_loop_reads_the_same(peers, libmodbus):
    uvloop = pytest.importorskip("uvloop")
    port = peers.free_port()
    libmodbus(port)

    async def run():
        link = peers.connect(port, [f"holding:{place}" for place in range(500)], in_flight=2)
        await link.open()
        batch = (await link.read()).batch
        await link.close()
        assert batch.value.tolist() == list(range(500))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def test_a_link_without_tags_still_notices_that_the_device_has_gone(peers):
    async def run():
        async with peers.pymodbus({"holding": [(0, [1])]}) as port:
            link = peers.connect(port, [])
            await link.open()
            assert len((await link.read()).batch) == 0
        await asyncio.sleep(0.05)
        with pytest.raises(LinkError):
            await link.read()
        await link.close()

    asyncio.run(run())


def test_ten_thousand_tags_of_eight_units(peers):
    async def run():
        devices = [{"id": unit, "holding": [(0, list(range(1250)))]} for unit in range(1, 9)]
        async with peers.pymodbus(*devices) as port:
            link = peers.connect(
                port,
                [{"holding": n, "unit": unit} for unit in range(1, 9) for n in range(1250)],
                timeout=30,
            )
            await link.open()
            batch = (await link.read()).batch
            await link.close()
            assert batch.value.tolist() == list(range(1250)) * 8
            assert not batch.quality.any()
            assert link.counts()["requests"] == 80

    asyncio.run(run())
