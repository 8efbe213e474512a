"""From the stream to history and the present: every frame once, in order, resumed exactly.

The position is the historian's: it commits rows and stream sequence together, so after a crash
the stream is read again from the first frame that no commit holds.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from isthmus.bus import document, frame
from isthmus.bus.port import Backbone, Gap, Message, StreamInfo
from isthmus.historian.port import Historian
from isthmus.model.errors import LinkError, ProtocolError, StorageError
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Clock
from isthmus.model.tag import Namespace
from isthmus.runtime.catalogue import Catalogue
from isthmus.runtime.collect.health import Rate
from isthmus.runtime.collect.tap import Tap
from isthmus.runtime.collect.transform import AHEAD, OLDEST, dated
from isthmus.runtime.derive.dirt import Dirt
from isthmus.runtime.edge.view import EdgeView
from isthmus.runtime.late import KIND as LATE
from isthmus.runtime.late import Late
from isthmus.runtime.live import Live
from isthmus.runtime.names import Names
from isthmus.runtime.subject import CATALOGUE, EVENT, FRAME, link_of

if TYPE_CHECKING:
    from isthmus.runtime.rule.rules import Rules

log = logging.getLogger(__name__)

RETRY = 1.0
TEXT = "text"  # the kind of event that a tag of words tells
FILL = 0.7  # sealed messages are forgotten once the stream is so full


@dataclass(slots=True, eq=False)
class Intake:
    """The one reader of a stream that feeds the lake and the live values.

    With `edge` the stream is that edge's: it counts tags in its own way and tells only its own.
    """

    bus: Backbone
    stream: str
    max_bytes: int
    historian: Historian
    live: Live
    catalogue: Catalogue
    tap: Tap
    now: Clock
    edge: EdgeView | None = None
    dirt: Dirt | None = None  # what late samples change
    late: Late | None = None  # how many there are
    rules: Rules | None = None  # who judges them
    heard: Callable[[Event], None] | None = None  # who wants to know of events
    rate: Rate = field(default_factory=Rate)
    damaged: int = 0  # messages that could not be decoded: counted, kept in the stream, skipped
    discarded: int = 0  # messages that the stream gave up before they were read
    astray: int = 0  # samples of an edge whose times could not be true
    position: int = 0
    trouble: str = ""
    _epoch: str = ""
    _names: Names | None = None
    _found: bool = False  # our place in the stream

    @property
    def namespace(self) -> Namespace:
        """Our own names."""
        return self.catalogue.namespace

    @property
    def epoch(self) -> str:
        """Which stream of this name it is; empty before it was found."""
        return self._epoch if self._found else ""

    async def info(self) -> StreamInfo:
        """What the stream holds now."""
        return await self.bus.info(self.stream)

    async def open(self) -> StreamInfo:
        """Find the position in the stream, which exists already."""
        info = await self.info()
        self._epoch = info.epoch
        self.position = self.historian.positions().get(info.epoch, 0)
        if self.position > info.last:  # flushed later than history is, it lost its end
            log.error(
                "%s lost its messages %d to %d in a power cut; history has them",
                *(self.stream, info.last + 1, self.position),
            )
            await self.bus.skip(self.stream, self.position)  # no number may be given twice
            info = await self.info()
        if self.edge is not None:
            self._names = Names(
                *(self.edge.names_file, info.epoch, self.namespace.id), foreign=self.edge.foreign
            )
            self._names.open(self.position)
        self._found = True
        return info

    async def unread(self) -> float:
        """Seconds for which the first message that is not read has waited; 0 if all are read."""
        if self.position >= (await self.info()).last:
            return 0.0
        message = await self.bus.message(self.stream, self.position + 1)
        return max(0.0, (time.time_ns() - message.time) / 1e9) if message else 0.0

    async def try_open(self) -> bool:
        """`open`, unless the bus or the server of the history is away: `run` tries again."""
        try:
            await self.open()
        except (StorageError, LinkError) as error:
            self.note(str(error))
            return False
        return True

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            if not self._found and not await self.try_open():
                await asyncio.sleep(RETRY)
                continue
            try:
                await self._read()
            except StorageError as error:  # made again, or shorter than it was: find our place
                self.note(str(error))
                self._found = False
                await asyncio.sleep(RETRY)

    async def _read(self) -> None:
        messages = self.bus.consume(
            self.stream, self.position + 1, on_gap=self._gap, epoch=self._epoch
        )
        async for some in messages:
            for message in some:
                await self._keep(message)
            await asyncio.sleep(0)

    async def _keep(self, message: Message) -> None:
        """Keep one message; one that makes no sense is counted, and the next is read."""
        try:
            contract, link = link_of(message.subject)
            if contract == FRAME:
                await self._frame(message, link)
            elif contract == EVENT:
                await self._events(message)
            elif contract == CATALOGUE:
                await self._learn(message)
        except (ProtocolError, ValueError, OverflowError) as error:
            self.damaged += 1
            log.warning("message %d of %s is damaged: %s", message.seq, self.stream, error)
        self.position = message.seq

    async def _frame(self, message: Message, link: str) -> None:
        batch = frame.decode(message.data)
        if self._names is not None:
            batch, astray = dated(self._names.local(batch), self.now())
            if astray and not self.astray:
                log.warning(
                    "%s: times of %s are astray; the time of receipt is kept", link, self.stream
                )
            self.astray += astray
        if len(batch) and not 0 <= int(batch.tag.min()) <= int(batch.tag.max()) < len(
            self.live.time
        ):
            raise ProtocolError("a frame names a tag that no catalogue names")
        if self.late is not None and len(batch):
            await self.late.see(link, batch)
        await self._append(batch, message.seq)
        self.live.update(batch, self.now())
        if self.rules is not None:
            self.rules.hear(batch)
        self.rate.add(len(batch), int(time.monotonic()))
        if self.edge is not None:
            self.edge.heard(link, batch, self.now())
        self.tap.stream(link, batch, self.now())

    async def _append(self, batch: Batch, seq: int) -> None:
        append = partial(self.historian.append, batch, stream=self._epoch, position=seq)
        while True:
            try:
                if self.dirt is None:
                    append()
                else:
                    await self.dirt.append(batch, append)
            except StorageError as error:
                self.note(str(error))
                await asyncio.sleep(RETRY)
            else:
                self.trouble = ""
                return

    async def _events(self, message: Message) -> None:
        events = document.decode_events(message.data)
        if self.edge is not None:
            now = self.now()
            events = [
                event if OLDEST <= event.time <= now + AHEAD else replace(event, time=now)
                for event in events
                if event.path not in self.edge.foreign
            ]
        append = partial(
            self.historian.append_events, events, stream=self._epoch, position=message.seq
        )
        while True:
            try:
                if self.dirt is None:
                    append()
                else:
                    await self.dirt.append(self._texts(events), append)
            except StorageError as error:
                self.note(str(error))
                await asyncio.sleep(RETRY)
            else:
                self.trouble = ""
                break
        for event in events:
            self._tell(event)

    def _texts(self, events: Sequence[Event]) -> Batch:
        """Which tags are told in words, and when: what they were worked on counts from then on."""
        told = [
            (number, event.time)
            for event in events
            if event.kind == TEXT and (number := self.namespace.id(event.path)) is not None
        ]
        tags, times = np.array(told, np.int64).reshape(-1, 2).T
        return Batch.of(tags.astype(np.int32), times, np.zeros(len(times)))

    def _tell(self, event: Event) -> None:
        if self.heard is not None:
            self.heard(event)
        if event.kind == LATE and self.late is not None:
            self.late.remember(event)
        tag = self.namespace.id(event.path)
        if tag is not None and event.kind == TEXT:
            self.live.tell(tag, event)

    async def _learn(self, message: Message) -> None:
        """Learn an edge's ids: its frames are told in our own from here on."""
        if self._names is None:
            return
        named = {int(number): tag for number, tag in document.decode_catalogue(message.data)}
        foreign = self._names.foreign
        before = len(self.namespace)
        self.catalogue.bind(
            tag
            for tag in named.values()
            if tag.path not in self.namespace and tag.path not in foreign
        )
        if len(self.namespace) > before:
            self.live.grow(len(self.namespace))
            await self._write_tags()
        self._names.learn(
            message.seq,
            {number: tag.path for number, tag in named.items()},
            stored=self.historian.positions().get(self._epoch, 0),
        )

    async def _write_tags(self) -> None:
        """Give history the new names; it may take long, and a full disk waits."""
        while True:
            try:
                await asyncio.to_thread(self.historian.write_tags, list(self.namespace.items()))
            except StorageError as error:
                self.note(str(error))
                await asyncio.sleep(RETRY)
            else:
                return

    @property
    def refused(self) -> int:
        """Samples of tags that others tell, left out."""
        return self._names.refused if self._names else 0

    def note(self, trouble: str) -> None:
        """Say a trouble once, however long it lasts; its numbers may change meanwhile."""
        if not self.trouble:
            log.warning("history takes no more: %s", trouble)
        self.trouble = trouble

    def _gap(self, gap: Gap) -> None:
        self.discarded += gap.end - gap.start + 1
        log.error(
            "stream %s gave up messages %d to %d before they were stored",
            *(self.stream, gap.start, gap.end),
        )

    async def make_room(self, *, full: bool = False) -> None:
        """Forget sealed messages once the stream is nearly full; what is not sealed stays.

        With `full` its disk is: then what is sealed goes, however little it is.
        """
        info = await self.bus.info(self.stream)
        if not full and info.bytes < FILL * self.max_bytes:
            return
        sealed = min(self.historian.positions().get(self._epoch, 0), info.last)
        if sealed >= info.first:
            await self.bus.purge(self.stream, before=sealed + 1)
