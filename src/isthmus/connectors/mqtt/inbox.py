"""What the broker sent and nobody has read yet: bounded in bytes, every drop counted."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from isthmus.model.sample import Nanoseconds

OVERHEAD = 128  # bytes that a waiting message costs besides its topic and payload


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came: `time` is when it reached us, ns UTC of the plant's clock."""

    topic: str
    payload: bytes
    time: Nanoseconds
    retained: bool = False

    @property
    def size(self) -> int:
        """The bytes that this message takes while it waits."""
        return len(self.topic) + len(self.payload) + OVERHEAD


@dataclass(slots=True)
class Inbox:
    """A queue of at most `limit` bytes; the oldest message goes first when it overflows.

    `full` asks the session to stop reading, so that TCP holds the broker back; only a session
    that may not stop (its keep-alive would end the link) makes the queue overflow.
    """

    limit: int
    bytes: int = 0
    dropped: int = 0
    waiting: deque[Message] = field(default_factory=deque)

    @property
    def full(self) -> bool:
        """Whether no more should be read for now."""
        return self.bytes >= self.limit

    @property
    def relieved(self) -> bool:
        """Whether reading may go on: half the room is free again."""
        return self.bytes <= self.limit // 2

    def put(self, message: Message, *, overflow: bool) -> None:
        """Add `message`; with `overflow`, the oldest make room for it and are counted."""
        self.waiting.append(message)
        self.bytes += message.size
        while overflow and self.bytes > self.limit and len(self.waiting) > 1:
            self.bytes -= self.waiting.popleft().size
            self.dropped += 1

    def take(self, most: int) -> list[Message]:
        """The oldest messages, about `most` bytes of them but at least one if there is any."""
        taken: list[Message] = []
        size = 0
        while self.waiting and size < most:
            message = self.waiting.popleft()
            size += message.size
            taken.append(message)
        self.bytes -= size
        return taken
