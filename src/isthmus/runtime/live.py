"""The newest value of every tag, and who wants to be told of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from isthmus.historian.port import Historian
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Floats, Int32s, Int64s, Nanoseconds, Status, Uint32s
from isthmus.model.tag import Namespace


@dataclass(slots=True)
class Live:
    """Last values by tag id; `stamp` grows with every update, so a reader asks for what is new."""

    time: Int64s = field(default_factory=lambda: np.zeros(0, np.int64))
    value: Floats = field(default_factory=lambda: np.zeros(0))
    quality: Uint32s = field(default_factory=lambda: np.zeros(0, np.uint32))
    text: dict[int, str] = field(default_factory=dict)
    stamp: int = 0
    seen: int = 0
    _stamps: Int64s = field(default_factory=lambda: np.zeros(0, np.int64))
    _cover: Uint32s = field(default_factory=lambda: np.zeros(0, np.uint32))
    _under: Uint32s = field(default_factory=lambda: np.zeros(0, np.uint32))
    _covers: bool = False

    def grow(self, size: int) -> None:
        """Room for `size` tags; new ones wait for their first value."""
        more = size - len(self.time)
        if more <= 0:
            return
        waiting = np.full(more, Status.BAD_WAITING_FOR_INITIAL_DATA, np.uint32)
        self.time = np.concatenate([self.time, np.zeros(more, np.int64)])
        self.value = np.concatenate([self.value, np.full(more, np.nan)])
        self.quality = np.concatenate([self.quality, waiting])
        self._stamps = np.concatenate([self._stamps, np.zeros(more, np.int64)])
        self._cover = np.concatenate([self._cover, np.zeros(more, np.uint32)])
        self._under = np.concatenate([self._under, waiting])

    def update(self, batch: Batch, now: int | None = None) -> None:
        """Take what is newer than what is known; late samples do not move the present.

        A known time ahead of `now` gives way: the clock that told it has been set right.
        """
        self.seen += len(batch)
        newer = batch.time >= self.time[batch.tag]
        if now is not None and not newer.all():
            newer |= self.time[batch.tag] > now
        if not newer.all():
            batch = batch.where(newer)
        if not len(batch):
            return
        self.stamp += 1
        self.time[batch.tag] = batch.time
        if (self.time[batch.tag] < batch.time).any():  # a tag's rows stood out of order
            batch = batch.latest()
            self.time[batch.tag] = batch.time
        self.value[batch.tag] = batch.value
        self._judge(batch.tag, batch.quality)
        self._stamps[batch.tag] = self.stamp

    def tell(self, tag: int, event: Event) -> None:
        """Take a text value."""
        if event.time < self.time[tag]:
            return
        self.stamp += 1
        self.text[tag] = event.text
        self.time[tag] = event.time
        self._judge(np.array([tag], np.int32), np.zeros(1, np.uint32))
        self._stamps[tag] = self.stamp

    def recall(self, historian: Historian, namespace: Namespace, now: Nanoseconds) -> None:
        """Take text values as history knows them, the newest of each tag in the last week."""
        week = Nanoseconds(now - 7 * 86_400 * 10**9)
        for event in historian.events(week, now, kinds=("text",), limit=10_000):
            number = namespace.id(event.path)
            if number is not None:
                self.tell(number, event)

    def _judge(self, tags: Int32s, quality: Uint32s) -> None:
        if self._covers:
            self._under[tags] = quality
            cover = self._cover[tags]
            quality = np.where(cover > 0, cover, quality)
        self.quality[tags] = quality

    def cover(self, tags: Int32s, status: Status) -> None:
        """Show `tags` with `status`, whatever comes, until they are uncovered."""
        fresh = tags[self._cover[tags] == 0]
        self._under[fresh] = self.quality[fresh]
        self._cover[tags] = self.quality[tags] = int(status)
        self._covers = True
        self.stamp += 1
        self._stamps[tags] = self.stamp

    def uncover(self, tags: Int32s) -> None:
        """Show `tags` again with the quality that they have."""
        covered = tags[self._cover[tags] > 0]
        self.quality[covered] = self._under[covered]
        self._cover[covered] = 0
        self._covers = bool(self._cover.any())
        self.stamp += 1
        self._stamps[covered] = self.stamp

    def last(self, tags: Iterable[int] | Int32s) -> Batch:
        """One row for each of `tags`, in their order."""
        ids = np.fromiter(tags, np.int32) if not isinstance(tags, np.ndarray) else tags
        return Batch(ids, self.time[ids], self.value[ids], self.quality[ids])

    def since(self, stamp: int, tags: Int32s) -> Batch:
        """The rows of `tags` that changed after `stamp`."""
        return self.last(tags[self._stamps[tags] > stamp])

    def stamps(self, tags: Int32s) -> Int64s:
        """The stamp of each tag's last change, 0 where it never changed."""
        found: Int64s = self._stamps[tags]
        return found
