"""Copies the streams to systems of others, each sample once, in nobody's way.

Each sink reads the streams for itself, from the position that the sink itself holds. While it is
away the streams keep what comes, as long as they have room: they make room for what is new, so a
sink that is away for longer misses messages, which are counted and told; history has them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.bus.port import Backbone, Gap, Message
from isthmus.model.errors import AuthError, IsthmusError, LinkError
from isthmus.model.sink import Sink, SinkConfig
from isthmus.runtime.collect.health import Condition, Rate
from isthmus.runtime.egress.parcel import Packer
from isthmus.runtime.intake import Intake
from isthmus.runtime.seal import whole

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT, REFUSED_WAIT = 1.0, 60.0, 300.0
BEHIND_INTAKE = 0.05  # seconds between two looks whether the intake knows an edge's names
IDLE_POSITION = 60.0  # seconds after which a position is told although nothing was for the sink


@dataclass(slots=True)
class SinkStatus:
    """How one sink stands; counts are since the start of the process."""

    condition: Condition = Condition.STARTING
    error: str = ""
    hint: str = ""
    since: float = field(default_factory=time.time)
    sent: Rate = field(default_factory=Rate)
    events: int = 0
    parcels: int = 0
    missed: int = 0  # messages that the stream gave up before they were sent
    waiting: dict[str, float] = field(default_factory=dict)  # stream -> when its oldest came

    @property
    def lag(self) -> float:
        """Seconds for which the oldest message that is not sent has waited."""
        return max((time.time() - since for since in self.waiting.values()), default=0.0)


class Delivery:
    """Keeps one sink up to date; `run` for ever."""

    def __init__(
        self,
        config: SinkConfig,
        root: str,
        bus: Backbone,
        intakes: Sequence[Intake],
        folder: Path,
    ) -> None:
        """`folder` keeps what the ids of edges meant where this sink is."""
        self.config, self.status = config, SinkStatus()
        self._root, self._bus, self._intakes = root, bus, intakes
        self._folder = folder
        self._sink: Sink = config.build(root)
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Deliver until cancelled; after a failure again, with growing pauses."""
        wait = FIRST_WAIT
        try:
            while True:
                begun = self.status.parcels
                try:
                    await self._deliver()
                except IsthmusError as error:
                    self._down(error)
                    refused = isinstance(error, AuthError)
                    wait = FIRST_WAIT if self.status.parcels > begun else wait
                    await asyncio.sleep(REFUSED_WAIT if refused else wait)
                    wait = min(wait * 2, LONGEST_WAIT)
        finally:
            await asyncio.to_thread(self._sink.close)

    def _down(self, error: IsthmusError) -> None:
        status = self.status
        if not status.error:
            log.warning("the sink %s is down: %s", self.config.name, error)
            status.since = time.time()
        refused = isinstance(error, AuthError)
        status.condition = Condition.REFUSED if refused else Condition.DOWN
        status.error, status.hint = str(error), error.hint

    def _up(self) -> None:
        status = self.status
        if status.condition is not Condition.UP:
            log.info("the sink %s is up: %s", self.config.name, self.config.endpoint)
            status.since = time.time()
        status.condition, status.error, status.hint = Condition.UP, "", ""

    async def _deliver(self) -> None:
        """Feed the sink from every stream until one of them, or the sink, fails."""
        positions = await whole(self._sink.open)
        self._up()
        feeds = [
            asyncio.create_task(self._feed(intake, positions), name=f"sink {self.config.name}")
            for intake in self._intakes
        ]
        try:
            done, _ = await asyncio.wait(feeds, return_when=asyncio.FIRST_COMPLETED)
            for feed in done:
                feed.result()
        finally:
            for feed in feeds:
                feed.cancel()
            await asyncio.gather(*feeds, return_exceptions=True)

    async def _feed(self, intake: Intake, positions: Mapping[str, int]) -> None:
        while not intake.epoch:  # it has not found its own place yet
            await asyncio.sleep(BEHIND_INTAKE)
        known = positions.get(intake.epoch)
        info = await self._bus.info(intake.stream)
        start = max(info.first, 1) if known is None else min(known, info.last) + 1
        packer = Packer(intake, self.config, self._root, self._folder, start - 1)
        messages = self._bus.consume(
            intake.stream, start, batch=256, on_gap=self._gap, epoch=intake.epoch
        )
        try:
            await self._pump(intake, packer, messages)
        finally:
            with suppress(RuntimeError):
                await messages.aclose()  # type: ignore[attr-defined] # it is a generator

    def _gap(self, gap: Gap) -> None:
        missed = gap.end - gap.start + 1
        self.status.missed += missed
        log.error(
            "the sink %s missed %d messages: the stream made room while it was behind; "
            "history has them, `isthmus export` writes them",
            *(self.config.name, missed),
        )

    async def _pump(
        self, intake: Intake, packer: Packer, messages: AsyncIterator[list[Message]]
    ) -> None:
        """Gather messages into parcels by size and age, and hand these over in order."""
        config, told = self.config, time.monotonic()
        coming: asyncio.Task[list[Message]] | None = None
        try:
            while True:
                coming = coming or asyncio.ensure_future(_next(messages))
                left = packer.since + config.every - time.monotonic()
                left = IDLE_POSITION if packer.empty else max(0.0, left)
                await asyncio.wait({coming}, timeout=left)
                some: Collection[Message] = ()
                if coming.done():
                    some, coming = coming.result(), None
                for message in some:
                    while intake.edge is not None and intake.position < message.seq:
                        await asyncio.sleep(BEHIND_INTAKE)
                    packer.take(message)
                    self.status.waiting.setdefault(intake.stream, message.time / 1e9)
                    if packer.rows >= config.rows:
                        await self._hand_over(intake, packer)
                due = not packer.empty and time.monotonic() >= packer.since + config.every
                idle = packer.empty and time.monotonic() > told + IDLE_POSITION
                if due or (idle and packer.position > packer.sent):
                    await self._hand_over(intake, packer)
                    told = time.monotonic()
                elif packer.empty:
                    self.status.waiting.pop(intake.stream, None)
        finally:
            if coming is not None:
                coming.cancel()
                with suppress(asyncio.CancelledError, IsthmusError):
                    await coming

    async def _hand_over(self, intake: Intake, packer: Packer) -> None:
        parcel = packer.parcel()
        async with self._writing:
            await whole(lambda: self._sink.write(parcel))
        packer.sent = parcel.position
        self.status.parcels += 1
        self.status.events += len(parcel.events)
        self.status.sent.add(len(parcel.batch), int(time.monotonic()))
        self.status.waiting.pop(intake.stream, None)
        self._up()


async def _next(messages: AsyncIterator[list[Message]]) -> list[Message]:
    try:
        return await anext(messages)
    except StopAsyncIteration:
        raise LinkError("the bus is closed") from None
