"""A stock Modbus client at the capper, the labeller and the meters."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence

from pymodbus.client import AsyncModbusTcpClient

HOLDING, INPUT = "read_holding_registers", "read_input_registers"


async def read(port: int, table: str, first: int, count: int, unit: int = 1):
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=5)
    assert await client.connect()
    try:
        return await getattr(client, table)(first, count=count, device_id=unit)
    finally:
        client.close()


def registers(demo, device: str, table: str, first: int, count: int, unit: int = 1):
    answer = asyncio.run(read(demo.ports[device], table, first, count, unit))
    assert not answer.isError(), answer
    return answer.registers


def refusal(demo, device: str, table: str, first: int, count: int, unit: int = 1) -> int:
    answer = asyncio.run(read(demo.ports[device], table, first, count, unit))
    assert answer.isError()
    return answer.exception_code


def float32(words: Sequence[int]) -> float:
    return struct.unpack(">f", struct.pack(">HH", *words))[0]


def test_the_capper_sends_the_low_word_first(demo):
    words = registers(demo, "capper", HOLDING, 100, 27)
    power, speed = float32(words[1::-1]), float32(words[3:1:-1])
    assert 1 < power < 8
    assert 0 <= speed < 130
    assert abs(float32(words[15:13:-1]) - 1.79) < 0.2  # cap torque
    good = words[21] << 16 | words[20]
    assert 1000 < good < 10_000_000
    assert registers(demo, "capper", INPUT, 12, 2)[0] in range(10)


def test_the_labeller_refuses_long_reads_and_has_a_hole(demo):
    assert 0 <= registers(demo, "labeller", HOLDING, 0, 5)[0] < 1300
    assert refusal(demo, "labeller", HOLDING, 0, 12) == 2  # illegal data address
    assert refusal(demo, "labeller", HOLDING, 7, 1) == 2
    assert refusal(demo, "labeller", HOLDING, 10, 24) == 3  # illegal data value
    assert len(registers(demo, "labeller", HOLDING, 14, 20)) == 20


def test_each_meter_has_its_own_unit_and_together_they_make_the_main(demo):
    async def powers() -> list[float]:
        client = AsyncModbusTcpClient("127.0.0.1", port=demo.ports["meters"], timeout=5)
        assert await client.connect()
        try:
            answers = [
                await client.read_input_registers(12, count=2, device_id=unit)
                for unit in range(1, 8)
            ]
        finally:
            client.close()
        return [float32(answer.registers) / 1000 for answer in answers]

    # the clock ticks between two reads, so that the sum may be of two moments: once in a few
    near = [
        abs(sum(each[1:]) + 1.5 - each[0]) < 4 for each in (asyncio.run(powers()) for _ in "abc")
    ]
    assert any(near)
    volts = registers(demo, "meters", INPUT, 0, 2)
    assert 220 < float32(volts) < 240
    assert refusal(demo, "meters", INPUT, 0, 2, unit=9) == 4  # no such meter behind the gateway


def test_nothing_can_be_written(demo):
    async def write():
        client = AsyncModbusTcpClient("127.0.0.1", port=demo.ports["capper"], timeout=5)
        assert await client.connect()
        try:
            return await client.write_register(100, 7, device_id=1)
        finally:
            client.close()

    assert asyncio.run(write()).isError()
