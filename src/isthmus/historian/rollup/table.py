"""A table of roll-ups: few files, each of which knows from when to when it speaks, and of what.

A file's number `seq` is that of the last seal that it knows of: where a sealed file of the same
hours has a greater one, its rows are out of date. A row of a later file replaces that of an earlier
one, as with samples; a row whose samples are gone stays.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from isthmus.historian.delta.damage import Damage, is_shortage
from isthmus.historian.delta.manifest import DataFile, Manifest
from isthmus.historian.delta.repair import missing, quarantine_files
from isthmus.historian.delta.segment import BROKEN
from isthmus.historian.rollup.rows import NAMES, Rollup
from isthmus.historian.settings import DAY, HOUR
from isthmus.model.errors import StorageError
from isthmus.model.sample import Bools, Int32s, Int64s

log = logging.getLogger(__name__)
TURN = "isthmus:rollup"
Lock = AbstractContextManager[Any]
NUMBERS = ("samples", "drawn", "good")
FLOATS = ("min", "max", "sum", "first", "last", "final", "integral", "held")
ROLLUPS = pa.schema(
    [
        pa.field("tag", pa.int32(), nullable=False),
        pa.field("time", pa.timestamp("us", "UTC"), nullable=False),
        *(pa.field(name, pa.int32(), nullable=False) for name in NUMBERS),
        pa.field("opened", pa.int64(), nullable=False),  # ns after `time`
        pa.field("closed", pa.int64(), nullable=False),
        *(pa.field(name, pa.float64()) for name in FLOATS),
        pa.field("seq", pa.int64(), nullable=False),  # of the seal: the greater one is right
    ]
)


def encode(rows: Rollup, seq: int) -> pa.Table:
    """The table of schema `ROLLUPS` of what seals up to `seq` say; what is not a number is null."""
    columns = {
        "seq": pa.array(np.full(len(rows), seq, np.int64)),
        "time": pa.array(rows.time // 1_000).cast(ROLLUPS.field("time").type),
        "opened": pa.array(rows.opened - rows.time),
        "closed": pa.array(rows.closed - rows.time),
    }
    for name in ("tag", *NUMBERS):
        columns[name] = pa.array(getattr(rows, name).astype(np.int32))
    for name in FLOATS:
        column = getattr(rows, name)
        columns[name] = pa.array(column, mask=np.isnan(column))
    return pa.table([columns[name] for name in ROLLUPS.names], schema=ROLLUPS)


def decode(table: pa.Table) -> Rollup:
    """The rows in a table of schema `ROLLUPS`; what is not in it is zero."""
    columns = dict.fromkeys(ROLLUPS.names, np.zeros(table.num_rows, np.int64))
    columns |= dict.fromkeys(FLOATS, np.zeros(table.num_rows))
    columns |= {
        name: column.to_numpy()
        for name, column in zip(table.schema.names, table.columns, strict=True)
    }
    columns |= {name: columns[name].astype(np.int64) for name in NUMBERS}
    time = columns["time"] = columns["time"].view(np.int64) * 1_000
    columns |= {name: columns[name] + time for name in ("opened", "closed")}
    return Rollup(*(columns[name] for name in NAMES))


CHARTED = [name for name in ROLLUPS.names if name not in ("integral", "held", "seq")]
COUNTED = ["tag", "time", "samples"]  # what tells which hours have minutes


class Derived(Damage):
    """Files found broken that can be made again."""

    def note(self, file: DataFile, why: object) -> None:
        """Leave `file` out from now on; the first time, the log hears of it."""
        if file.path not in self:
            self[file.path] = f"{file.path}: {why}".strip()
            name = f"{self.table.name}/{file.path}"
            log.warning("%s is damaged, and made again where its samples are left: %s", name, why)


class RollupTable:
    """The roll-ups of one length below one root; one process writes, and holds `lock` then.

    `group` is the rows of a row group.
    """

    def __init__(self, manifest: Manifest, lock: Lock, *, group: int, open_files: int) -> None:
        self.manifest, self.damage = manifest, Derived(manifest.root)
        self.files = tuple(manifest.files())
        self.group = group
        self._lock = lock
        self._reading = threading.Lock()
        self._open: OrderedDict[str, tuple[pq.ParquetFile, Int64s]] = OrderedDict()
        self._open_files = open_files

    @classmethod
    def open(cls, root: Path, lock: Lock, *, group: int, open_files: int) -> Self:
        """The table at `root`, made if there is none; raises StorageError."""
        manifest = Manifest.open(root, ROLLUPS, partition=["date"])
        table = cls(manifest, lock, group=group, open_files=open_files)
        missing(table.damage, table.files)
        return table

    def refresh(self) -> None:
        """Take in what another process wrote; DeltaError or OSError."""
        if self.manifest.refresh():
            self.files = tuple(self.manifest.files())

    # ------------------------------------------------------------------ reading
    def read(
        self,
        files: Iterable[DataFile],
        tags: Int32s,
        start: int,
        end: int,
        columns: Sequence[str] = CHARTED,
    ) -> list[Rollup]:
        """The rows of `tags` (ascending) that begin in [start, end), by file, oldest first.

        A broken file is noted in `damage`, and StorageError raised: its hours are not known then.
        """
        found = []
        for file in files:
            if file.rows and file.times[0] < end and file.times[1] >= start:
                rows = self._groups(file, lambda low, high: _between(tags, low, high), columns)
                time = rows["time"].to_numpy().view(np.int64) * 1_000
                wanted = (time >= start) & (time < end) & np.isin(rows["tag"].to_numpy(), tags)
                found.append(decode(rows.take(np.flatnonzero(wanted))))
        return [rows for rows in found if len(rows)]

    def window(self, files: Iterable[DataFile], first: int, last: int) -> list[Rollup]:
        """All rows of the tags from `first` up to `last`, by file, oldest first; see `read`."""
        found = []
        for file in files:
            if file.rows:
                rows = decode(self._groups(file, lambda low, high: (low <= last) & (high >= first)))
                found.append(rows.where((rows.tag >= first) & (rows.tag <= last)))
        return [rows for rows in found if len(rows)]

    def _groups(
        self,
        file: DataFile,
        wanted: Callable[[Int64s, Int64s], Bools],
        columns: Sequence[str] = ROLLUPS.names[:-1],
    ) -> pa.Table:
        """The row groups wanted by their first and last tag."""
        try:
            with self._reading:  # a Parquet reader is not made for two threads
                opened, bounds = self._opened(file)
                near = np.flatnonzero(wanted(bounds[:, 0], bounds[:, 1])).tolist()
                return opened.read_row_groups(
                    near, columns=list(columns), use_threads=len(near) > 1
                )
        except BROKEN as error:
            if not is_shortage(error):
                self.damage.note(file, error)
            raise StorageError(f"reading {self.manifest.root / file.path}: {error}") from error

    def _opened(self, file: DataFile) -> tuple[pq.ParquetFile, Int64s]:
        """The open file, and first and last tag of each row group."""
        if found := self._open.get(file.path):
            self._open.move_to_end(file.path)
            return found
        path = self.manifest.root / file.path
        opened = pq.ParquetFile(path, memory_map=True, page_checksum_verification=True)
        groups = (opened.metadata.row_group(n) for n in range(opened.num_row_groups))
        bounds = [(tag.min, tag.max) for tag in (group.column(0).statistics for group in groups)]
        found = self._open[file.path] = (opened, np.array(bounds, np.int64).reshape(-1, 2))
        while len(self._open) > self._open_files:
            self._open.popitem(last=False)
        return found

    def windows(self, files: Sequence[DataFile], rows: int) -> list[tuple[int, int]]:
        """Ranges of tags, first and last, that hold about so many rows of `files` each."""
        with self._reading:
            bounds = [self._opened(file)[1] for file in files if file.rows]
        last = np.sort(np.concatenate([of[:, 1] for of in bounds])) if bounds else np.empty(0)
        if not len(last):
            return []
        count = max(1, rows // self.group)
        cuts = np.unique(last[count - 1 :: count]).tolist()
        if not cuts or cuts[-1] < last[-1]:
            cuts.append(int(last[-1]))
        return list(zip([0, *(cut + 1 for cut in cuts[:-1])], cuts, strict=True))

    # ------------------------------------------------------------------ changing
    def publish(self, made: Sequence[DataFile], gone: Sequence[DataFile] = ()) -> None:
        """Put files in place of others in one commit; raises StorageError."""
        with self._lock:
            self.manifest.commit(made, gone, positions={TURN: self.turn + 1}, changes=not gone)
            self._swap(made, gone)

    def drop(self, gone: Sequence[DataFile]) -> None:
        """Take whole files out of the table in one commit; raises StorageError."""
        with self._lock:
            self.manifest.commit((), gone, positions={TURN: self.turn + 1})
            self._swap((), gone)

    @property
    def turn(self) -> int:
        """How often the table changed."""
        return self.manifest.positions.get(TURN, 0)

    def set_aside(self) -> None:
        """Take what was found broken out of the table: it is made again where samples are left."""
        root = self.manifest.root.parent
        with self._lock:
            gone = [file for file in self.files if file.path in self.damage]
            if gone:
                quarantine_files(self.manifest, gone, root, root / "quarantine")
                self._swap((), gone)
        for file in gone:
            self.damage.pop(file.path, None)

    def _swap(self, made: Sequence[DataFile], gone: Sequence[DataFile]) -> None:
        left = [file for file in self.files if file not in gone]
        self.files = tuple(sorted([*left, *made], key=lambda file: (file.seq, file.path)))
        with self._reading:
            for file in gone:
                self._open.pop(file.path, None)


def _between(tags: Int32s, low: Int64s, high: Int64s) -> Bools:
    return np.searchsorted(tags, low, "left") < np.searchsorted(tags, high, "right")


def began(file: DataFile) -> int:
    """The hour (since 1970) that `hours` of a file are counted from."""
    return int(np.datetime64(file.date, "D").astype(np.int64)) * (DAY // HOUR)
