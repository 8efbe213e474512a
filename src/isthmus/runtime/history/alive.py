"""Until when this installation ran, and what nothing is known of since: gaps, told as samples."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from isthmus.model.sample import Clock, Int32s, Nanoseconds, Status
from isthmus.runtime.collect.link import Link
from isthmus.runtime.live import Live

BEAT, EVERY = "alive", 2.0
MILLISECOND = 10**6


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The time at which we last ran, by the plant's clock, in a file of `folder`."""

    folder: Path
    now: Clock

    def last(self) -> Nanoseconds:
        """When this installation was last known to run; 0 if never."""
        try:
            return Nanoseconds(int((self.folder / BEAT).read_text("ascii")))
        except (OSError, ValueError):
            return Nanoseconds(0)

    async def beat(self) -> None:
        """Say every two seconds that we run; a disk that takes no word is told elsewhere."""
        while True:
            with suppress(OSError):
                await asyncio.to_thread((self.folder / BEAT).write_text, str(self.now()), "ascii")
            await asyncio.sleep(EVERY)


def unknown_since(
    links: Iterable[Link], live: Live, alive: Nanoseconds, now: Nanoseconds
) -> Iterator[tuple[Link, Int32s, Nanoseconds]]:
    """Of each link the tags that were known until we stopped, and since when they are not.

    `alive` is when we were last known to run: till then what held was known to hold.
    """
    for link in links:
        ids = link.ids
        known = ids[(live.time[ids] > 0) & (live.quality[ids] < Status.BAD)]
        if not len(known):
            continue
        since = max(int(live.time[known].max()), alive) + MILLISECOND
        if since < now:
            yield link, known, Nanoseconds(since)
