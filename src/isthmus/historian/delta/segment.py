"""Sealed files as readers see them: memory-mapped, indexed by row group, decoded at most once.

A file is sorted by (tag, time), so the first and last tag of each row group say where a tag is.
Decoded row groups are kept up to a bound in bytes, files kept open up to a number. A file that
cannot be read is left out, named in `damaged`, and the rest is answered.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from isthmus.historian.columns import decode, rows_of
from isthmus.historian.delta.damage import Damage, fault, is_shortage
from isthmus.historian.delta.manifest import DataFile
from isthmus.model.errors import StorageError
from isthmus.model.sample import Batch, Int32s, Int64s

COLUMNS = ("tag", "time", "sub_ns", "value", "exact", "status")
ROW_BYTES = 24
TOGETHER = 8  # row groups decoded at once by all processors: about 24 MB
SCAN = 12  # more row groups of a file than this are passed through, not kept
BROKEN = (pa.ArrowException, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file, and per row group its first and last tag and time (ns, widened).

    `columns` are those of a row group that are not null throughout.
    """

    file: Any
    lock: threading.Lock
    low: Int32s
    high: Int32s
    start: Int64s
    end: Int64s
    columns: list[list[str]]


class Segments:
    """All sealed files below `root`; shared by the reading threads."""

    def __init__(self, root: Path, *, cache_bytes: int, open_files: int) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._open: OrderedDict[str, Opened] = OrderedDict()
        self._groups: OrderedDict[tuple[str, int], Batch] = OrderedDict()
        self._held = 0
        self._cache_bytes = cache_bytes
        self._open_files = open_files
        self.damaged = Damage(root)

    def of(self, file: DataFile, tags: Int32s, start: int, end: int) -> list[Batch]:
        """The rows of `tags` (ascending) in [start, end) that `file` holds, by (tag, time)."""
        if not len(tags) or file.path in self.damaged:
            return []
        try:
            opened = self._opened(file)
            near = (opened.start < end) & (opened.end >= start)
            first = np.searchsorted(tags, opened.low, "left")
            near &= first < np.searchsorted(tags, opened.high, "right")
            groups = np.nonzero(near)[0].tolist()
            if len(groups) > SCAN:
                parts = (
                    _scan(opened, groups[first : first + TOGETHER], tags, start, end)
                    for first in range(0, len(groups), TOGETHER)
                )
            else:
                parts = (
                    rows_of(self._group(file, opened, number), tags, start, end)
                    for number in groups
                )
            return [part for part in parts if len(part)]
        except BROKEN as error:
            if is_shortage(error):
                raise StorageError(f"reading {self._root / file.path}: {error}") from error
            self.damaged.note(file, error)
            return []

    def groups(self, file: DataFile) -> Iterator[Batch]:
        """All rows of `file`, one row group after the other; raises StorageError if it is broken.

        Nothing is kept, so that a merge of large files stays within bounds.
        """
        try:
            opened = _load(self._root / file.path)
            for number in range(opened.file.num_row_groups):
                yield decode(_read(opened, number))
        except BROKEN as error:
            if not is_shortage(error):
                self.damaged.note(file, error)
            raise StorageError(f"reading {self._root / file.path}: {error}") from error

    def whole(self, file: DataFile) -> bool:
        """Whether every byte of `file` is as it was written, by the checksum in its name."""
        return not fault(self._root / file.path, file.size)

    def forget(self, paths: set[str]) -> None:
        """Let go of files that are no longer part of the table."""
        with self._lock:
            for path in paths & self._open.keys():
                del self._open[path]
            for key in [key for key in self._groups if key[0] in paths]:
                self._held -= len(self._groups.pop(key)) * ROW_BYTES

    def _opened(self, file: DataFile) -> Opened:
        with self._lock:
            if found := self._open.get(file.path):
                self._open.move_to_end(file.path)
                return found
        made = _load(self._root / file.path)
        with self._lock:
            self._open[file.path] = made
            while len(self._open) > self._open_files:
                self._open.popitem(last=False)
        return made

    def _group(self, file: DataFile, opened: Opened, number: int) -> Batch:
        key = (file.path, number)
        with self._lock:
            if (found := self._groups.get(key)) is not None:
                self._groups.move_to_end(key)
                return found
        rows = decode(_read(opened, number))
        with self._lock:
            if key not in self._groups:
                self._groups[key] = rows
                self._held += len(rows) * ROW_BYTES
            while self._held > self._cache_bytes:
                self._held -= len(self._groups.popitem(last=False)[1]) * ROW_BYTES
        return rows


def _load(path: Path) -> Opened:
    """The file at `path`, its row groups indexed."""
    file = pq.ParquetFile(path, memory_map=True, page_checksum_verification=True)
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    tags = [group.column(0).statistics for group in groups]
    times = [group.column(1).statistics for group in groups]
    bounds = (
        np.array([(time.min_raw, time.max_raw) for time in times], np.int64).reshape(-1, 2) * 1000
    )
    return Opened(
        file,
        threading.Lock(),
        np.array([tag.min for tag in tags], np.int32),
        np.array([tag.max for tag in tags], np.int32),
        bounds[:, 0],
        bounds[:, 1] + 999,
        [
            [
                name
                for place, name in enumerate(COLUMNS)
                if group.column(place).statistics.null_count < group.num_rows
            ]
            for group in groups
        ],
    )


def _read(opened: Opened, number: int) -> pa.Table:
    with opened.lock:  # a Parquet reader is not made for two threads
        return opened.file.read_row_group(number, columns=opened.columns[number], use_threads=False)


def _scan(opened: Opened, numbers: list[int], tags: Int32s, start: int, end: int) -> Batch:
    """The rows of `tags` in [start, end) of some row groups, decoding only those."""
    used = {name for number in numbers for name in opened.columns[number]}
    columns = [name for name in COLUMNS if name in used]
    with opened.lock:
        table = opened.file.read_row_groups(numbers, columns=columns, use_threads=True)
    tag, time = table["tag"].to_numpy(), table["time"].to_numpy().view(np.int64)
    wanted = np.zeros(int(max(tag[-1], tags[-1])) + 1, np.bool_)
    wanted[tags] = True
    # `sub_ns` is not looked at yet, so take a microsecond more and leave the rest to `rows_of`
    near = np.nonzero((time >= start // 1_000) & (time <= end // 1_000))[0]
    near = near[wanted[tag[near]]]
    if not len(near):
        return Batch.empty()
    return rows_of(decode(table.take(near)), tags, start, end)
