"""What is sent next on each channel; when too many come to one address, one that tells of all."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from isthmus.insight.notify.flood import Flood
from isthmus.model.alarm import Priority
from isthmus.model.errors import StorageError
from isthmus.model.notice import Notice
from isthmus.model.plantfile_notify import FloodEntry
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.notify.message import Address, Message
from isthmus.runtime.notify.outbox import Outbox

GATHERED = frozenset({"alarm", "rule"})
SHOWN = 20  # messages that a digest names
SECOND = 1e9


@dataclass(slots=True)
class Flooding:
    """Which messages are to be sent, and which wait to be told as one; safe for threads.

    Nothing here is on disk: after a restart each message that waits is looked at anew.
    """

    terms: FloodEntry
    outbox: Outbox
    digests: int = 0  # since the start
    _floods: dict[Address, Flood] = field(default_factory=dict)
    _gathered: defaultdict[Address, dict[str, Message]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    _ready: defaultdict[str, dict[str, Message]] = field(default_factory=lambda: defaultdict(dict))
    _seen: set[str] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def look(self, now: int) -> None:
        """Let through what has become due, or gather it; tell of floods.

        StorageError where the disk does not take what is told of a flood; all else is done.
        """
        failed: StorageError | None = None
        with self._guard:
            due = [
                address
                for address, gathered in self._gathered.items()
                if gathered and self._flood(address).due(now / SECOND)
            ]
            for address in due:
                try:
                    self._tell(address, now)
                except StorageError as error:  # what was gathered stays, and is told later
                    failed = error
            waiting = sorted(self.outbox.waiting.values(), key=lambda each: each.urgency)
            for message in waiting:
                if message.id not in self._seen and message.due <= now:
                    self._seen.add(message.id)
                    self._let_in(message, now)
            self._seen &= self.outbox.waiting.keys()
        if failed is not None:
            raise failed

    def next(self, channel: str, now: int) -> Message | None:
        """The message that `channel` is to send next, None where nothing waits."""
        with self._guard:
            ready = self._ready[channel]
            for number in [one for one in ready if one not in self.outbox.waiting]:
                del ready[number]  # given up for want of room
            may = (each for each in ready.values() if each.not_before <= now)
            return min(may, key=lambda each: (each.tries, *each.urgency), default=None)

    def forget(self, message: Message) -> None:
        """It is sent, or failed for good."""
        with self._guard:
            self._ready[message.address.channel].pop(message.id, None)

    def _let_in(self, message: Message, now: int) -> None:
        address = message.address
        single = message.kind not in GATHERED or message.files or message.step.startswith("Flood")
        urgent = message.priority == Priority.URGENT
        if single or not self._flood(address).take(now / SECOND, urgent=urgent):
            self._ready[address.channel][message.id] = message
        else:
            self._gathered[address][message.id] = message

    def _flood(self, address: Address) -> Flood:
        return self._floods.setdefault(address, Flood(self.terms))

    def _tell(self, address: Address, now: int) -> None:
        gathered = [
            each for each in self._gathered[address].values() if each.id in self.outbox.waiting
        ]
        if gathered:
            made = Message.of(digest(gathered), address, now, step=f"Flood of {len(gathered)}")
            self.outbox.gather(gathered, made, now)
            self.digests += 1
        del self._gathered[address]
        self._flood(address).sent(now / SECOND)


def digest(gathered: list[Message]) -> Notice:
    """One notice that tells of all: how many, which came first, the most urgent by name."""
    first = min(gathered, key=lambda each: each.at)
    which = hashlib.sha256("\n".join(sorted(each.id for each in gathered)).encode())
    priorities = Counter(Priority(each.priority) for each in gathered)
    counted = ", ".join(f"{priorities[each]} {each.word}" for each in Priority if priorities[each])
    where = Counter(each.about.rpartition("/")[0] for each in gathered).most_common(5)
    lines = [
        f"{len(gathered)} messages came at once: {counted}.",
        f"The first: {first.title} ({first.about}).",
        "Most of them: " + ", ".join(f"{path or 'the site'} {count}" for path, count in where),
        "",
    ]
    urgent = sorted(gathered, key=lambda each: (each.priority, each.at))
    lines += [f"{Priority(each.priority).word}: {each.title}" for each in urgent[:SHOWN]]
    if len(gathered) > SHOWN:
        lines.append(f"and {len(gathered) - SHOWN} more, on the pages")
    return Notice(
        f"flood:{which.hexdigest()[:32]}",
        "alarm",
        f"{len(gathered)} messages at once; the first: {first.title}",
        "\n".join(lines),
        Nanoseconds(first.at),
        priority=min(each.priority for each in gathered),
        link="/alarms",
    )
