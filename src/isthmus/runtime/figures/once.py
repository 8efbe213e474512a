"""History that is read once and asked many times, by all figures of the same stretch of time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from isthmus.model.sample import Batch, Int32s, Nanoseconds
from isthmus.model.tag import Tag
from isthmus.runtime.figures.read import History, Records, Window


class Once:
    """The samples of some tags over a window; what else is asked for, history is asked."""

    def __init__(self, history: History, tags: Int32s, window: Window) -> None:
        self._history, self._tags, self._window = history, tags, window
        self._rows = history.raw(tags, window.start, window.end)
        self._held = history.before(tags, window.start)
        self._first = np.searchsorted(self._rows.tag, tags)
        self._last = np.searchsorted(self._rows.tag, tags, side="right")

    @classmethod
    def of(cls, records: Records, tags: Iterable[Tag | None], window: Window) -> History:
        """The history of those tags that are known; that of `records` where none is."""
        ids = {records.namespace.id(tag.path) for tag in tags if tag is not None} - {None}
        numbers = np.array(sorted(each for each in ids if each is not None), np.int32)
        return cls(records.historian, numbers, window) if len(numbers) else records.historian

    def raw(self, tags: Int32s, start: Nanoseconds, end: Nanoseconds) -> Batch:
        """The samples in [start, end) by (tag, time)."""
        inside = self._window.start <= start and end <= self._window.end
        if not inside or not np.isin(tags, self._tags).all():
            return self._history.raw(tags, start, end)
        found = []
        for at in np.searchsorted(self._tags, np.unique(tags)).tolist():
            first, last = int(self._first[at]), int(self._last[at])
            left, right = np.searchsorted(self._rows.time[first:last], [start, end]).tolist()
            found.append(self._rows.slice(first + left, first + right))
        return found[0] if len(found) == 1 else Batch.concat(found)

    def before(self, tags: Int32s, time: Nanoseconds) -> Batch:
        """The last sample of each tag at or before `time`."""
        inside = self._window.start <= time < self._window.end
        if not inside or not np.isin(tags, self._tags).all():
            return self._history.before(tags, time)
        found = []
        for at in np.searchsorted(self._tags, np.unique(tags)).tolist():
            first, last = int(self._first[at]), int(self._last[at])
            place = first + int(np.searchsorted(self._rows.time[first:last], time, side="right"))
            if place > first:
                found.append(self._rows.slice(place - 1, place))
            else:
                found.append(self._held.where(self._held.tag == self._tags[at]))
        return Batch.concat(found)
