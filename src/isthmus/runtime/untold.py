"""Events on their way to the stream: kept over a restart by who tells them, bounded, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds

MOST = 10_000


@dataclass(slots=True)
class Untold:
    """What the stream does not have yet, oldest first; `dropped` counts what could not wait."""

    waiting: deque[Event] = field(default_factory=deque)
    dropped: int = 0

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

    async def hand_over(self, tell: Callable[[Event], Awaitable[None]]) -> int:
        """Give all to `tell`, in order; how many. What it raises leaves the rest waiting."""
        count = 0
        while self.waiting:
            event = self.waiting[0]
            await tell(event)
            count += 1
            if self.waiting and self.waiting[0] is event:  # else it was dropped meanwhile
                self.waiting.popleft()
        return count

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
