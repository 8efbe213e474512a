"""The last value of every tag, as flat arrays by tag id."""

from __future__ import annotations

import numpy as np

from isthmus.model.sample import Batch, Int32s, Int64s

NEVER = -(1 << 63)


class LastValues:
    """Of each tag the sample of the greatest time; of equal times the one written last."""

    __slots__ = ("_place", "_rows")

    def __init__(self, size: int = 1024) -> None:
        self._rows = _blank(size)
        self._place = np.zeros(size, np.int32)

    def take(self, batch: Batch) -> None:
        """Learn from rows in the order in which they were written."""
        if not len(batch):
            return
        self._grow(int(batch.tag.max()) + 1)
        if (batch.time[1:] < batch.time[:-1]).any():
            batch = batch.latest()
        else:  # in order of time: the last row of each tag is its newest
            number = np.arange(len(batch), dtype=np.int32)
            self._place[batch.tag] = number
            batch = batch.where(self._place[batch.tag] == number)
        rows = self._rows
        newer = batch.time >= rows.time[batch.tag]
        if not newer.all():
            batch = batch.where(newer)
        place = batch.tag
        rows.tag[place] = place
        rows.value[place] = batch.value
        rows.quality[place] = batch.quality
        rows.time[place] = batch.time

    def of(self, tags: Int32s) -> Batch:
        """The last samples of `tags`, in their order; a tag that was never seen has no row."""
        rows = self._rows
        known = tags if int(tags.max(initial=0)) < len(rows) else tags[tags < len(rows)]
        found = rows.where(known.astype(np.intp))
        seen = found.time != NEVER
        return found if seen.all() else found.where(seen)

    def all(self) -> Batch:
        """The last sample of every tag that was ever seen, by tag."""
        return self._rows.where(self._rows.time != NEVER)

    def times(self, tags: Int32s) -> Int64s:
        """The time of the last sample of each tag, `NEVER` where there is none."""
        self._grow(int(tags.max()) + 1 if len(tags) else 0)
        found: Int64s = self._rows.time[tags]
        return found

    def _grow(self, size: int) -> None:
        if size > len(self._rows):
            more = _blank(max(size, 2 * len(self._rows)) - len(self._rows))
            self._rows = Batch.concat([self._rows, more])
            self._place = np.zeros(len(self._rows), np.int32)


def _blank(size: int) -> Batch:
    return Batch(
        np.zeros(size, np.int32),
        np.full(size, NEVER, np.int64),
        np.zeros(size, np.float64),
        np.zeros(size, np.uint32),
    )
