"""Peers that answer wrongly, late, endlessly or not at all."""

from __future__ import annotations

import asyncio
import struct

import numpy as np
import pytest

from isthmus.connectors.modbus.link import PATIENCE
from isthmus.model.errors import LinkError
from isthmus.model.sample import Status


def ask(peers, answer, addresses=("holding:0",), *, reads=1, **settings):
    """The readings of a link whose peer answers as `answer` says, and its counts."""

    async def run():
        async with peers.scripted(answer) as port:
            link = peers.connect(port, addresses, **{"timeout": 0.3, **settings})
            try:
                async with asyncio.timeout(10):
                    await link.open()
                    return [await link.read() for _ in range(reads)], link.counts()
            finally:
                await link.close()

    return asyncio.run(run())


def frames(chunk):
    """The requests in `chunk`: transaction id, unit, function code, start, count."""
    return [struct.unpack_from(">HxxxxBBHH", chunk, at) for at in range(0, len(chunk), 12)]


def reply(tid, unit, pdu, *, protocol=0, length=None):
    size = 1 + len(pdu) if length is None else length
    return struct.pack(">HHHB", tid, protocol, size, unit) + pdu


def holding(tid, unit, count, start=0):
    words = struct.pack(f">{count}H", *range(start, start + count))
    return reply(tid, unit, bytes([3, 2 * count]) + words)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda chunk: [b"HTTP/1.1 400 Bad Request\r\n\r\n"], "does not frame"),
        (lambda chunk: [bytes(4096)], "does not frame"),
        (lambda chunk: [reply(1, 1, b"\x03\x02\0\0", protocol=7)], "does not frame"),
        (lambda chunk: [reply(1, 1, b"\x03\x02\0\0", length=2)], "does not frame"),
        (lambda chunk: [reply(1, 1, b"\x03\x02\0\0", length=255)], "does not frame"),
        (lambda chunk: [holding(1, 1, 1)[:-1]], "no answer in"),
        (lambda chunk: [], "no answer in"),
        (lambda chunk: [holding(77, 1, 1)], "no answer in"),
        (lambda chunk: [holding(0, 1, 1) * 5000], "nobody asked for"),
    ],
    ids=["http", "zeros", "protocol", "short", "long", "cut", "silent", "stray", "endless"],
)
def test_a_peer_that_is_no_modbus_device_is_a_lost_link(peers, answer, says):
    with pytest.raises(LinkError, match=says):
        ask(peers, answer)


@pytest.mark.parametrize(
    ("pdu", "unit", "status"),
    [
        (b"\x03\x04\0\1\0\2", 1, Status.BAD_DECODING_ERROR),  # more than asked for
        (b"\x03\x03\0\1", 1, Status.BAD_DECODING_ERROR),  # its count is not its size
        (b"\x04\x02\0\1", 1, Status.BAD_DECODING_ERROR),  # another function
        (b"\x03\x02\0\1", 2, Status.BAD_DECODING_ERROR),  # another unit
        (b"\x83\x02\0", 1, Status.BAD_DECODING_ERROR),  # an exception with a tail
        (b"\x83\x01", 1, Status.BAD_CONFIGURATION_ERROR),
        (b"\x83\x02", 1, Status.BAD_NODE_ID_UNKNOWN),
        (b"\x83\x03", 1, Status.BAD_NODE_ID_UNKNOWN),
        (b"\x83\x04", 1, Status.BAD_DEVICE_FAILURE),
        (b"\x83\x06", 1, Status.BAD_NO_COMMUNICATION),
        (b"\x83\x0b", 1, Status.BAD_NO_COMMUNICATION),
        (b"\x83\xee", 1, Status.BAD_DEVICE_FAILURE),
    ],
)
def test_an_answer_that_is_wrong_or_an_exception_is_bad_quality(peers, pdu, unit, status):
    (reading,), counts = ask(peers, lambda chunk: [reply(t, unit, pdu) for t, *_ in frames(chunk)])
    assert reading.batch.quality.tolist() == [status]
    assert counts["malformed"] == (status is Status.BAD_DECODING_ERROR)


def test_a_late_answer_is_never_taken_for_another(peers):
    owed = []

    def answer(chunk):
        for tid, unit, _, start, count in frames(chunk):
            if unit == 2:
                owed.append(holding(tid, unit, count, start=999))
            else:
                yield from owed
                yield holding(tid, unit, count, start)
                owed.clear()

    addresses = ["holding:5", {"holding": 5, "unit": 2}]
    readings, counts = ask(peers, answer, addresses, reads=2)
    for reading in readings:
        assert reading.batch.value[0] == 5
        assert reading.batch.quality.tolist() == [Status.GOOD, Status.BAD_TIMEOUT]
    assert counts["stray"] == 1
    assert counts["timeout"] == 2


def test_a_silent_unit_costs_one_timeout_however_many_blocks_it_has(peers):
    def answer(chunk):
        return [
            holding(tid, u, count, start) for tid, u, _, start, count in frames(chunk) if u == 1
        ]

    addresses = ["holding:0", *({"holding": 1000 * n, "unit": 2} for n in range(20))]
    (reading,), counts = ask(peers, answer, addresses)
    assert reading.batch.quality.tolist() == [Status.GOOD, *[Status.BAD_TIMEOUT] * 20]
    assert counts["timeout"] == 20


@pytest.mark.parametrize("in_flight", [1, 3])
def test_no_more_requests_in_flight_than_allowed(peers, in_flight):
    seen = []

    def answer(chunk):
        seen.append(len(frames(chunk)))
        return [holding(tid, unit, count, start) for tid, unit, _, start, count in frames(chunk)]

    addresses = [f"holding:{1000 * n}" for n in range(10)]
    (reading,), _ = ask(peers, answer, addresses, in_flight=in_flight)
    assert reading.batch.value.tolist() == [1000 * n for n in range(10)]
    assert max(seen) <= in_flight
    assert sum(seen) == 10


def test_answers_in_any_order_find_their_requests(peers):
    def answer(chunk):
        return [holding(t, unit, count, start) for t, unit, _, start, count in frames(chunk)[::-1]]

    (reading,), _ = ask(peers, answer, [f"holding:{500 * n}" for n in range(4)], in_flight=4)
    assert reading.batch.value.tolist() == [0, 500, 1000, 1500]


def test_a_byte_at_a_time_within_the_timeout_is_an_answer(peers):
    def answer(chunk):
        return [bytes([byte]) for t, *_ in frames(chunk) for byte in holding(t, 1, 1, 42)]

    (reading,), _ = ask(peers, answer)
    assert reading.batch.value.tolist() == [42]


def test_a_slow_trickle_ends_with_the_timeout(peers):
    def answer(chunk):
        yield struct.pack(">HHHBBB", 1, 0, 253, 1, 3, 250)
        for _ in range(250):
            yield 0.05
            yield b"\0"

    with pytest.raises(LinkError, match="no answer in"):
        ask(peers, answer)


def test_a_port_where_nobody_listens(peers):
    async def run():
        link = peers.connect(peers.free_port(), ["holding:0"])
        with pytest.raises(LinkError, match="opening") as caught:
            await link.open()
        assert caught.value.hint
        with pytest.raises(LinkError, match="not open"):
            await link.read()
        await link.close()

    asyncio.run(run())


def test_closing_ends_a_waiting_read(peers):
    async def run():
        async with peers.scripted(lambda chunk: []) as port:
            link = peers.connect(port, ["holding:0"], timeout=60)
            await link.open()
            reading = asyncio.create_task(link.read())
            await asyncio.sleep(0.05)
            await link.close()
            with pytest.raises(LinkError, match="closed"):
                await reading

    asyncio.run(run())


class Loading:
    """A controller of 500 registers that refuses all while its program is loaded."""

    def __init__(self, lacks=()):
        self.refuses, self.asked, self.lacks = False, 0, set(lacks)

    def __call__(self, chunk):
        for tid, unit, _, start, count in frames(chunk):
            self.asked += 1
            refused = self.refuses or self.lacks & set(range(start, start + count))
            yield reply(tid, unit, b"\x83\x02") if refused else holding(tid, unit, count, start)


@pytest.mark.parametrize("lacks", [(), (130,)], ids=["whole", "with a hole"])
def test_what_was_divided_for_a_passing_refusal_is_read_together_again(peers, lacks):
    async def run():
        controller = Loading(lacks)
        addresses = [f"holding:{number}" for number in range(500)]
        async with peers.scripted(controller) as port, asyncio.timeout(60):
            link = peers.connect(port, addresses)
            await link.open()

            async def requests():
                controller.asked = 0
                reading = await link.read()
                return controller.asked, np.flatnonzero(reading.batch.quality).tolist()

            for _ in range(3):
                before = await requests()
            controller.refuses = True
            for _ in range(5):
                await requests()
            controller.refuses = False
            await requests()
            divided = await requests()
            for _ in range(4 * PATIENCE):
                after = await requests()
            await link.close()
            return before, divided, after

    before, divided, after = asyncio.run(run())
    assert divided[0] > 10 * before[0]
    assert after == before
    assert after[1] == list(lacks)
