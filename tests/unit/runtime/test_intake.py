"""Reading a stream into history: poison is counted, sealed messages make room, losses heal."""

import asyncio
import json

import pytest

from isthmus.bus import document, frame
from isthmus.bus.memory import MemoryBus
from isthmus.bus.port import StreamSettings
from isthmus.historian.delta.lake import Lake
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Tag
from isthmus.runtime.catalogue import Catalogue
from isthmus.runtime.collect.tap import Tap
from isthmus.runtime.derive.dirt import Dirt
from isthmus.runtime.derive.window import HOUR
from isthmus.runtime.intake import Intake
from isthmus.runtime.live import Live
from isthmus.runtime.seal import seal_for_ever
from isthmus.runtime.subject import Subjects

NOW = Nanoseconds(1_800_000_000 * 10**9)
SUBJECTS = Subjects("acme", "x")


def one(value, at=0, tag=0):
    return Batch.of([TagId(tag)], Nanoseconds(NOW + at), [value])


class Bench:
    """A stream, a lake and what stands between."""

    def __init__(self, folder):
        self.folder = folder
        self.bus = MemoryBus()
        self.catalogue = Catalogue.open(folder / "catalogue.json")
        self.catalogue.bind([Tag("l/a"), Tag("l/b")])

    async def open(self):
        await self.bus.stream(StreamSettings("S", (">",), max_bytes=100_000))
        self.lake = Lake.open(self.folder / "history", now=lambda: NOW)
        self.live = Live()
        self.live.grow(2)
        self.intake = Intake(
            *(self.bus, "S", 100_000, self.lake, self.live, self.catalogue, Tap(), lambda: NOW)
        )
        await self.intake.open()
        self.publisher = await self.bus.publisher("S")
        return self

    async def tell(self, data, subject=""):
        await (await self.publisher.publish(subject or SUBJECTS.frame("press"), data))

    async def read_all(self, last=None):
        reading = asyncio.create_task(self.intake.run())
        last = last or (await self.bus.info("S")).last
        async with asyncio.timeout(10):
            while self.intake.position < last and not reading.done():
                await asyncio.sleep(0.01)
        assert not reading.done(), "the intake died"
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

    def values(self):
        return self.lake.raw([TagId(0)], Nanoseconds(0), Nanoseconds(1 << 62)).value.tolist()


def run(folder, what):
    async def go():
        bench = await Bench(folder).open()
        try:
            await what(bench)
        finally:
            bench.lake.close()

    asyncio.run(go())


def raw_event(**wrong):
    made = document.encode_events([Event(NOW, "l/b", "text", "x")])
    good = {"time": int(NOW), "path": "l/b", "kind": "text", "text": "x", "severity": 1, "data": {}}
    return made, good | wrong


@pytest.mark.parametrize(
    "poison",
    [
        lambda: (b"nonsense", SUBJECTS.frame("press")),
        lambda: (frame.encode(one(1.0)), "uns.v1.acme.x._frame.%FF"),
        lambda: (frame.encode(one(1.0, tag=-1)), SUBJECTS.frame("press")),
        lambda: (frame.encode(one(1.0, tag=9)), SUBJECTS.frame("press")),
        lambda: (b"", SUBJECTS.events("press")),
    ],
)
def test_a_message_that_makes_no_sense_is_counted_and_the_next_is_read(tmp_path, poison):
    async def what(bench):
        await bench.tell(frame.encode(one(1.0)))
        await bench.tell(*poison())
        await bench.tell(frame.encode(one(2.0, at=1)))
        await bench.read_all()
        assert bench.values()[-1] == 2.0
        assert bench.values()[0] == 1.0

    run(tmp_path, what)


@pytest.mark.parametrize("wrong", [{"time": 10**30}, {"severity": 10**30}, {"severity": -5}])
def test_numbers_beyond_reason_in_events_harm_nobody(tmp_path, wrong):
    from isthmus.bus.envelope import FrameKind, seal

    async def what(bench):
        _, event = raw_event(**wrong)
        body = json.dumps(event).encode()
        await bench.tell(seal(FrameKind.EVENTS, body), SUBJECTS.events("press"))
        await bench.tell(frame.encode(one(2.0)))
        await bench.read_all()
        assert bench.lake.seal() is not None
        assert bench.values() == [2.0]

    run(tmp_path, what)


@pytest.mark.parametrize("time", [NOW - 3 * HOUR, NOW, 10**30])
def test_a_text_that_comes_late_is_remembered_before_history_has_it(tmp_path, time):
    from isthmus.bus.envelope import FrameKind, seal

    async def what(bench):
        dirt = bench.intake.dirt = Dirt(tmp_path / "derive.json", until=int(NOW - HOUR))
        dirt.watch([1])
        _, event = raw_event(time=time)
        body = json.dumps(event).encode()
        await bench.tell(seal(FrameKind.EVENTS, body), SUBJECTS.events("press"))
        await bench.tell(frame.encode(one(2.0)))
        await bench.read_all()
        hour = (NOW - 3 * HOUR) // HOUR * HOUR
        late = {1: [(hour, hour + HOUR)]} if time < NOW else {}
        assert dirt.marks == late
        assert not late or Dirt.open(tmp_path / "derive.json").marks == late

    run(tmp_path, what)


def test_a_full_stream_of_which_all_is_sealed_gets_room(tmp_path):
    async def what(bench):
        for number in range(20):
            await bench.tell(frame.encode(one(float(number), at=number)))
        await bench.read_all()
        bench.lake.seal()  # and then we were killed, before the stream was purged
        full = True
        sealing = asyncio.create_task(seal_for_ever(bench.lake, [bench.intake], lambda: full))
        async with asyncio.timeout(10):
            while (await bench.bus.info("S")).messages > 1:
                await asyncio.sleep(0.02)
        sealing.cancel()
        await asyncio.gather(sealing, return_exceptions=True)
        assert len(bench.values()) == 20

    run(tmp_path, what)


def test_a_stream_that_lost_its_end_is_read_on_without_leaving_anything_out(tmp_path):
    async def what(bench):
        for number in range(9):
            await bench.tell(frame.encode(one(float(number), at=number)))
        await bench.read_all()
        bench.lake.seal()
        kept = bench.bus.stored("S")  # a power cut takes what was not yet flushed
        for _ in range(6):
            kept.messages.pop()
        kept.last = 3
        await bench.intake.open()
        for number in range(100, 110):
            await bench.tell(frame.encode(one(float(number), at=number)))
        await bench.read_all()
        assert bench.values() == [*map(float, range(9)), *map(float, range(100, 110))]

    run(tmp_path, what)
