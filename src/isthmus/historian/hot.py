"""The hot tail: what no sealed file holds yet, readable the moment it is appended.

Rows go into pages of fixed size. A full page is put in order by the first who reads it, so that
a query searches sorted pages and scans only the page being written. One thread writes; a row is
published by moving `Page.filled`, after its columns are written.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from isthmus.historian.columns import arranged, rows_of
from isthmus.model.sample import Batch, Int32s

PAGE = 65_536


class Page:
    """A fixed number of rows in order of arrival, later by (tag, time)."""

    __slots__ = ("_ordered", "_rows", "_span", "filled", "taken")

    def __init__(self) -> None:
        self._rows = Batch(
            np.empty(PAGE, np.int32),
            np.empty(PAGE, np.int64),
            np.empty(PAGE, np.float64),
            np.empty(PAGE, np.uint32),
        )
        self.filled = 0
        self.taken = 0
        self._ordered = False
        self._span: tuple[int, int] | None = None

    def put(self, batch: Batch, first: int, stop: int) -> None:
        """Append the rows `first` up to `stop` of `batch`, which must fit."""
        at = self.filled
        end = at + stop - first
        rows = self._rows
        rows.tag[at:end] = batch.tag[first:stop]
        rows.time[at:end] = batch.time[first:stop]
        rows.value[at:end] = batch.value[first:stop]
        rows.quality[at:end] = batch.quality[first:stop]
        self.filled = end

    def rows(self) -> Batch:
        """The published rows; equal keys in order of arrival."""
        return self._rows.slice(0, self.filled)

    def span(self) -> tuple[int, int] | None:
        """The times of the oldest and newest row, None if there is none."""
        if self._span is None:
            time = self.rows().time
            if not len(time):
                return None
            span = (int(time.min()), int(time.max()))
            if len(time) < PAGE:
                return span
            self._span = span
        return self._span

    def take(self) -> Batch:
        """The published rows that were not taken yet, in order of arrival; one caller at a time."""
        rows = self._rows.slice(self.taken, self.filled)
        self.taken += len(rows)
        return rows

    def ordered(self) -> Batch | None:
        """The rows by (tag, time) once the page is full and was taken, None before."""
        if not self._ordered:
            if self.taken < PAGE:
                return None
            self._rows = arranged(self._rows)  # a reader of the old order keeps the old arrays
            self._ordered = True
        return self._rows


@dataclass(slots=True)
class Tail:
    """Pages in the order in which they were filled."""

    pages: list[Page] = field(default_factory=list)
    rows: int = 0
    _next: int = 0

    def append(self, batch: Batch) -> bool:
        """Publish all rows of `batch` after those before; whether a page became full."""
        size, first, turned = len(batch), 0, False
        while first < size:
            if not self.pages or self.pages[-1].filled == PAGE:
                self.pages.append(Page())
            page = self.pages[-1]
            stop = min(size, first + PAGE - page.filled)
            page.put(batch, first, stop)
            turned = turned or page.filled == PAGE
            first = stop
        self.rows += size
        return turned

    def take(self) -> list[Batch]:
        """The rows that were not taken yet, in order of arrival; one caller at a time."""
        found = []
        while self._next < len(self.pages):
            page = self.pages[self._next]
            found.append(page.take())
            if page.taken < PAGE:
                break
            self._next += 1
        return found

    def of(self, tags: Int32s, start: int, end: int) -> list[Batch]:
        """The rows of `tags` (ascending) in [start, end), later writes later."""
        found: list[Batch] = []
        if not len(tags):
            return found
        for page in list(self.pages):
            ordered = page.ordered()
            if ordered is None:
                rows = page.rows()
                keep = (rows.time >= start) & (rows.time < end)
                keep &= rows.tag == tags[0] if len(tags) == 1 else np.isin(rows.tag, tags)
                part = rows.where(keep)
            else:
                part = rows_of(ordered, tags, start, end)
            if len(part):
                found.append(part)
        return found

    def all(self) -> Batch:
        """All rows, later writes later."""
        return Batch.concat([page.ordered() or page.rows() for page in list(self.pages)])
