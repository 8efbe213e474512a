"""Takes the messages of one channel to it: the most urgent first, again where it fails, in time."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from isthmus.model.errors import AuthError, IsthmusError, LinkError, Refused
from isthmus.model.plantfile_channel import ChannelEntry
from isthmus.runtime.notify.letter import Letter
from isthmus.runtime.notify.message import Message

log = logging.getLogger(__name__)

FIRST, LONGEST, REFUSED = 2.0, 300.0, 300.0  # seconds before it is tried again
JITTER = 0.25  # of that
FEW = 16  # tries before pauses are longest, and those that people ask for
MINUTE = 60.0


class LaterError(LinkError):
    """One letter is not taken now; the channel is well, and others need not wait."""


class Sender(Protocol):
    """What a channel can do, from the event loop."""

    async def send(self, letter: Letter) -> None:
        """Send it; LinkError to be tried again, Refused where that would not help.

        LaterError where only this letter is to wait.
        """
        ...

    async def close(self) -> None:
        """Leave; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Threaded:
    """A sender whose `send` blocks, in a thread."""

    send_now: Callable[[Letter], None]

    async def send(self, letter: Letter) -> None:
        """Send it."""
        await asyncio.to_thread(self._send, letter)

    def _send(self, letter: Letter) -> None:
        try:
            self.send_now(letter)
        except StopIteration as error:  # which no future holds: the channel would hang for ever
            raise RuntimeError("something ended that should not") from error

    async def close(self) -> None:
        """There is nothing to leave."""


@dataclass(slots=True)
class Courier:
    """One channel and how it stands; counts are since the start of the process.

    `done` is told what became of a message: sent where the last word is empty, else why not.
    """

    name: str
    entry: ChannelEntry
    sender: Sender
    write: Callable[[Message], Letter]
    done: Callable[[Message, str], Awaitable[None]]
    wall: Callable[[], int] = time.time_ns
    sent: int = 0
    failed: int = 0
    last: int = 0  # ns of the wall, when it last took a message
    trouble: str = ""
    hint: str = ""
    since: int = 0  # ns of the wall, since when there is trouble
    wait: float = 0.0  # seconds until it is tried again
    _until: float = 0.0
    _recent: list[float] = field(default_factory=list)
    _refused: set[str] = field(default_factory=set)  # mail addresses since the last one was taken

    def ready(self) -> bool:
        """Whether it may send now: no trouble that waits, and room in this minute."""
        now = time.monotonic()
        self._recent = [each for each in self._recent if now - each < MINUTE]
        return now >= self._until and len(self._recent) < self.entry.per_minute

    async def carry(self, message: Message) -> None:
        """Try to send it once; what becomes of it is told to `done`, where it is the end of it."""
        now = self.wall()
        message.tries += 1
        self._recent.append(time.monotonic())
        try:
            await self.sender.send(self.write(message))
        except Refused as error:
            self._refuses(str(error), error.hint, now, message.address.mail)
            await self.done(message, _told(error))
        except LaterError as error:
            self._up()
            wait = min(FIRST * 2.0 ** min(message.tries - 1, FEW), LONGEST)
            message.not_before = now + round(wait * 1e9)
            await self._retry(message, error, now)
        except IsthmusError as error:
            self._down(error, now)
            await self._retry(message, error, now)
        except Exception as error:  # a mistake of ours: the channel goes on with the next
            log.exception("sending %s by %s", message.id, self.name)
            why = f"a mistake of ours: {type(error).__name__}: {error}"
            self._refuses(why, "", now, message.address.mail)
            await self.done(message, why)
        else:
            self._up()
            self._refused.clear()
            self.sent += 1
            self.last = self.wall()
            await self.done(message, "")

    async def _retry(self, message: Message, error: IsthmusError, now: int) -> None:
        """It is tried again, unless it is too old for that."""
        message.why = str(error)
        old = now - message.due > self.entry.give_up * 1e9
        most = FEW + 2 * self.entry.give_up / LONGEST  # for a clock that stands still
        if old or message.tries >= most:
            self.failed += 1
            await self.done(message, f"given up after {message.tries} tries: {_told(error)}")

    def _refuses(self, why: str, hint: str, now: int, mail: str) -> None:
        """It answers, so the next need not wait; it is no channel that gets through either.

        One mailbox that is gone says nothing of the others: of a channel of mail two have to be
        refused, and nothing be taken between them.
        """
        self.failed += 1
        self._refused.add(mail)
        if mail and len(self._refused) == 1:
            return
        if not self.trouble:
            log.warning("the channel %s takes no message: %s", self.name, why)
            self.since = now
        self.trouble, self.hint, self.wait, self._until = why, hint, 0.0, 0.0

    def _down(self, error: IsthmusError, now: int) -> None:
        if not self.trouble:
            log.warning("the channel %s is down: %s", self.name, error)
            self.since = now
        self.trouble, self.hint = str(error), error.hint
        longer = min(max(self.wait * 2, FIRST), LONGEST)
        self.wait = REFUSED if isinstance(error, AuthError) else longer
        self._until = time.monotonic() + self.wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311

    def _up(self) -> None:
        if self.trouble:
            log.info("the channel %s is up", self.name)
        self.trouble, self.hint, self.since, self.wait, self._until = "", "", 0, 0.0, 0.0

    def again(self) -> None:
        """Try at once: somebody asked for it."""
        self._until = 0.0


def _told(error: IsthmusError) -> str:
    return f"{error} ({error.hint})" if error.hint else str(error)
