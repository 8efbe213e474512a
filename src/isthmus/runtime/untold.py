"""Events on their way to the stream: kept by who tells them until it has them, in order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from isthmus.bus.port import Ack
from isthmus.model.errors import LinkError, ProtocolError
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds

log = logging.getLogger(__name__)

MOST = 10_000
PATIENCE = 10.0  # seconds in which the stream says that it has an event

Send = Callable[[Event], Awaitable[asyncio.Future[Ack]]]


@dataclass(slots=True)
class Untold:
    """What the stream does not have yet, oldest first; `dropped` counts what could not wait."""

    waiting: deque[Event] = field(default_factory=deque)
    dropped: int = 0
    _sent: tuple[Event, asyncio.Future[Ack]] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, told: Iterable[Mapping[str, Any]], dropped: int, kind: str) -> Self:
        """What `told` gave; `kind` is that of events that were written down without theirs."""
        return cls(deque(_event({"kind": kind, **one}) for one in told), dropped)

    def tell(self, event: Event) -> None:
        """An event that waits; beyond a bound the oldest is dropped and counted."""
        self.waiting.append(event)
        if len(self.waiting) > MOST:
            self.waiting.popleft()
            self.dropped += 1

    async def hand_over(self, send: Send) -> int:
        """Give all to the stream, in order; how many it has. LinkError leaves the rest waiting."""
        count = 0
        while self.waiting:
            event = self.waiting[0]
            try:
                await self._store(event, send)
                count += 1
            except ProtocolError as error:  # no stream ever takes it; the rest need not wait
                log.warning("an event of %s cannot be kept: %s", event.path, error)
                self.dropped += 1
            if self.waiting and self.waiting[0] is event:  # else it was dropped meanwhile
                self.waiting.popleft()
        return count

    async def _store(self, event: Event, send: Send) -> None:
        """Return when the stream has it; what is under way already is not sent again."""
        try:
            async with asyncio.timeout(PATIENCE):
                if self._sent is None or self._sent[0] is not event:
                    self._sent = event, await send(event)
                await asyncio.wait([self._sent[1]])
        except TimeoutError as error:
            text = f"telling the stream: it has not taken an event in {PATIENCE:g} s"
            raise LinkError(text, hint="is its disk full?") from error
        ack, self._sent = self._sent[1], None
        if ack.cancelled():
            raise LinkError("telling the stream: it was closed")
        ack.result()

    def told(self) -> list[dict[str, Any]]:
        """What waits, as `of` takes it."""
        return [
            {
                "time": event.time,
                "path": event.path,
                "kind": event.kind,
                "text": event.text,
                "severity": event.severity,
                "data": dict(event.data),
            }
            for event in tuple(self.waiting)  # others tell it something meanwhile
        ]


def _event(told: Mapping[str, Any]) -> Event:
    words = str(told["path"]), str(told["kind"]), str(told["text"])
    data = told["data"]
    if not isinstance(data, dict):
        raise TypeError("an event without its data")
    return Event(Nanoseconds(int(told["time"])), *words, int(told["severity"]), data)
