"""After a gap: what a device recorded meanwhile, told as late samples.

A gap begins with a sample of bad quality. Where the device says what held at that moment, the same
moment is told again with that value, and the later word wins; where it does not, the gap stays.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from isthmus.model.ports import Backfill, Reading
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId

MARGIN = 10 * 10**9  # ns before a gap: what was heard and not kept
LONGEST = 31 * 86_400 * 10**9  # ns that are asked for by themselves
MOST = 10_000_000  # samples of one filling


@dataclass(slots=True)
class Filled:
    """What one filling told: samples, their tags, how many gaps it closed, whether all of it."""

    samples: int = 0
    tags: set[int] = field(default_factory=set)
    closed: int = 0
    whole: bool = True  # else there was more than one filling takes


@dataclass(slots=True)
class Held:
    """The last of each tag's samples at or before one moment, from samples in any order."""

    moment: int
    last: dict[int, tuple[int, float, int]] = field(default_factory=dict)

    def take(self, batch: Batch) -> None:
        """Learn from more samples."""
        early = batch.where(batch.time <= self.moment).latest()
        columns = (early.tag, early.time, early.value, early.quality)
        for tag, time, value, quality in zip(*(c.tolist() for c in columns), strict=True):
            if time >= self.last.get(tag, (0, 0.0, 0))[0]:
                self.last[tag] = (time, value, quality)

    def told(self) -> Batch:
        """One sample a tag at the moment, of what held then; none where that was bad."""
        good = {tag: row for tag, row in self.last.items() if row[2] < Status.BAD}
        return Batch(
            np.array(list(good), np.int32),
            np.full(len(good), self.moment, np.int64),
            np.array([value for _, value, _ in good.values()], np.float64),
            np.array([quality for _, _, quality in good.values()], np.uint32),
        )


async def fill(
    source: Backfill,
    tags: Sequence[TagId],
    start: Nanoseconds,
    end: Nanoseconds,
    markers: Sequence[int],
    emit: Callable[[Reading], Awaitable[None]],
) -> Filled:
    """Tell to `emit` what `source` recorded in [start, end], and close the gaps at `markers`.

    Raises ProtocolError where the device keeps no history, LinkError where the link is lost.
    """
    found, held = Filled(), [Held(moment) for moment in markers]
    since = Nanoseconds(max(start - MARGIN, end - LONGEST))
    async for reading in source.backfill(tags, since, end):
        batch = reading.batch.where(reading.batch.time <= end)
        for one in held:
            one.take(batch)
        if len(batch) or reading.events:
            await emit(Reading(batch, reading.events))
        found.samples += len(batch)
        found.tags |= set(np.unique(batch.tag).tolist())
        if found.samples >= MOST:
            found.whole = False
            break
    for one in held:
        closing = one.told()
        if len(closing):
            await emit(Reading(closing))
            found.closed += len(closing)
    return found
