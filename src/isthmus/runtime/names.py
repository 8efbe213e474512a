"""The ids of another installation told in our own, from its catalogue in its stream.

Each catalogue holds from its place in the stream on. An edge whose disk was replaced counts from
zero again, so a stream that is read a second time needs the catalogue of each place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from isthmus.model.errors import ProtocolError
from isthmus.model.sample import Batch, Int32s
from isthmus.runtime.catalogue import write_durably

UNKNOWN, FOREIGN = -1, -2
MAX_IDS = 10_000_000


@dataclass(slots=True)
class Version:
    """The paths by id, as they are from message `seq` on; empty where an id has none."""

    seq: int
    paths: list[str]


@dataclass(slots=True)
class Names:
    """What the ids in the stream of `epoch` stand for; kept in `file`.

    Rows of paths in `foreign` are left out and counted: they are for others to tell.
    """

    file: Path
    epoch: str
    id: Callable[[str], int | None]
    foreign: Collection[str] = frozenset()
    refused: int = 0
    _versions: list[Version] = field(default_factory=list)
    _table: Int32s | None = None

    def open(self, position: int) -> None:
        """Know what was known when the message at `position` had been read."""
        if self.file.exists():
            kept = json.loads(self.file.read_text("utf-8"))
            if kept["epoch"] == self.epoch:
                self._versions = [Version(int(seq), paths) for seq, paths in kept["versions"]]
        before = [version for version in self._versions if version.seq <= position]
        if before:
            self._use(before[-1].paths)

    def learn(self, seq: int, named: Mapping[int, str], stored: int) -> None:
        """What ids stand for from message `seq` on; all up to `stored` is never read again.

        A catalogue without the id 0 goes on where the one before it ended. The paths must have
        ids of our own by now. Raises ProtocolError for ids out of bounds.
        """
        if not named:
            return
        if min(named) < 0 or max(named) >= MAX_IDS:
            raise ProtocolError(f"a catalogue names the ids {min(named)} to {max(named)}")
        before = [version for version in self._versions if version.seq < seq]
        known = before[-1].paths if before and 0 not in named else []
        paths = [
            named.get(number, known[number] if number < len(known) else "")
            for number in range(max(max(named) + 1, len(known)))
        ]
        self._use(paths)
        fresh = Version(seq, paths)
        needed = [
            version for version, next_ in pairwise([*before, fresh]) if next_.seq > stored + 1
        ]
        if needed and paths[: len(needed[-1].paths)] == needed[-1].paths:
            fresh = Version(needed.pop().seq, paths)  # it only grew: the old ids stay true
        after = [version for version in self._versions if version.seq > seq]
        self._versions = [*needed, fresh, *after]
        self._save()

    def local(self, batch: Batch) -> Batch:
        """`batch` with ids of our own; ProtocolError where it holds one without a name."""
        if not len(batch):
            return batch
        table = self._table
        if table is None or int(batch.tag.max()) >= len(table) or int(batch.tag.min()) < 0:
            raise ProtocolError("a frame holds a tag that its edge's catalogue does not name")
        own = table[batch.tag]
        if (own == UNKNOWN).any():
            raise ProtocolError("a frame holds a tag that its edge's catalogue does not name")
        told = Batch(own, batch.time, batch.value, batch.quality)
        foreign = own == FOREIGN
        if foreign.any():
            self.refused += int(np.count_nonzero(foreign))
            told = told.where(~foreign)
        return told

    def _use(self, paths: list[str]) -> None:
        table = np.full(len(paths), UNKNOWN, np.int32)
        for number, path in enumerate(paths):
            own = self.id(path) if path else None
            if path in self.foreign:
                table[number] = FOREIGN
            elif own is not None:
                table[number] = own
        self._table = table

    def _save(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        versions = [[version.seq, version.paths] for version in self._versions]
        kept = json.dumps({"epoch": self.epoch, "versions": versions})
        write_durably(self.file, kept.encode())
