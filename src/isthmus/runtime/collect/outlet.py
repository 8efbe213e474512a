"""From links to the stream: transform, gather into frames, publish, and hold back when it must.

A frame holds what came within a few milliseconds or 10,000 rows of one link, whichever is first.
While the stream takes nothing, a link is held back after one frame: a polled device is then not
read (the missed readings are counted as lost), a subscribed one is not acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from isthmus.bus import document, frame
from isthmus.bus.port import Ack, Publishing
from isthmus.model.errors import ProtocolError
from isthmus.model.event import Event
from isthmus.model.ports import Reading
from isthmus.model.sample import Batch, Clock
from isthmus.runtime.collect.link import Link
from isthmus.runtime.collect.tap import Stage, Tap
from isthmus.runtime.collect.transform import Transform
from isthmus.runtime.subject import Subjects

ROWS = 10_000
EVENTS = 1_000
TEXT = 256 << 10  # characters of events
LARGEST = 1 << 20  # bytes of one message of events
PAUSE = 0.02

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Lane:
    """What one link has said and what is not yet handed to the stream."""

    link: Link
    transform: Transform
    batches: list[Batch] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    rows: int = 0
    text: int = 0
    since: float = 0.0
    order: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True, eq=False)
class Outlet:
    """Publishes what links say; `take` is what a link emits to."""

    publisher: Publishing
    subjects: Subjects
    ids: Mapping[str, int]
    now: Clock
    tap: Tap
    transforms: Callable[[Link], Transform]
    _lanes: dict[str, Lane] = field(default_factory=dict)

    async def take(self, link: Link, reading: Reading) -> None:
        """Keep what is news in `reading`; waits while the stream takes nothing."""
        lane = await self._gather(link, reading)
        if lane.rows >= ROWS or lane.text >= TEXT or len(lane.events) >= EVENTS:
            await self._flush(lane)

    async def store(self, link: Link, reading: Reading) -> None:
        """Keep what is news in `reading`; returns when it is on disk."""
        lane = await self._gather(link, reading)
        await self._flush(lane)
        await self.publisher.flush()

    async def _gather(self, link: Link, reading: Reading) -> Lane:
        """Put what is news in `reading` into its lane; a long one in parts, letting others run."""
        lane = self._lanes.get(link.name)
        if lane is None:
            lane = self._lanes[link.name] = Lane(link, self.transforms(link))
        if self.tap.wanted(link.name, Stage.READ):
            self.tap.read(link.name, reading.batch, reading.events, self.ids)
        if not lane.rows and not lane.events:
            lane.since = time.monotonic()
        for start in range(0, len(reading.batch), ROWS):
            if start:
                await asyncio.sleep(0)
            kept = self._kept(lane, reading.batch.slice(start, start + ROWS))
            lane.batches.append(kept)
            lane.rows += len(kept)
            link.health.kept.add(len(kept), int(time.monotonic()))
        if reading.events:
            if any(event.kind == "link-down" for event in reading.events):
                lane.transform.forget()
            lane.events.extend(reading.events)
            lane.text += sum(len(event.text) for event in reading.events)
        return lane

    async def run(self) -> None:
        """Hand over every few milliseconds what has gathered, until cancelled."""
        waiting: dict[str, asyncio.Task[list[asyncio.Future[Ack]]]] = {}
        async with asyncio.TaskGroup() as tasks:
            while True:
                await asyncio.sleep(PAUSE)
                for name, lane in self._lanes.items():
                    if (lane.rows or lane.events) and not lane.order.locked():
                        waiting[name] = tasks.create_task(self._flush(lane))

    async def drain(self) -> None:
        """Hand over all that has gathered and return when the stream has stored it."""
        for lane in self._lanes.values():
            await self._flush(lane)
        await self.publisher.flush()

    @property
    def held(self) -> Mapping[str, tuple[int, float]]:
        """Rows held back, and for how many seconds, by link."""
        now = time.monotonic()
        return {
            name: (lane.rows, now - lane.since if lane.rows else 0.0)
            for name, lane in self._lanes.items()
        }

    def counts(self, link: str) -> Mapping[str, int]:
        """What the transform of `link` had to mend, by kind."""
        lane = self._lanes.get(link)
        return lane.transform.counts if lane else {}

    def _kept(self, lane: Lane, raw: Batch) -> Batch:
        if not len(raw):
            return raw
        shaped = lane.transform.shape(raw, self.now())
        news = lane.transform.news(shaped)
        if self.tap.wanted(lane.link.name, Stage.TRANSFORM):
            self.tap.transform(lane.link.name, raw, shaped, news)
        return shaped if news.all() else shaped.where(news)

    async def _flush(self, lane: Lane) -> list[asyncio.Future[Ack]]:
        """Publish all that has gathered; the acks that are still to come."""
        acks: list[asyncio.Future[Ack]] = []
        async with lane.order:
            batches, events, lane.batches, lane.events = lane.batches, lane.events, [], []
            lane.rows = lane.text = 0
            batch = Batch.concat([batch for batch in batches if len(batch)])
            for start in range(0, len(batch), 2 * ROWS):
                part = batch.slice(start, start + 2 * ROWS)
                subject = self.subjects.frame(lane.link.name)
                for stored in await self._publish(lane, subject, frame.encode(part), len(part)):
                    stored.add_done_callback(self._clock_lag(lane.link, int(part.time.max())))
                    acks.append(stored)
            acks += await self._events(lane, events)
        return acks

    async def _events(self, lane: Lane, events: list[Event]) -> list[asyncio.Future[Ack]]:
        """Publish events, as many at once as a message may hold."""
        if not events:
            return []
        data = document.encode_events(events)
        if len(data) > LARGEST and len(events) > 1:
            half = len(events) // 2
            first = await self._events(lane, events[:half])
            return [*first, *await self._events(lane, events[half:])]
        subject = self.subjects.events(lane.link.name)
        return await self._publish(lane, subject, data, len(events))

    async def _publish(
        self, lane: Lane, subject: str, data: bytes, rows: int
    ) -> list[asyncio.Future[Ack]]:
        """Publish one message; one that can never be stored is lost, counted and told."""
        try:
            return [await self.publisher.publish(subject, data)]
        except ProtocolError as error:
            lane.link.health.missed += rows
            log.error("%s: %d samples or events are lost: %s", lane.link.name, rows, error)  # noqa: TRY400
            return []

    def _clock_lag(self, link: Link, newest: int) -> Callable[[asyncio.Future[Ack]], None]:
        def stored(ack: asyncio.Future[Ack]) -> None:
            if not ack.cancelled() and ack.exception() is None:
                link.health.lag(max(0.0, (self.now() - newest) / 1e9))

        return stored
