"""From links to the stream: transform, gather into frames, publish, and hold back when it must.

A frame holds what came within a few milliseconds or 10,000 rows of one link, whichever is first.
While the stream takes nothing, a link is held back after one frame: a polled device is then not
read (the missed readings are counted as lost), a subscribed one is not acknowledged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from isthmus.bus import document, frame
from isthmus.bus.port import Ack, Publishing
from isthmus.model.event import Event
from isthmus.model.ports import Reading
from isthmus.model.sample import Batch, Clock
from isthmus.runtime.link import Link
from isthmus.runtime.subject import Subjects
from isthmus.runtime.tap import Stage, Tap
from isthmus.runtime.transform import Transform

ROWS = 10_000
EVENTS = 1_000
PAUSE = 0.02


@dataclass(slots=True, eq=False)
class Lane:
    """What one link has said and what is not yet handed to the stream."""

    link: Link
    transform: Transform
    batches: list[Batch] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    rows: int = 0
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
    _full: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, link: Link, reading: Reading) -> None:
        """Keep what is news in `reading`; waits while the stream takes nothing."""
        lane = self._lanes.get(link.name)
        if lane is None:
            lane = self._lanes[link.name] = Lane(link, self.transforms(link))
        if self.tap.wanted(link.name, Stage.READ):
            self.tap.read(link.name, reading.batch, reading.events, self.ids)
        kept = self._kept(lane, reading.batch)
        if reading.events and any(event.kind == "link-down" for event in reading.events):
            lane.transform.forget()
        if not len(kept) and not reading.events:
            return
        if not lane.rows and not lane.events:
            lane.since = time.monotonic()
        lane.batches.append(kept)
        lane.rows += len(kept)
        lane.events.extend(reading.events)
        link.health.kept.add(len(kept), int(time.monotonic()))
        if lane.rows >= ROWS or len(lane.events) >= EVENTS:
            await self._flush(lane)

    async def store(self, link: Link, reading: Reading) -> None:
        """Keep what is news in `reading`; returns when it is on disk."""
        await self.take(link, reading)
        lane = self._lanes[link.name]
        acks = await self._flush(lane)
        await asyncio.gather(*acks)

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
            lane.rows = 0
            batch = Batch.concat([batch for batch in batches if len(batch)])
            for start in range(0, len(batch), 2 * ROWS):
                part = batch.slice(start, start + 2 * ROWS)
                stored = await self.publisher.publish(
                    self.subjects.frame(lane.link.name), frame.encode(part)
                )
                stored.add_done_callback(self._clock_lag(lane.link, int(part.time.max())))
                acks.append(stored)
            for begin in range(0, len(events), EVENTS):
                data = document.encode_events(events[begin : begin + EVENTS])
                subject = self.subjects.events(lane.link.name)
                acks += [await self.publisher.publish(subject, data)]
        return acks

    def _clock_lag(self, link: Link, newest: int) -> Callable[[asyncio.Future[Ack]], None]:
        def stored(ack: asyncio.Future[Ack]) -> None:
            if not ack.cancelled() and ack.exception() is None:
                link.health.lag(max(0.0, (self.now() - newest) / 1e9))

        return stored
