"""One running installation: bus, links, history and the present, in one task group."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Literal
from urllib.parse import urlsplit

import numpy as np

from isthmus.bus import document, frame
from isthmus.bus.edge import BUCKET_BYTES
from isthmus.bus.port import Ack, Publishing, StreamSettings
from isthmus.bus.server import ANY, Server
from isthmus.historian.port import Historian
from isthmus.model.clock import Pace
from isthmus.model.errors import IsthmusError, StorageError
from isthmus.model.event import Event
from isthmus.model.plant import Plant
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Namespace
from isthmus.runtime.alarm.alarms import Alarms
from isthmus.runtime.catalogue import Catalogue
from isthmus.runtime.collect.collector import Collector
from isthmus.runtime.collect.ending import end
from isthmus.runtime.collect.link import Link, gap
from isthmus.runtime.collect.outlet import Outlet
from isthmus.runtime.collect.tap import Tap
from isthmus.runtime.derive.loop import Deriver
from isthmus.runtime.edge.view import EdgeLink, EdgeView
from isthmus.runtime.egress.delivery import Delivery
from isthmus.runtime.export.scheduled import Exports
from isthmus.runtime.figures.dark import dark_since
from isthmus.runtime.figures.read import Records
from isthmus.runtime.history.alive import Heartbeat, unknown_since
from isthmus.runtime.history.archive import Archives, archive_for_ever
from isthmus.runtime.history.backup import Backups
from isthmus.runtime.history.imports import imported_tags
from isthmus.runtime.history.opened import open_historian
from isthmus.runtime.intake import Intake
from isthmus.runtime.late import Late
from isthmus.runtime.limits import LimitWatch
from isthmus.runtime.live import Live
from isthmus.runtime.local_bus import LocalBus
from isthmus.runtime.notify.notify import Notify
from isthmus.runtime.report.scheduled import Reports
from isthmus.runtime.rule.rules import Rules
from isthmus.runtime.scorecard.board import Scorecard
from isthmus.runtime.seal import seal_for_ever
from isthmus.runtime.settings import STREAM, Settings
from isthmus.runtime.share import share_for_ever
from isthmus.runtime.sql.endpoint import SqlEndpoint
from isthmus.runtime.stops.book import Book
from isthmus.runtime.subject import Subjects
from isthmus.runtime.trust.trust import Trust
from isthmus.runtime.work import work

log = logging.getLogger(__name__)

STANDSTILL = 15.0


class App:
    """A plant that runs; `run` until `stopping` is set."""

    def __init__(self, plant: Plant, settings: Settings, *, pace: Pace | None = None) -> None:
        self.plant, self.settings, self.pace = plant, settings, pace
        self.stopping, self.started = asyncio.Event(), time.monotonic()
        self.judging = asyncio.Event()  # alarms and rules: cleared while a past is filled in
        self.judging.set()
        self.first_value: float | None = None  # seconds from the start of the process's app
        self.catalogue = Catalogue.open(settings.folder / "catalogue.json")
        self.catalogue.bind([*imported_tags(settings.folder), *plant.tags()])
        self.trust = Trust.open(plant, settings.folder, self.now)
        self.tap, self.live = Tap(), Live()
        self.live.grow(len(self.namespace))
        self.subjects = Subjects(plant.enterprise, plant.site)
        self.historian: Historian = open_historian(settings, self.now)
        self.stops = Book.open(settings.folder, plant.reasons)
        shared = plant, self.namespace, self.historian, self.now
        self.records = Records(*shared, self._dark, self.stops.told, self.historian.events)
        self.exports = Exports(*shared, settings.folder)
        self.backups = Backups.of(settings, f"{plant.enterprise}/{plant.site}")
        where = self.historian, settings.folder, lambda: self.trust.rights.policy
        self.sql = SqlEndpoint.of(plant, self.namespace, *where)
        self.limits = LimitWatch(self.namespace, self.live)
        self.alarms, self.rules = Alarms.open(self), Rules(self)
        self.late = Late(self.namespace, self.historian, self.live, self.now)
        self.scorecard, self.notify = Scorecard.open(self), Notify(self)
        self.reports = Reports(self)
        self.links: dict[str, Link | EdgeLink] = {}
        self.deliveries: list[Delivery] = []
        self.edges = {
            name: EdgeView(edge, plant, self.namespace, settings.folder / "edges", self.now)
            for name, edge in plant.edges.items()
        }
        self.local: LocalBus | None = None
        self.deriver: Deriver
        self.collector: Collector
        self.intake: Intake  # of what our own links say
        self.intakes: list[Intake] = []  # all: ours, and one for each edge

    # ------------------------------------------------------------------ what others ask
    @property
    def namespace(self) -> Namespace:
        """All tags and their ids."""
        return self.catalogue.namespace

    @property
    def publisher(self) -> Publishing:
        """What our own links say goes through it."""
        return self.collector.publisher

    @property
    def outlet(self) -> Outlet:
        """What our own links have said and the stream has not."""
        return self.collector.outlet

    @property
    def server(self) -> Server | None:
        """The bus where it is our own child."""
        return self.local.server if self.local else None

    def now(self) -> Nanoseconds:
        """The plant's time."""
        wall = time.time_ns()
        return self.pace.at(wall) if self.pace else Nanoseconds(wall)

    def path(self, tag: int) -> str:
        """The path of a tag id."""
        return self.namespace[TagId(tag)].path

    def lost(self) -> int:
        """Samples known to be lost since the start, wherever it happened."""
        ours = sum(link.health.lost for link in self.collector.links.values())
        return ours + sum(view.lost for view in self.edges.values())

    def lost_messages(self) -> int:
        """Messages that a stream gave up before they were stored, each of many samples."""
        edges = sum(view.lost_messages for view in self.edges.values())
        return edges + sum(intake.discarded for intake in self.intakes)

    def damaged(self) -> int:
        """Messages that could not be read, and samples of tags that were not their teller's."""
        return sum(intake.damaged + intake.refused for intake in self.intakes)

    def trouble(self) -> str:
        """Why history takes no more, empty where it does."""
        return next((intake.trouble for intake in self.intakes if intake.trouble), "")

    def values_per_s(self) -> float:
        """What history takes, as a mean of the last seconds."""
        second = int(time.monotonic())
        return sum(intake.rate.per_second(second) for intake in self.intakes)

    def bus_state(self) -> Literal["up", "down", "full"]:
        """Whether the stream takes what comes."""
        return self.local.state(self.publisher) if self.local else "down"

    def bus_trouble(self) -> str:
        """Why the stream does not take what comes."""
        return self.local.trouble(self.publisher) if self.local else ""

    def shift_name(self) -> str:
        """The shift running on the first line, empty between shifts."""
        line = next(self.plant.lines(), None)
        return self.records.shift(line).name if line else ""

    # ------------------------------------------------------------------ life
    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Run until `stopping` is set; then hand over, store and close in order."""
        try:
            local = self.local = await self._bus()
            await self._open(local)
            async with asyncio.TaskGroup() as tasks:
                keep = [tasks.create_task(intake.run(), name="intake") for intake in self.intakes]
                sealing = seal_for_ever(self.historian, self.intakes, self._pressed)
                keep.append(tasks.create_task(sealing, name="seal"))
                if local.server:
                    keep.append(tasks.create_task(local.server.supervise(), name="bus"))
                keep.append(tasks.create_task(local.renew_for_ever(), name="certificates"))
                heart = Heartbeat(self.settings.folder, self.now)
                alive = heart.last()
                await self._catch_up()
                await self._mark_gaps(alive)
                keep += [tasks.create_task(each, name=name) for name, each in work(self)]
                keep.append(tasks.create_task(heart.beat(), name="beat"))
                if isinstance(self.historian, Archives):
                    moving = archive_for_ever(self.historian, self.stopping.is_set)
                    keep.append(tasks.create_task(moving, name="archive"))
                if self.backups:
                    keep.append(tasks.create_task(self.backups.run(self._sealed), name="backup"))
                if self.sql is not None:
                    keep.append(tasks.create_task(self.sql.run(), name="sql"))
                keep.append(tasks.create_task(share_for_ever(self, local.bus), name="share"))
                keep.append(tasks.create_task(self._first(), name="first value"))
                keep += [tasks.create_task(sink.run(), name="sink") for sink in self.deliveries]
                for intake in self.intakes:
                    if intake.edge is not None:
                        watching = intake.edge.watch(local.bus, intake, self.live, self.tell)
                        keep.append(tasks.create_task(watching, name="edge"))
                self.collector.start(tasks)
                ready()
                await self.stopping.wait()
                await self.collector.stop()
                await self._hand_over()
                await end(keep)
        finally:
            self.stopping.set()
            await self._close()

    async def _bus(self) -> LocalBus:
        """The bus, which lets each edge do what it must."""
        edges, zones = self.plant.edges.values(), self.trust.zones
        hosts = {self.settings.bus_host, *(urlsplit(one.site).hostname or "" for one in edges)}
        return await LocalBus.open(
            *(self.settings, self.plant.site),
            clients=zones.clients(),
            hosts=sorted(hosts - ANY.keys()),
            edge_bytes=len(edges) * (self.settings.stream_bytes + BUCKET_BYTES),
            zone=zones.here,
            shut_out=zones.shut_out,
        )

    async def _open(self, local: LocalBus) -> None:
        settings, bus = self.settings, local.bus
        await bus.stream(
            StreamSettings(STREAM, (self.subjects.all,), max_bytes=settings.stream_bytes)
        )
        shared = self.historian, self.live, self.catalogue, self.tap, self.now
        self.intake = Intake(bus, STREAM, settings.stream_bytes, *shared)
        self.intakes = [self.intake]
        for view in self.edges.values():
            await view.access.prepare(bus, view.edge.disk)
            self.intakes.append(Intake(bus, view.access.stream, view.edge.disk, *shared, edge=view))
        self.deriver = Deriver.of(self.records, self.historian, settings.folder)
        for intake in self.intakes:
            intake.dirt, intake.late, intake.rules = self.deriver.dirt, self.late, self.rules
            await intake.try_open()
        root, states = f"{self.plant.enterprise}/{self.plant.site}", settings.folder / "sinks"
        self.deliveries = [
            Delivery(config, root, bus, self.intakes, states)
            for config in self.plant.sinks.values()
        ]
        self.historian.write_tags(self.namespace.items())
        self.live.update(self.historian.last(np.arange(len(self.namespace), dtype=np.int32)))
        try:
            self.live.recall(self.historian, self.namespace, self.now())
        except StorageError as error:  # its server is away: it is told, and tried again
            self.intake.note(str(error))
        self.collector = Collector(
            *(self.plant.run_by(), self.namespace),
            *(await bus.publisher(STREAM), self.subjects),
            now=self.now,
            tap=self.tap,
            folder=settings.folder / "links",
        )
        self.links.update(self.collector.links)
        for view in self.edges.values():
            self.links.update(view.links)

    async def _catch_up(self) -> None:
        """Read again what the stream holds and history does not, before anything new comes.

        However long it takes, as long as it goes on; where it stands still, a full disk for one,
        the links are opened all the same, and held back by the stream.
        """
        last = (await self.intake.info()).last
        moved, position = time.monotonic(), self.intake.position
        while self.intake.position < last and not self.stopping.is_set():
            if self.intake.position != position:
                moved, position = time.monotonic(), self.intake.position
            if time.monotonic() - moved > STANDSTILL:
                log.warning("reading again stands still at message %d of %d", position, last)
                return
            await asyncio.sleep(0.02)

    async def _mark_gaps(self, alive: Nanoseconds) -> None:
        """Nothing is known of the time since we stopped: one bad sample a tag says so."""
        links = self.collector.links.values()
        for link, ids, since in unknown_since(links, self.live, alive, self.now()):
            link.gaps, link.since = [since], since
            for part in frame.slices(gap(ids, since)):
                await self.publisher.publish(self.subjects.frame(link.name), frame.encode(part))

    async def tell(self, name: str, event: Event) -> asyncio.Future[Ack]:
        """Hand over what we found out about the edge or link `name`: the word that it is stored."""
        data = document.encode_events([event])
        id_ = hashlib.blake2b(data, digest_size=16).hexdigest()
        subject = self.subjects.events(name)
        return await self.publisher.publish(subject, data, id=id_, alone=True)

    def _dark(self, tag: TagId) -> Nanoseconds | None:
        return dark_since(self.edges.values(), tag, self.now())

    def _sealed(self) -> bool:
        return self.historian.stats().last_seal is not None

    def _pressed(self) -> bool:
        return self.bus_state() == "full"

    async def _first(self) -> None:
        while not any(link.health.received.total for link in self.links.values()):
            await asyncio.sleep(0.02)
        self.first_value = time.monotonic() - self.started

    async def _hand_over(self) -> None:
        """Store all that the stream holds before we leave; the rest is read again next time."""
        with suppress(TimeoutError, IsthmusError):
            async with asyncio.timeout(10):
                await self.late.flush(self.tell)
                last = (await self.intake.info()).last
                while self.intake.position < last:
                    await asyncio.sleep(0.02)

    async def _close(self) -> None:
        try:
            await asyncio.to_thread(self.historian.seal)
        except Exception:
            log.exception("sealing at the end; the stream still holds what was not sealed")
        self.historian.close()
        self.trust.close()
        if self.local is not None:
            await self.local.close()
