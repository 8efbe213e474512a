"""Carries an edge's stream to its site: exactly once, in order, through cuts of any length.

The position lives at the site, in the id of the last message that it stored, so that a forwarder
may be killed and started anywhere. It is kept in a bucket too, for a site stream that became
empty by age. The id is `epoch:seq:time` of the edge's message: the epoch tells a stream made
again, the time tells a message written again after the edge lost its last ones in a power
failure; neither is mistaken for what the site has.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from dataclasses import dataclass
from typing import NamedTuple

from isthmus.bus.port import Ack, Backbone, BusState, Gap, OnGap, PublisherStats, StreamInfo
from isthmus.model.errors import IsthmusError, LinkError, ProtocolError, StorageError

_log = logging.getLogger(__name__)
BUCKET = "uplink"
SAVE_S = 1.0
STRANGERS = 1_000  # messages looked through for the last one of ours
SHORTEST_WAIT, LONGEST_WAIT = 0.2, 10.0


class Position(NamedTuple):
    """A message of the edge's stream that the site has stored."""

    epoch: str
    seq: int
    time: int

    def text(self) -> str:
        """This position as an id."""
        return f"{self.epoch}:{self.seq}:{self.time}"

    @classmethod
    def parse(cls, text: str) -> Position | None:
        """The position that `text` wrote, None where it is none."""
        epoch, seq, time = [*text.rsplit(":", 2), "", ""][:3]
        if not (epoch and seq.isdecimal() and time.isdecimal()):
            return None
        return cls(epoch, int(seq), int(time))


@dataclass(slots=True)
class UplinkStats:
    """What an uplink has done since it began, and how far behind it is."""

    state: BusState = BusState.DOWN
    located: bool = False  # whether the site has said how far it got
    position: int = 0  # of the last message that the site acknowledged
    behind: int = 0  # messages that the edge holds and the site does not
    forwarded: int = 0
    bytes: int = 0
    restarts: int = 0
    discarded: int = 0  # messages that the edge gave up before they could be sent
    rejected: int = 0  # messages that the site can never take, such as too large ones
    why: str = ""  # the last trouble


class Uplink:
    """One edge stream to one site stream, which has no other writer."""

    def __init__(
        self,
        edge: Backbone,
        site: Backbone,
        *,
        name: str,
        source: str,
        target: str,
        prefix: str = "",
        bucket: str = BUCKET,
        on_gap: OnGap | None = None,
    ) -> None:
        """`name` is the edge's; subjects at the site are `prefix` and the subject at the edge.

        The `bucket` at the site keeps the position under that name.
        """
        self.stats = UplinkStats()
        self._edge = edge
        self._site = site
        self._name = name
        self._source = source
        self._target = target
        self._prefix = prefix
        self._bucket = bucket
        self._on_gap = on_gap
        self._stored: Position | None = None
        self._saved: Position | None = None

    async def run(self) -> None:
        """Forward for ever; cancel to end, what is in flight is found again at the next start."""
        wait = SHORTEST_WAIT
        while True:
            before = self.stats.forwarded
            try:
                await self._forward()
            except IsthmusError as error:
                self._tell(BusState.DOWN, str(error))
            if self.stats.forwarded > before:
                wait = SHORTEST_WAIT
            self.stats.restarts += 1
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _forward(self) -> None:
        info = await self._edge.info(self._source)
        start = await self._start(info)
        publisher = await self._site.publisher(self._target)
        watching = asyncio.create_task(self._watch(publisher.stats))
        reader = self._edge.consume(self._source, start, on_gap=self._gap, epoch=info.epoch)
        try:
            async for messages in reader:
                if publisher.stats.lost:
                    raise StorageError("the site lost messages that it had acknowledged")
                for message in messages:
                    place = Position(info.epoch, message.seq, message.time)
                    try:
                        ack = await publisher.publish(
                            self._prefix + message.subject, message.data, id=place.text()
                        )
                    except ProtocolError as error:
                        self._reject(message.seq, error)
                        continue
                    ack.add_done_callback(functools.partial(self._acked, place, len(message.data)))
        finally:
            watching.cancel()
            await asyncio.wait([watching])
            await publisher.close()
            with contextlib.suppress(LinkError, StorageError):
                async with asyncio.timeout(1):
                    await self._save()

    def _acked(self, place: Position, size: int, ack: asyncio.Future[Ack]) -> None:
        if ack.cancelled():
            return
        if (error := ack.exception()) is not None:
            self._reject(place.seq, error)
            return
        self.stats.forwarded += 1
        self.stats.bytes += size
        self.stats.position = place.seq
        self._stored = place

    def _reject(self, seq: int, error: BaseException) -> None:
        self.stats.rejected += 1
        _log.error("uplink %s cannot carry message %d: %s", self._name, seq, error)

    def _gap(self, gap: Gap) -> None:
        self.stats.discarded += gap.end - gap.start + 1
        _log.error(
            "uplink %s: the edge gave up messages %d to %d before they were sent",
            *(self._name, gap.start, gap.end),
        )
        if self._on_gap is not None:
            self._on_gap(gap)

    # ------------------------------------------------------------ where to go on
    async def _start(self, info: StreamInfo) -> int:
        """The first sequence at the edge that the site has not got."""
        place = self._stored = await self._known(info.epoch)
        self.stats.located = True
        if place is None:
            self.stats.position = 0
            return 1
        self.stats.position = place.seq
        here = await self._edge.message(self._source, place.seq) if place.seq <= info.last else None
        if place.seq < info.first or (here is not None and here.time == place.time):
            return place.seq + 1
        begin = await self._first_after(place.time, info)
        _log.error(
            "uplink %s: the edge lost its messages %d to %d after they were sent; going on at %d",
            *(self._name, begin, place.seq, begin),
        )
        return begin

    async def _known(self, epoch: str) -> Position | None:
        """The last message that the site has: in its stream, or in the bucket if that is empty."""
        there = await self._site.info(self._target)
        for seq in range(there.last, max(there.first, there.last - STRANGERS) - 1, -1):
            # a server's answer may have been sent here by somebody else: such have no id
            message = await self._site.message(self._target, seq)
            place = Position.parse(message.id) if message is not None else None
            if place is not None and place.epoch == epoch:
                return place
        entry = await (await self._site.bucket(self._bucket)).get(self._name)
        place = Position.parse((entry.value or b"").decode("utf-8", "replace")) if entry else None
        return place if place is not None and place.epoch == epoch else None

    async def _first_after(self, time: int, info: StreamInfo) -> int:
        """The first sequence whose message the edge stored after `time`."""
        low, high = info.first, info.last + 1
        while low < high:
            middle = (low + high) // 2
            message = await self._edge.message(self._source, middle)
            if message is not None and message.time > time:
                high = middle
            else:
                low = middle + 1
        return low

    # ------------------------------------------------------------ beside the forwarding
    async def _watch(self, stats: PublisherStats) -> None:
        while True:
            self._tell(stats.state, stats.why)
            with contextlib.suppress(LinkError, StorageError):
                await self._save()
            with contextlib.suppress(LinkError, StorageError):
                last = (await self._edge.info(self._source)).last
                self.stats.behind = max(0, last - self.stats.position)
            await asyncio.sleep(SAVE_S)

    async def _save(self) -> None:
        if (place := self._stored) is not None and place != self._saved:
            bucket = await self._site.bucket(self._bucket)
            await bucket.put(self._name, place.text().encode())
            self._saved = place

    def _tell(self, state: BusState, why: str) -> None:
        self.stats.why = why or self.stats.why
        if state is self.stats.state:
            return
        if state is BusState.UP:
            _log.info("uplink %s is up at message %d", self._name, self.stats.position)
        else:
            _log.warning("uplink %s is %s: %s", self._name, state, why or "waiting for the site")
        self.stats.state = state
