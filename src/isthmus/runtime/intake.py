"""From the stream to history and the present: every frame once, in order, resumed exactly.

The position is the historian's: it commits rows and stream sequence together, so after a crash
the stream is read again from the first frame that no commit holds.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from isthmus.bus import document, frame
from isthmus.bus.port import Backbone, Gap, Message, StreamInfo
from isthmus.historian.lake import Lake
from isthmus.model.errors import IsthmusError, ProtocolError, StorageError
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Clock
from isthmus.model.tag import Namespace
from isthmus.runtime.catalogue import Catalogue, write_durably
from isthmus.runtime.health import Rate
from isthmus.runtime.live import Live
from isthmus.runtime.subject import CATALOGUE, EVENT, FRAME, link_of
from isthmus.runtime.tap import Tap

log = logging.getLogger(__name__)

RETRY = 1.0
MAINTAIN_SEALS = 16
FILL = 0.7  # sealed messages are forgotten once the stream is so full


@dataclass(slots=True, eq=False)
class Intake:
    """The one reader of a stream that feeds the lake and the live values."""

    bus: Backbone
    stream: str
    max_bytes: int
    lake: Lake
    live: Live
    catalogue: Catalogue
    tap: Tap
    now: Clock
    names_file: Path
    rate: Rate = field(default_factory=Rate)
    damaged: int = 0  # messages that could not be decoded: counted, kept in the stream, skipped
    discarded: int = 0  # messages that the stream gave up before they were read
    position: int = 0
    trouble: str = ""
    _epoch: str = ""
    _translate: np.ndarray | None = None

    @property
    def namespace(self) -> Namespace:
        """Our own names."""
        return self.catalogue.namespace

    async def info(self) -> StreamInfo:
        """What the stream holds now."""
        return await self.bus.info(self.stream)

    async def open(self) -> StreamInfo:
        """Find the position in the stream, which exists already."""
        info = await self.info()
        self._epoch = info.epoch
        self.position = self.lake.positions().get(info.epoch, 0)
        if self.names_file.exists():
            kept = json.loads(self.names_file.read_text("utf-8"))
            if kept["epoch"] == info.epoch:
                self._learn(dict(enumerate(kept["paths"])))
        return info

    async def run(self) -> None:
        """Read until cancelled; `open` came before."""
        messages = self.bus.consume(
            self.stream, self.position + 1, on_gap=self._gap, epoch=self._epoch
        )
        async for some in messages:
            for message in some:
                await self._keep(message)
            await asyncio.sleep(0)

    async def _keep(self, message: Message) -> None:
        contract, link = link_of(message.subject)
        try:
            if contract == FRAME:
                await self._frame(message, link)
            elif contract == EVENT:
                await self._events(message)
            elif contract == CATALOGUE:
                self._names(message)
        except ProtocolError as error:
            self.damaged += 1
            log.warning("message %d of %s is damaged: %s", message.seq, self.stream, error)
        self.position = message.seq

    async def _frame(self, message: Message, link: str) -> None:
        batch = frame.decode(message.data)
        if self._translate is not None:
            batch = self._local(batch)
        if len(batch) and int(batch.tag.max()) >= len(self.live.time):
            raise ProtocolError("a frame names a tag that no catalogue names")
        await self._append(batch, message.seq)
        self.live.update(batch)
        self.rate.add(len(batch), int(time.monotonic()))
        self.tap.stream(link, batch, self.now())

    async def _append(self, batch: Batch, seq: int) -> None:
        while True:
            try:
                self.lake.append(batch, stream=self._epoch, position=seq)
            except StorageError as error:
                self._note(str(error))
                await asyncio.sleep(RETRY)
            else:
                self.trouble = ""
                return

    async def _events(self, message: Message) -> None:
        events = document.decode_events(message.data)
        while True:
            try:
                self.lake.append_events(events, stream=self._epoch, position=message.seq)
                break
            except StorageError as error:
                self._note(str(error))
                await asyncio.sleep(RETRY)
        for event in events:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        tag = self.namespace.id(event.path)
        if tag is not None and event.kind == "text":
            self.live.tell(tag, event)

    def _names(self, message: Message) -> None:
        """Learn an edge's ids: its frames are told in our own from here on."""
        named = {int(number): tag for number, tag in document.decode_catalogue(message.data)}
        if all(self.namespace.id(tag.path) == number for number, tag in named.items()):
            return
        self.catalogue.bind(tag for tag in named.values() if tag.path not in self.namespace)
        paths = [named[number].path if number in named else "" for number in range(max(named) + 1)]
        self.names_file.parent.mkdir(parents=True, exist_ok=True)
        kept = json.dumps({"epoch": self._epoch, "paths": paths})
        write_durably(self.names_file, kept.encode())
        self._learn(dict(enumerate(paths)))

    def _learn(self, paths: dict[int, str]) -> None:
        table = np.full(len(paths), -1, np.int32)
        for number, path in paths.items():
            known = self.namespace.id(path)
            table[number] = -1 if known is None else known
        self.live.grow(len(self.namespace))
        self._translate = table

    def _local(self, batch: Batch) -> Batch:
        table = self._translate
        if table is None or not len(batch):
            return batch
        if int(batch.tag.max()) >= len(table):
            raise ProtocolError("a frame names a tag that its edge's catalogue does not name")
        own = table[batch.tag]
        if (own < 0).any():
            raise ProtocolError("a frame names a tag that its edge's catalogue does not name")
        return Batch(own, batch.time, batch.value, batch.quality)

    def _note(self, trouble: str) -> None:
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

    # ------------------------------------------------------------------ sealing
    async def seal_for_ever(self, pressed: Callable[[], bool]) -> None:
        """Seal when it is due, tend the table now and then, and make room in the stream.

        `pressed` tells that the stream is full: then sealing does not wait until it is due.
        """
        seals = 0
        while True:
            await asyncio.sleep(0.25)
            if not self.lake.due() and not pressed():
                continue
            try:
                sealed = await asyncio.to_thread(self.lake.seal)
                if sealed is None:
                    await asyncio.sleep(RETRY if pressed() else 0)
                    continue
                seals += 1
                await self.make_room()
                if seals % MAINTAIN_SEALS == 0:
                    await asyncio.to_thread(self.lake.maintain)
            except IsthmusError as error:  # a disk or a bus in trouble: told, tried again
                self._note(str(error))
                await asyncio.sleep(RETRY)

    async def make_room(self) -> None:
        """Forget sealed messages once the stream is nearly full; what is not sealed stays."""
        info = await self.bus.info(self.stream)
        if info.bytes < FILL * self.max_bytes:
            return
        sealed = self.lake.positions().get(self._epoch, 0)
        await self.bus.purge(self.stream, before=sealed + 1)
