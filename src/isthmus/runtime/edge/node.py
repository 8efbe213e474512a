"""The edge role: links and a buffering stream near the machines, an uplink to the site."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from isthmus.bus import document, frame
from isthmus.bus.client import Bus
from isthmus.bus.edge import STATUS, EdgeAccess
from isthmus.bus.port import BusState, Publishing, StreamInfo, StreamSettings
from isthmus.bus.uplink import Uplink
from isthmus.model.errors import IsthmusError
from isthmus.model.plant import Edge, Plant
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.catalogue import Catalogue
from isthmus.runtime.collect.collector import Collector
from isthmus.runtime.collect.ending import end
from isthmus.runtime.collect.health import Condition
from isthmus.runtime.collect.link import gap
from isthmus.runtime.collect.tap import Tap
from isthmus.runtime.edge.carry_out import CarryOut
from isthmus.runtime.edge.identity import CarriedIdentity, newest
from isthmus.runtime.edge.renewal import FOLDER, Renewal
from isthmus.runtime.edge.status import EdgeStatus, statuses
from isthmus.runtime.intake import FILL
from isthmus.runtime.local_bus import LocalBus
from isthmus.runtime.settings import STREAM, Settings
from isthmus.runtime.subject import Subjects
from isthmus.runtime.trust.lend import lend_of_edge

log = logging.getLogger(__name__)

STATUS_FILE = "status.json"
REPORT = 1.0
NAMES = 20_000  # tags in one message of the catalogue
TIDY = 5.0
REPEAT = 3600.0  # seconds from one catalogue to the next, for a site that lost its first
MILLISECOND = 10**6


class EdgeNode:
    """An edge that runs; `run` until `stopping` is set."""

    def __init__(
        self, plant: Plant, edge: Edge, settings: Settings, identity: CarriedIdentity
    ) -> None:
        self.plant, self.edge, self.settings = plant, edge, settings
        self._carried = identity
        self.identity = newest(identity, settings.folder / FOLDER, edge.name)
        self.access = EdgeAccess(edge.name)
        self.stopping = asyncio.Event()
        self.connections = plant.run_by(edge.name)
        self._ran_before = (settings.folder / "catalogue.json").exists()
        self.catalogue = Catalogue.open(settings.folder / "catalogue.json")
        mine = {path for found in self.connections.values() for path in found.addresses}
        self.catalogue.bind(tag for tag in plant.tags() if tag.path in mine)
        self.subjects = Subjects(plant.enterprise, plant.site)
        self.collector: Collector
        self.uplink: Uplink
        self.carry_out: CarryOut
        self.renewal: Renewal
        self._local: LocalBus
        self._site: Bus
        self._publisher: Publishing
        self._announced = 0  # sequence of the catalogue
        self._repeat = 0.0

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Run until `stopping` is set; what the site has not got then waits in the stream."""
        self._local = await LocalBus.open(self.settings, f"{self.plant.site} {self.edge.name}")
        try:
            await self._open()
            async with asyncio.TaskGroup() as tasks:
                keep = [
                    tasks.create_task(self.uplink.run(), name="uplink"),
                    tasks.create_task(self._report_for_ever(), name="report"),
                    tasks.create_task(self._tidy_for_ever(), name="tidy"),
                    tasks.create_task(self._local.renew_for_ever(), name="certificates"),
                    tasks.create_task(self.renewal.run(), name="identity"),
                    tasks.create_task(self.carry_out.run(self._site), name="writes"),
                ]
                if self._local.server:
                    keep.append(tasks.create_task(self._local.server.supervise(), name="bus"))
                keep.append(tasks.create_task(self._begin(tasks), name="begin"))
                ready()
                await self.stopping.wait()
                await self.collector.stop()
                await end(keep)
        finally:
            self.stopping.set()
            await self._close()

    async def _open(self) -> None:
        edge, bus = self.edge, self._local.bus
        self._lend(self.identity)
        await bus.stream(
            StreamSettings(
                *(STREAM, (self.subjects.all,)), max_bytes=edge.disk, discard=edge.discard
            )
        )
        self._publisher = await bus.publisher(STREAM)
        self.collector = Collector(
            *(self.connections, self.catalogue.namespace, self._publisher, self.subjects),
            now=_now,
            tap=Tap(),
            folder=self.settings.folder / "links",
        )
        self._site = await Bus.connect(
            edge.site,
            tls=self.identity,
            name=edge.name,
            within=None,
            inbox=self.access.inbox,
        )
        self.renewal = Renewal(
            *(self.access, self._site, self.identity, self.settings.folder / FOLDER),
            url=edge.site,
            carried=self._carried.certificate.parent,
            on_change=self._lend,
        )
        self.carry_out = CarryOut(
            *(self.access, self.catalogue.namespace, self.collector.links, self.plant.writes)
        )
        self.uplink = Uplink(
            *(bus, self._site),
            name=edge.name,
            source=STREAM,
            target=self.access.stream,
            prefix=self.access.prefix,
            bucket=self.access.bucket,
        )

    async def _begin(self, tasks: asyncio.TaskGroup) -> None:
        """Open the links behind what they need; a full stream lets the uplink make room first."""
        await self._announce()
        await self._mark_gaps()
        self.collector.start(tasks)

    def _lend(self, identity: CarriedIdentity) -> None:
        """Let connections with `identity: plant` show our own certificate."""
        folder = self.settings.folder / "links"
        lend_of_edge(self.connections, identity.certificate, identity.key, folder)

    async def _close(self) -> None:
        if hasattr(self, "_site"):
            await self._site.close()
        await self._local.close()

    # ------------------------------------------------------------------ into the stream
    async def _announce(self) -> None:
        """Say what our ids mean, ahead of the frames that use them; not again where we have."""
        tags = list(self.catalogue.namespace.items())
        parts = [
            document.encode_catalogue(tags[start : start + NAMES])
            for start in range(0, max(len(tags), 1), NAMES)
        ]
        note = self.settings.folder / "announced"
        with suppress(OSError, ValueError):
            self._announced = int(note.read_text("ascii"))
            said = [
                await self._local.bus.message(STREAM, self._announced + place)
                for place in range(len(parts))
            ]
            if [message.data for message in said if message is not None] == parts:
                self._repeat = time.monotonic() + REPEAT
                return
        subject = self.subjects.catalogue
        acks = [await self._publisher.publish(subject, part) for part in parts]
        self._announced = (await acks[0]).seq
        await asyncio.gather(*acks)
        note.write_text(str(self._announced), "ascii")
        self._repeat = time.monotonic() + REPEAT

    async def _mark_gaps(self) -> None:
        """Nothing is known of the time since we stopped: one bad sample a tag says so."""
        info = await self._local.bus.info(STREAM)
        newest = await self._local.bus.message(STREAM, info.last)
        before = self.last_status(self.settings.folder)
        since = max(newest.time if newest else 0, before.time if before else 0)
        for name, link in self.collector.links.items():
            told = before.links.get(name) if before else None
            down = told is not None and told.condition in (Condition.DOWN, Condition.REFUSED)
            if len(link.ids) and not down and self._ran_before:
                for lost in frame.slices(gap(link.ids, Nanoseconds(since + MILLISECOND))):
                    await self._publisher.publish(self.subjects.frame(name), frame.encode(lost))

    async def _tidy_for_ever(self) -> None:
        """Forget what the site has, once the stream is nearly full; repeat the catalogue."""
        while True:
            await asyncio.sleep(TIDY)
            with suppress(IsthmusError):  # the bus is away: next time
                info = await self._local.bus.info(STREAM)
                forget = info.bytes > FILL * self.edge.disk
                if forget and self.uplink.stats.position >= info.first:
                    await self._local.bus.purge(STREAM, before=self.uplink.stats.position + 1)
                gone = time.monotonic() > self._repeat or self._announced < info.first
                if self._announced and gone:
                    (self.settings.folder / "announced").unlink(missing_ok=True)
                    await self._announce()

    # ------------------------------------------------------------------ how it is
    async def status(self) -> EdgeStatus:
        """What we are now."""
        stats = self.uplink.stats
        links = self.collector.links.values()
        behind, age = 0, 0.0
        with suppress(IsthmusError):
            info = await self._local.bus.info(STREAM)
            behind, age = await self._backlog(info)
        now = _now()
        return EdgeStatus(
            now,
            *(self._local.state(self._publisher), stats.state.value),
            behind=behind,
            age=age,
            lost=sum(link.health.lost for link in links) + stats.discarded + stats.rejected,
            why="" if stats.state is BusState.UP else self._site.last_error or stats.why,
            links=statuses(links, self.collector.outlet.held, now),
        )

    async def _backlog(self, info: StreamInfo) -> tuple[int, float]:
        """How many messages the site has not got, and how old the oldest is in seconds."""
        position = max(self.uplink.stats.position, info.first - 1)
        if position >= info.last:
            return 0, 0.0
        oldest = await self._local.bus.message(STREAM, position + 1)
        return info.last - position, max(0.0, (_now() - oldest.time) / 1e9) if oldest else 0.0

    async def _report_for_ever(self) -> None:
        """Say once a second how we are: to the site, and to whoever looks into our folder."""
        said = ""
        while True:
            status = await self.status()
            trouble = self._site.last_error
            if trouble != said and not self.uplink.stats.located:
                said = trouble
                log.warning("%s cannot be reached yet: %s", self.edge.site, said)
            data = status.encode()
            try:
                fresh = self.settings.folder / "status.new"
                fresh.write_bytes(data)
                fresh.replace(self.settings.folder / STATUS_FILE)
                if self.uplink.stats.located:
                    keys = await self._site.bucket(self.access.bucket)
                    await keys.put(STATUS, data)
            except (IsthmusError, OSError) as error:
                log.debug("reporting: %s", error)
            await asyncio.sleep(REPORT)

    @staticmethod
    def last_status(folder: Path) -> EdgeStatus | None:
        """What the edge whose data is in `folder` last wrote of itself, None if nothing whole."""
        with suppress(OSError, IsthmusError):
            return EdgeStatus.decode((folder / STATUS_FILE).read_bytes())
        return None


def _now() -> Nanoseconds:
    return Nanoseconds(time.time_ns())
