"""What a site takes from an edge's stream: the edge's own tags, under the site's ids, once."""

import asyncio
import time

import numpy as np
import pytest

from isthmus.bus import document, frame
from isthmus.bus.edge import EdgeAccess
from isthmus.bus.memory import MemoryBus
from isthmus.historian.delta.lake import Lake
from isthmus.model.event import Event
from isthmus.model.plant import Connection, Edge, Equipment, Level, Plant
from isthmus.model.ports import Address, SourceConfig
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId
from isthmus.model.tag import Tag
from isthmus.runtime.catalogue import Catalogue
from isthmus.runtime.collect.health import Condition
from isthmus.runtime.collect.tap import Tap
from isthmus.runtime.edge.status import EdgeStatus, LinkStatus
from isthmus.runtime.edge.view import EdgeView, Reach, duration
from isthmus.runtime.intake import Intake
from isthmus.runtime.live import Live
from isthmus.runtime.subject import Subjects

SITE, MINE = "hall/line1/a", "hall/line1/b"
NEW = "hall/line1/new"
SUBJECTS = Subjects("acme", "riverside")
EDGE = Edge("edge1", "tls://site.acme:4222", "edge1-identity", silence=2.0)


class Nowhere(SourceConfig):
    """A connection that the site never opens itself."""

    def build(self, bindings, *, now, state):
        raise AssertionError("the site opened a connection of its edge")

    @property
    def endpoint(self):
        return "nowhere:"


def plant():
    unit = Equipment("hall/line1", Level.WORK_CENTER, tags=(Tag(SITE), Tag(MINE)))
    return Plant(
        *("acme", "riverside"),
        areas=(Equipment("hall", Level.AREA, children=(unit,)),),
        connections={
            "plc": Connection(Nowhere(name="plc"), {SITE: Address()}),
            "far": Connection(Nowhere(name="far"), {MINE: Address()}, "edge1"),
        },
        edges={"edge1": EDGE},
    )


def now():
    return Nanoseconds(time.time_ns())


class Bench:
    """An edge's stream in memory, and what a site makes of it."""

    def __init__(self, folder, bus):
        self.bus, self.plant, self.access = bus, plant(), EdgeAccess("edge1")
        self.catalogue = Catalogue.open(folder / "catalogue.json")
        self.catalogue.bind(self.plant.tags())
        self.live = Live()
        self.live.grow(2)
        self.lake = Lake.open(folder / "history", now=now)
        self.lake.write_tags(self.catalogue.namespace.items())
        self.view = EdgeView(EDGE, self.plant, self.catalogue.namespace, folder, now)
        self.intake = Intake(
            *(bus, self.access.stream, 1 << 20, self.lake, self.live, self.catalogue, Tap(), now),
            edge=self.view,
        )
        self.told = []

    async def tell(self, name, event):
        self.told.append((name, event.kind))

    async def say(self, *messages):
        """Put `messages` into the stream as the uplink would, and read them."""
        publisher = await self.bus.publisher(self.access.stream)
        for subject, data in messages:
            await publisher.publish(self.access.prefix + subject, data)
        await publisher.flush()
        await publisher.close()
        reading = asyncio.create_task(self.intake.run())
        async with asyncio.timeout(10):
            while self.intake.position < (await self.intake.info()).last:
                await asyncio.sleep(0.005)
        reading.cancel()
        await asyncio.wait([reading])

    def rows(self, path):
        query = f"select value from samples where path = '{path}' order by time"
        return [row["value"] for row in self.lake.sql(query, seconds=10, rows=100).to_pylist()]


def with_bench(folder, what):
    async def go():
        bus = MemoryBus()
        bench = Bench(folder, bus)
        await bench.access.prepare(bus, 1 << 20)
        await bench.intake.open()
        try:
            await what(bench)
        finally:
            bench.lake.close()
            await bus.close()

    asyncio.run(go())


def catalogue(*paths):
    tags = [(TagId(number), Tag(path)) for number, path in enumerate(paths)]
    return SUBJECTS.catalogue, document.encode_catalogue(tags)


def samples(*rows):
    ids, values = zip(*rows, strict=True)
    batch = Batch.of(ids, now(), list(map(float, values)))
    return SUBJECTS.frame("far"), frame.encode(batch)


def test_its_own_and_new_tags_are_stored_and_those_of_others_are_not(tmp_path):
    async def go(bench):
        await bench.say(catalogue(MINE, SITE, NEW), samples((0, 1), (1, 666), (2, 3)))
        assert (bench.rows(MINE), bench.rows(SITE), bench.rows(NEW)) == ([1.0], [], [3.0])
        assert bench.intake.refused == 1
        assert bench.intake.damaged == 0
        assert bench.live.quality[bench.catalogue.namespace.id(SITE)] != Status.GOOD
        assert bench.view.links["far"].health.received.total == 2

    with_bench(tmp_path, go)


def test_frames_before_any_catalogue_are_not_guessed(tmp_path):
    async def go(bench):
        await bench.say(samples((0, 1)), catalogue(MINE), samples((0, 2), (0, 3)))
        assert bench.rows(MINE)[-1] == 3.0
        assert bench.rows(SITE) == []
        assert bench.intake.damaged == 1

    with_bench(tmp_path, go)


def test_events_of_others_are_left_out(tmp_path):
    async def go(bench):
        events = [
            Event(now(), path, kind, "x", 1)
            for path, kind in ((MINE, "text"), (SITE, "text"), ("plc", "link-down"))
        ]
        await bench.say(catalogue(MINE), (SUBJECTS.events("far"), document.encode_events(events)))
        kept = bench.lake.events(Nanoseconds(0), Nanoseconds(2**62), limit=10)
        assert [event.path for event in kept] == [MINE]

    with_bench(tmp_path, go)


def test_times_of_an_edge_that_cannot_be_true_are_those_of_receipt(tmp_path):
    async def go(bench):
        start = now()
        days = np.arange(100, dtype=np.int64) * 86_400 * 10**9 + 1
        odd = Batch.of(np.zeros(100, np.int32), days, np.arange(100.0))
        events = [Event(Nanoseconds(time), MINE, "text", "x", 1) for time in (1, 2**62)]
        await bench.say(
            catalogue(MINE),
            (SUBJECTS.frame("far"), frame.encode(odd)),
            (SUBJECTS.events("far"), document.encode_events(events)),
        )
        assert bench.intake.astray == 100
        bench.lake.seal()
        query = "select min(time) as first, min(quality) as quality from samples"
        told = bench.lake.sql(query, seconds=10, rows=1).to_pylist()[0]
        assert told["quality"] == Status.UNCERTAIN
        kept = bench.lake.events(start, Nanoseconds(now() + 1), limit=10)
        assert len(kept) == 2
        assert len(list((tmp_path / "history" / "samples").iterdir())) <= 2

    with_bench(tmp_path, go)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (59.6, "1 min 0 s"), (3_599, "59 min 59 s"), (7_620, "2 h 7 min"), (-3, "0 s")],
)
def test_durations_are_for_people(seconds, told):
    assert duration(seconds) == told


def test_an_edge_rises_falls_behind_and_falls_silent(tmp_path):
    async def until(what):
        async with asyncio.timeout(20):
            while not what():
                await asyncio.sleep(0.02)

    async def go(bench):
        await bench.say(catalogue(MINE), samples((0, 1)))
        mine = bench.catalogue.namespace.id(MINE)
        keys = await bench.bus.bucket(bench.access.bucket)
        age, speaking = 0.0, True

        async def speak():
            while speaking:
                links = {"far": LinkStatus(Condition.REFUSED, now(), error="wrong password")}
                status = EdgeStatus(now(), "up", "up", age=age, lost=7, links=links)
                await keys.put("status", status.encode())
                await asyncio.sleep(0.1)

        view, link = bench.view, bench.view.links["far"]
        watching = asyncio.create_task(view.watch(bench.bus, bench.intake, bench.live, bench.tell))
        said = asyncio.create_task(speak())
        await until(lambda: view.reach is Reach.UP)
        assert (link.health.condition, link.health.error) == ("refused", "wrong password")
        assert (view.lost, view.lost_messages) == (0, 7)
        assert bench.live.quality[mine] == Status.GOOD
        age = 8_000.0
        await until(lambda: link.health.condition is Condition.PARTLY)
        assert view.reach is Reach.BEHIND
        assert "2 h 13 min behind" in link.health.error
        assert bench.live.quality[mine] == Status.BAD_NO_COMMUNICATION
        speaking = False
        await until(lambda: link.health.condition is Condition.DOWN)
        assert view.reach is Reach.SILENT
        speaking, age = True, 0.0
        said = asyncio.create_task(speak())
        await until(lambda: link.health.condition is Condition.REFUSED)
        assert bench.live.quality[mine] == Status.GOOD
        kinds = [("edge1", "edge-up"), ("edge1", "edge-down"), ("edge1", "edge-up")]
        assert bench.told == kinds
        for task in (said, watching):
            task.cancel()
        await asyncio.wait([said, watching])

    with_bench(tmp_path, go)
