"""Sealed files as readers see them: memory-mapped, indexed by tag, decoded at most once.

Row groups that were read are kept up to a bound in bytes, files kept open up to a number. A file
that cannot be read is left out, named in `damaged`, and the rest is answered.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from isthmus.historian.delta.damage import Damage, fault, is_shortage
from isthmus.historian.delta.group import Opened, rows_in
from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.keep.archived import Archived
from isthmus.model.errors import StorageError
from isthmus.model.sample import Batch, Int32s

TOGETHER = 16  # row groups decoded at once by all processors: about 16 MB
SCAN = 12  # more row groups of a file than this are passed through, not kept
BROKEN = (pa.ArrowException, OSError, ValueError)


class Segments:
    """All sealed files below `root`; shared by the reading threads."""

    def __init__(self, root: Path, *, cache_bytes: int, open_files: int) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._open: OrderedDict[str, Opened] = OrderedDict()
        self._groups: OrderedDict[tuple[str, int], pa.Table] = OrderedDict()
        self._held = 0
        self._cache_bytes = cache_bytes
        self._open_files = open_files
        self.damaged = Damage(root)
        self.archived = Archived(root.parent)

    def of(
        self, file: DataFile, tags: Int32s, start: int, end: int, *, keep: bool = True
    ) -> list[Batch]:
        """The rows of `tags` (ascending) in [start, end) that `file` holds, by (tag, time).

        What is read is kept for the next who asks, unless it is much or not to be kept.
        """
        if not len(tags) or file.path in self.damaged:
            return []
        try:
            opened = self._opened(file)
            numbers = opened.near(tags, start, end)
            if not keep or len(numbers) > SCAN:
                tables = _passed(opened, numbers, tags)
            else:
                there = [number for number in numbers if opened.may_hold(number, tags)]
                tables = ((number, self._group(file, opened, number)) for number in there)
            return list(_rows(opened, tables, tags, start, end))
        except BROKEN as error:
            if is_shortage(error):
                raise StorageError(f"reading {self._root / file.path}: {error}") from error
            self.damaged.note(file, error)
            return []

    def groups(self, file: DataFile) -> Iterator[Batch]:
        """All rows of `file`, one row group after the other; raises StorageError if it is broken.

        Nothing is kept, so that a merge of large files stays within bounds.
        """
        with self._noted(file):
            opened = Opened.load(self._path(file))
            for number in range(opened.file.num_row_groups):
                yield opened.whole(number)

    def middle(self, file: DataFile) -> Batch:
        """The row group in the middle of `file`; raises StorageError if it is broken."""
        with self._noted(file):
            opened = Opened.load(self._path(file))
            return opened.whole(opened.file.num_row_groups // 2)

    @contextmanager
    def _noted(self, file: DataFile) -> Iterator[None]:
        try:
            yield
        except BROKEN as error:
            if not is_shortage(error):
                self.damaged.note(file, error)
            raise StorageError(f"reading {self._root / file.path}: {error}") from error

    def _path(self, file: DataFile) -> Path:
        """Where `file` can be read: here, or fetched from the archive; StorageError."""
        here = self._root / file.path
        away = file.path in self.archived and not here.exists()
        return self.archived.local(file.path) if away else here

    def whole(self, file: DataFile) -> bool:
        """Whether every byte of `file` is as it was written, by the checksum in its name."""
        return not fault(self._root / file.path, file.size)

    def forget(self, paths: set[str]) -> None:
        """Let go of files that are no longer part of the table."""
        with self._lock:
            for path in paths & self._open.keys():
                del self._open[path]
            for key in [key for key in self._groups if key[0] in paths]:
                self._held -= self._groups.pop(key).nbytes

    def _opened(self, file: DataFile) -> Opened:
        with self._lock:
            if found := self._open.get(file.path):
                self._open.move_to_end(file.path)
                return found
        made = Opened.load(self._path(file))
        with self._lock:
            self._open[file.path] = made
            while len(self._open) > self._open_files:
                self._open.popitem(last=False)
        return made

    def _group(self, file: DataFile, opened: Opened, number: int) -> pa.Table:
        key = (file.path, number)
        with self._lock:
            if (found := self._groups.get(key)) is not None:
                self._groups.move_to_end(key)
                return found
        (table,) = opened.each([number])
        with self._lock:
            if key not in self._groups:
                self._groups[key] = table
                self._held += table.nbytes
            while self._held > self._cache_bytes:
                self._held -= self._groups.popitem(last=False)[1].nbytes
        return table


Tables = Iterable[tuple[int, pa.Table]]


def _passed(opened: Opened, numbers: list[int], tags: Int32s) -> Tables:
    """Row groups in which one of `tags` may lie, several of which are read at once."""
    numbers = [number for number in numbers if opened.may_hold(number, tags)]
    for first in range(0, len(numbers), TOGETHER):
        some = numbers[first : first + TOGETHER]
        yield from zip(some, opened.each(some), strict=True)


def _rows(opened: Opened, tables: Tables, tags: Int32s, start: int, end: int) -> Iterator[Batch]:
    """The rows of `tags` in [start, end) in some row groups, of each apart."""
    for number, table in tables:
        there = opened.runs_of(number).only(tags)
        if len(there[0]):
            rows = rows_in(table, *there, start, end)
            if len(rows):
                yield rows
