"""What changed in the past: which tags at which times, remembered on disk before history has it.

A sample is late where it tells of a window that is closed. Its tag and hour are written down
before it is appended, so that no crash forgets that figures have to be computed again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from isthmus.model.errors import StorageError
from isthmus.model.sample import Batch, Bools
from isthmus.runtime.catalogue import write_durably
from isthmus.runtime.derive.window import DAY, HOUR, Interval, covers, united

FILE = "derive.json"
MOST = 64  # intervals a tag or a line
RECENT = 2 * DAY  # what is older is remembered by days


@dataclass(slots=True, eq=False)
class Dirt:
    """Closed windows end by `until` (ns); `marks` are changed times by tag id, `work` by line."""

    file: Path
    until: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    marks: dict[int, list[Interval]] = field(default_factory=dict)
    work: dict[str, list[Interval]] = field(default_factory=dict)
    doing: dict[str, list[Interval]] = field(default_factory=dict)
    dark: dict[str, list[Interval]] = field(default_factory=dict)  # work once edges have told
    late: int = 0  # samples of closed windows since the start
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    order: asyncio.Lock = field(default_factory=asyncio.Lock)
    _watched: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))

    @classmethod
    def open(cls, file: Path) -> Dirt:
        """What `file` remembers; StorageError where it is damaged."""
        found = cls(file)
        if not file.exists():
            return found
        try:
            told = json.loads(file.read_text("utf-8"))
            found.until = int(told["until"])
            found.versions = dict(told["versions"])
            found.marks = {int(tag): _intervals(some) for tag, some in told["marks"].items()}
            found.work = {line: _intervals(some) for line, some in told["work"].items()}
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"reading {file}: {error}",
                hint="remove it: then all derived values are computed again",
            ) from error
        return found

    def watch(self, tags: list[int]) -> None:
        """Only these tags matter to a formula."""
        self._watched = np.zeros(max(tags, default=-1) + 1, np.bool_)
        self._watched[tags] = True

    async def append(self, batch: Batch, append: Callable[[], None]) -> None:
        """Append a batch to history; what of it is late is on disk before."""
        late = self._late(batch)
        if late is None:
            append()
            return
        async with self.order:
            if self._mark(late):
                await self.keep()
            append()
            self.late += len(late)
            self.woken.set()

    def _late(self, batch: Batch) -> Batch | None:
        if not len(batch) or not len(self._watched) or batch.time.min() >= self.until:
            return None
        late = (batch.time < self.until) & (batch.tag < len(self._watched))
        late[late] = self._watched[batch.tag[late]]
        return batch.where(late) if late.any() else None

    def _mark(self, late: Batch) -> bool:
        """Remember the times of `late` in whole hours or days; whether that is news."""
        grain = np.where(late.time < self.until - RECENT, DAY, HOUR)
        keys = np.unique(np.stack([late.tag, late.time // grain * grain, grain]), axis=1)
        news = False
        for tag, start, width in keys.T.tolist():
            known = self.marks.get(tag, [])
            if not covers(known, start, start + width):
                self.marks[tag] = united([*known, (start, start + width)], MOST)
                news = True
        return news

    def add(self, line: str, start: int, end: int) -> None:
        """Compute again what of `line` lies in [start, end)."""
        if end > start:
            self.work[line] = united([*self.work.get(line, []), (start, end)], MOST)

    def take(self, span: int) -> tuple[str, int, int] | None:
        """The newest piece of work, `span` ns of a line at most; done when `done` is called."""
        ends = [(some[-1][1], line) for line, some in self.work.items() if some]
        if not ends:
            return None
        end, line = max(ends)
        start = max(self.work[line][-1][0], end - span)
        rest = self.work[line].pop()
        if rest[0] < start:
            self.work[line].append((rest[0], start))
        self.doing[line] = [(start, end)]
        return line, start, end

    def done(self, line: str) -> None:
        """What was taken of `line` is computed, and durable."""
        self.doing.pop(line, None)

    @property
    def waiting(self) -> int:
        """Hours of lines that are to be computed."""
        every = [*self.work.values(), *self.doing.values(), *self.dark.values()]
        every += self.marks.values()
        return sum(end - start for some in every for start, end in some) // HOUR

    def save(self) -> None:
        """Write it all down, durably; StorageError where the disk does not take it."""
        self._write(self._told())

    async def keep(self) -> None:
        """The same, without holding others up."""
        await asyncio.to_thread(self._write, self._told())

    def _told(self) -> bytes:
        parts = (self.work, self.doing, self.dark)
        work = {
            line: united([each for part in parts for each in part.get(line, ())], MOST)
            for line in {line for part in parts for line in part}
        }
        told = {"until": self.until, "versions": self.versions, "marks": self.marks, "work": work}
        return json.dumps(told).encode()

    def _write(self, data: bytes) -> None:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self.file, data)
        except OSError as error:
            raise StorageError(f"writing {self.file}: {error}", hint="free or add space") from error


def _intervals(written: list[list[int]]) -> list[Interval]:
    return [(int(start), int(end)) for start, end in written]
