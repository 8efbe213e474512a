"""What a device recorded in a span of the past: step by step, and the gaps that it closes.

A step is some tags and some time, cut in the same places whenever the same is asked for, so that
whoever was stopped goes on with the step that was not complete.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from isthmus.historian.settings import HOUR, SECOND
from isthmus.model.ports import Backfill
from isthmus.model.sample import Batch, Int64s, Nanoseconds, Status, TagId

TOGETHER = 20  # tags of a step
STEPS = 200  # into which the time is cut at most


@dataclass(frozen=True, slots=True)
class Step:
    """Some tags in [start, end); `number` counts from 0 on."""

    number: int
    tags: tuple[TagId, ...]
    start: Nanoseconds
    end: Nanoseconds


def steps(tags: Sequence[TagId], start: Nanoseconds, end: Nanoseconds) -> list[Step]:
    """All of it, each stretch of time for all tags before the next."""
    wide = max(HOUR, -(-(end - start) // STEPS // SECOND) * SECOND)
    groups = [tuple(tags[first : first + TOGETHER]) for first in range(0, len(tags), TOGETHER)]
    cut = [
        (group, Nanoseconds(low), Nanoseconds(min(low + wide, end)))
        for low in range(start, end, wide)
        for group in groups
    ]
    return [Step(number, *each) for number, each in enumerate(cut)]


async def recall(source: Backfill, step: Step, tags: Iterable[TagId]) -> AsyncIterator[Batch]:
    """What `source` recorded of those of `tags` that are in the step, page by page."""
    asked = [tag for tag in step.tags if tag in tags]
    if not asked:
        return
    last: dict[int, tuple[int, float, int]] = {}
    async for reading in source.backfill(asked, step.start, step.end):
        rows = reading.batch
        yield _unrepeated(rows.where((rows.time >= step.start) & (rows.time < step.end)), last)


def _unrepeated(rows: Batch, last: dict[int, tuple[int, float, int]]) -> Batch:
    """Without a first row that ended the page before: some pages begin where the last one ended."""
    keep = np.ones(len(rows), np.bool_)
    tags, first = np.unique(rows.tag, return_index=True)
    for tag, place in zip(tags.tolist(), first.tolist(), strict=True):
        told = (int(rows.time[place]), float(rows.value[place]), int(rows.quality[place]))
        keep[place] = last.get(tag) != told
    newest = rows.latest()
    columns = (newest.tag, newest.time, newest.value, newest.quality)
    for tag, *row in zip(*(column.tolist() for column in columns), strict=True):
        last[tag] = (row[0], row[1], row[2])
    return rows if keep.all() else rows.where(keep)


@dataclass(slots=True)
class Marks:
    """Moments at which a site noted that it lost a device, closed by what that device recorded.

    What held at such a moment is told for it once the device is seen to have recorded on: a mark
    after its last sample stays a gap, and so does one before its first.
    """

    _open: dict[int, list[int]] = field(default_factory=dict)
    _held: dict[int, tuple[float, int]] = field(default_factory=dict)  # last value and quality

    def note(self, marks: Mapping[int, Iterable[int]]) -> None:
        """More of them, by tag; later than those before."""
        for tag, times in marks.items():
            self._open.setdefault(tag, []).extend(sorted(times))

    def close(self, rows: Batch) -> Batch:
        """A sample for each mark that `rows` close: each tag's in the order of time."""
        told: list[tuple[int, int, float, int]] = []
        for tag in np.unique(rows.tag).tolist():
            mine = rows.where(rows.tag == tag)
            told += self._of(tag, mine)
            self._held[tag] = (float(mine.value[-1]), int(mine.quality[-1]))
        return Batch(
            np.array([row[0] for row in told], np.int32),
            np.array([row[1] for row in told], np.int64),
            np.array([row[2] for row in told], np.float64),
            np.array([row[3] for row in told], np.uint32),
        )

    def _of(self, tag: int, mine: Batch) -> Iterable[tuple[int, int, float, int]]:
        times: Int64s = mine.time
        reached = [mark for mark in self._open.get(tag, ()) if mark <= times[-1]]
        if not reached:
            return
        self._open[tag] = self._open[tag][len(reached) :]
        for mark in reached:
            place = int(np.searchsorted(times, mark, "right")) - 1
            if place >= 0 and times[place] == mark:
                continue  # the device's own sample says it
            held = (float(mine.value[place]), int(mine.quality[place])) if place >= 0 else None
            known = held or self._held.get(tag)
            if known is not None and known[1] < Status.BAD:
                yield (tag, mark, *known)
