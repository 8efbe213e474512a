"""Delivery from a stream in memory to a sink that can be made to fail."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np

from isthmus.bus import document, frame
from isthmus.bus.memory import MemoryBus
from isthmus.bus.port import StreamSettings
from isthmus.model.errors import AuthError, LinkError
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.sink import Parcel, Sink, SinkConfig
from isthmus.model.tag import Namespace, Tag
from isthmus.runtime.egress import delivery
from isthmus.runtime.egress.delivery import Delivery
from isthmus.runtime.subject import Subjects

SUBJECTS = Subjects("acme", "riverside")
PATHS = ("line/a/speed", "line/a/count", "line/b/speed")


class Shelf(Sink):
    """What arrived and how far it is; fails as often as it is told."""

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []
        self.positions: dict[str, int] = {}
        self.failures: list[Exception] = []
        self.opened = self.closed = 0

    def open(self) -> Mapping[str, int]:
        self.opened += 1
        return dict(self.positions)

    def write(self, parcel: Parcel) -> None:
        if self.failures:
            raise self.failures.pop()
        assert parcel.position > self.positions.get(parcel.stream, 0), "in order, each once"
        self.parcels.append(parcel)
        self.positions[parcel.stream] = parcel.position

    def close(self) -> None:
        self.closed += 1

    def values(self) -> list[float]:
        return [value for parcel in self.parcels for value in parcel.batch.value.tolist()]

    def texts(self) -> list[str]:
        return [event.text for parcel in self.parcels for _, _, event in parcel.events]


class Shelved(SinkConfig):
    def build(self, root: str) -> Sink:
        return SHELF

    @property
    def endpoint(self) -> str:
        return "a list"


SHELF = Shelf()


class Bench:
    """A stream, an intake that has found its place, and one delivery."""

    def __init__(self, folder, **settings) -> None:
        global SHELF  # noqa: PLW0603 - a configuration builds its sink from nothing else
        SHELF = Shelf()
        self.shelf, self.folder, self.settings = SHELF, folder, settings
        self.bus = MemoryBus()

    async def open(self) -> Bench:
        await self.bus.stream(StreamSettings("UNS", (SUBJECTS.all,)))
        namespace = Namespace()
        for path in PATHS:
            namespace.bind(Tag(path))
        epoch = (await self.bus.info("UNS")).epoch
        self.intake = SimpleNamespace(
            stream="UNS", epoch=epoch, edge=None, namespace=namespace, position=0
        )
        self.publisher = await self.bus.publisher("UNS")
        config = Shelved(**{"name": "shelf", "every": 0.02} | self.settings)
        self.delivery = Delivery(config, "acme/riverside", self.bus, [self.intake], self.folder)
        return self

    async def samples(self, *values: float, tag: int = 0) -> None:
        batch = Batch.of([TagId(tag)] * len(values), np.arange(len(values)), values)
        await self.publisher.publish(SUBJECTS.frame("plc"), frame.encode(batch))
        await self.publisher.flush()

    async def until(self, true) -> None:
        async with asyncio.timeout(20):
            while not true():
                await asyncio.sleep(0.01)


def run(folder, check, **settings) -> None:
    async def main() -> None:
        bench = await Bench(folder, **settings).open()
        running = asyncio.create_task(bench.delivery.run())
        try:
            await check(bench)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert bench.shelf.closed, "a sink is closed in the end"

    asyncio.run(main())


def test_samples_and_events_of_its_tags_arrive_in_order(tmp_path):
    async def check(bench):
        await bench.samples(1, 2)
        await bench.samples(99, tag=2)
        told = [Event(Nanoseconds(1), path, "text", path) for path in ("line/a", "line/b")]
        await bench.publisher.publish(SUBJECTS.events("plc"), document.encode_events(told))
        await bench.publisher.publish(SUBJECTS.frame("plc"), b"nonsense")
        await bench.samples(3, tag=1)
        await bench.until(lambda: len(bench.shelf.values()) == 3)
        assert bench.shelf.values() == [1, 2, 3]
        assert bench.shelf.texts() == ["line/a"]
        written = np.concatenate([parcel.written for parcel in bench.shelf.parcels])
        assert (np.diff(written) >= 0).all()
        tags = {tag.path for parcel in bench.shelf.parcels for tag in parcel.tags.values()}
        assert tags == {"line/a/speed", "line/a/count"}
        status = bench.delivery.status
        assert (status.condition, status.sent.total, status.events) == ("up", 3, 1)
        await bench.until(lambda: status.lag == 0)

    run(tmp_path, check, tags=["line/a"])


def test_a_failure_is_told_and_nothing_is_lost_or_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(delivery, "FIRST_WAIT", 0.2)

    async def check(bench):
        await bench.samples(1)
        await bench.until(lambda: bench.shelf.values() == [1])
        bench.shelf.failures = [LinkError("gone", hint="bring it back")]
        await bench.samples(2)
        status = bench.delivery.status
        await bench.until(lambda: status.condition == "down")
        assert (status.error, status.hint) == ("gone", "bring it back")
        assert status.lag > 0
        await bench.samples(3)
        await bench.until(lambda: bench.shelf.values() == [1, 2, 3])
        assert status.condition == "up"
        assert not status.error
        assert status.missed == 0

    run(tmp_path, check)


def test_a_refusal_is_not_tried_again_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(delivery, "FIRST_WAIT", 0.01)

    async def check(bench):
        bench.shelf.failures = [AuthError("who are you?")]
        await bench.samples(1)
        await bench.until(lambda: bench.delivery.status.condition == "refused")
        await asyncio.sleep(0.3)
        assert bench.shelf.opened == 1

    run(tmp_path, check)


def test_what_the_stream_gave_up_meanwhile_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(delivery, "FIRST_WAIT", 0.3)

    async def check(bench):
        await bench.samples(1)
        await bench.until(lambda: bench.shelf.values() == [1])
        bench.shelf.failures = [LinkError("gone")]
        for value in (2, 3, 4, 5):
            await bench.samples(value)
        await bench.until(lambda: bench.delivery.status.condition == "down")
        await bench.bus.purge("UNS", before=5)
        await bench.until(lambda: bench.shelf.values() == [1, 5])
        assert bench.delivery.status.missed == 3

    run(tmp_path, check)


def test_a_parcel_holds_no_more_than_it_may(tmp_path):
    async def check(bench):
        for _ in range(10):
            await bench.samples(*range(100))
        await bench.until(lambda: len(bench.shelf.values()) == 1_000)
        assert max(len(parcel.batch) for parcel in bench.shelf.parcels) <= 300

    run(tmp_path, check, rows=250, every=5)
