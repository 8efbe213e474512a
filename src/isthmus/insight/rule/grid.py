"""Samples at equal steps of time: what each tag said at each moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from isthmus.model.sample import Batch, Bools, Floats, Int32s, Int64s, Status, Uint32s

FEW = 64  # moments: below that it is quicker to go from one to the next


class Grid(NamedTuple):
    """What is held at each moment (a row): the value, whether it is good, when it was told."""

    value: Floats
    known: Bools
    heard: Int64s


@dataclass(slots=True, eq=False)
class Held:
    """The last sample of each of some tags: what holds until the next one comes.

    `ids` go from a tag id to a row here, -1 where nobody asks for the tag. Behind the tags are
    `more` rows, for what no tag tells.
    """

    tags: Int32s
    more: int = 0
    ids: Int32s = field(init=False)
    value: Floats = field(init=False)
    quality: Uint32s = field(init=False)
    time: Int64s = field(init=False)

    def __post_init__(self) -> None:
        size = len(self.tags)
        self.ids = np.full(int(self.tags.max()) + 1 if size else 0, -1, np.int32)
        self.ids[self.tags] = np.arange(size, dtype=np.int32)
        size += self.more
        self.value = np.full(size, np.nan)
        self.quality = np.full(size, Status.BAD_WAITING_FOR_INITIAL_DATA, np.uint32)
        self.time = np.zeros(size, np.int64)

    def asked(self, batch: Batch) -> Batch:
        """The samples of our tags, told by their rows here."""
        batch = batch.where(batch.tag < len(self.ids))
        rows = self.ids[batch.tag]
        kept = rows >= 0
        return Batch(rows[kept], batch.time[kept], batch.value[kept], batch.quality[kept])

    def take(self, samples: Batch) -> None:
        """Hold what is newer than what is held; of equal times the later of `samples`."""
        if not len(samples):
            return
        order = np.lexsort((np.arange(len(samples)), samples.time, samples.tag))
        last = np.append(np.diff(samples.tag[order]) != 0, True)
        found = samples.where(order[last].astype(np.int64))
        newer = found.time >= self.time[found.tag]
        found = found.where(newer)
        self.value[found.tag], self.quality[found.tag] = found.value, found.quality
        self.time[found.tag] = found.time

    def at(self, samples: Batch, moments: Int64s) -> Grid:
        """What each row says at each of `moments`.

        `samples` are by rows; those after the last moment must not be among them.
        """
        rows = (len(moments), len(self.value))
        value, quality = np.empty(rows), np.empty(rows, np.uint32)
        heard = np.empty(rows, np.int64)
        if len(moments) <= FEW:
            place = np.searchsorted(moments, samples.time)
            for number in range(len(moments)):
                self.take(samples.where(place == number))
                value[number], quality[number] = self.value, self.quality
                heard[number] = self.time
        else:
            self._columns(samples, moments, value, quality, heard)
        return Grid(value, (quality < Status.UNCERTAIN) & np.isfinite(value), heard)

    def _columns(
        self, samples: Batch, moments: Int64s, value: Floats, quality: Uint32s, heard: Int64s
    ) -> None:
        order = np.lexsort((np.arange(len(samples)), samples.time, samples.tag))
        ordered = samples.where(order.astype(np.int64))
        ordered = ordered.where(ordered.time >= self.time[ordered.tag])
        bounds = np.searchsorted(ordered.tag, np.arange(len(self.value) + 1))
        for row in range(len(self.value)):
            own = ordered.slice(int(bounds[row]), int(bounds[row + 1]))
            values = np.concatenate([self.value[row : row + 1], own.value])
            qualities = np.concatenate([self.quality[row : row + 1], own.quality])
            times = np.concatenate([self.time[row : row + 1], own.time])
            last = np.searchsorted(own.time, moments, side="right")
            value[:, row], quality[:, row] = values[last], qualities[last]
            heard[:, row] = times[last]
        self.take(samples)


def moments(start: int, end: int, step: float) -> Int64s:
    """The multiples of `step` seconds in (start, end]."""
    wide = round(step * 1e9)
    return np.arange(start // wide + 1, end // wide + 1, dtype=np.int64) * wide
