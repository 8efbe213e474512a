"""Which files are the table: a Delta Lake log, made durable step by step.

The library calls no fsync. So here a data file and its folder are synchronised before the commit,
the log entry and its folder after it, a checkpoint before the entries that it replaces go. Commits
carry `Transaction(stream, position)`, which is how a replay finds where to resume.
"""

from __future__ import annotations

import errno
import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import (
    CommitProperties,
    DeltaTable,
    PostCommitHookProperties,
    Schema,
    Transaction,
)
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction

from isthmus.historian.delta.sums import Sums
from isthmus.historian.durable import fsync
from isthmus.model.errors import StorageError

CONFIGURATION = {
    "delta.logRetentionDuration": "interval 1 days",
    "delta.deletedFileRetentionDuration": "interval 1 days",
    "delta.enableExpiredLogCleanup": "false",  # ours to do, after a durable checkpoint
}
NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
LOG = "_delta_log"
HOURS = re.compile(r"-(\d\d+)to(\d\d+)(?:-late)?\.parquet$")
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class DataFile:
    """One live file: where, how many rows, and bounds of what it holds (times ns, inclusive).

    Bounds of which the first is greater than the second mean that there is no such column.
    """

    path: str  # relative to the table, `date=2026-11-22/...`
    size: int
    rows: int
    date: str = ""
    seq: int = 0
    tags: tuple[int, int] = (0, -1)
    times: tuple[int, int] = (0, -1)

    @property
    def late(self) -> bool:
        """Whether it may hold rows whose tag and time are in an earlier file of its date too."""
        return self.path.endswith("-late.parquet")

    @property
    def hours(self) -> tuple[int, int]:
        """The hours of its date that it may hold rows of: from the first up to the second."""
        found = HOURS.search(self.path)
        return (int(found[1]), int(found[2])) if found else (0, 24)

    def meets(self, other: DataFile) -> bool:
        """Whether both may hold rows of the same hour."""
        mine, its = self.hours, other.hours
        return self.date == other.date and mine[0] < its[1] and its[0] < mine[1]


def is_full(error: BaseException) -> bool:
    """Whether `error`, or what it came from, says that there is no space to write to."""
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    if "No space left" in str(error):  # as the log's writer words it, without a number
        return True
    return error.__cause__ is not None and is_full(error.__cause__)


def said(error: BaseException) -> str:
    """What `error` says, without its number."""
    return str(error.strerror) if isinstance(error, OSError) and error.strerror else str(error)


def megabytes(size: int, *, up: bool = False) -> str:
    """A size in words, rounded down, or `up` where it is a need."""
    return f"{-(-size >> 20) if up else size >> 20:,} MB"


def _milliseconds(time: int, *, up: bool) -> str:
    """A time in ns as Delta statistics write it, rounded outwards so that no row is excluded."""
    whole = -(-time // 1_000_000) if up else time // 1_000_000
    return f"{np.datetime64(whole, 'ms')}Z"


def statistics(file: DataFile) -> str:
    """The bounds of a file as Delta's log writes them."""
    bounds: tuple[dict[str, object], dict[str, object]] = ({}, {})
    for place, side in enumerate(bounds):
        side["seq"] = file.seq
        if file.tags[0] <= file.tags[1]:
            side["tag"] = file.tags[place]
        if file.times[0] <= file.times[1]:
            side["time"] = _milliseconds(file.times[place], up=bool(place))
    return json.dumps({"numRecords": file.rows, "minValues": bounds[0], "maxValues": bounds[1]})


class Manifest:
    """The Delta log of one folder; not thread-safe, its owner holds the lock."""

    def __init__(self, root: Path, table: DeltaTable, positions: dict[str, int]) -> None:
        self.root = root
        self._table = table
        self._positions = positions
        self._sums = Sums(root / LOG)
        self._uncertain = False
        self._files: list[DataFile] = []
        self._listed = -1  # the version of which these are the files
        self.commit_ms = 0.0

    @classmethod
    def open(cls, root: Path, schema: pa.Schema, *, partition: Sequence[str] = ()) -> Self:
        """The table at `root`, made if there is none; raises StorageError if it cannot be read."""
        try:
            if not DeltaTable.is_deltatable(str(root)):
                root.mkdir(parents=True, exist_ok=True)
                date = [pa.field(name, pa.date32()) for name in partition]
                whole = pa.schema([*schema, *date])
                DeltaTable.create(
                    str(root), whole, partition_by=list(partition), configuration=CONFIGURATION
                )
                fsync(root / LOG / f"{0:020d}.json")
                fsync(root / LOG)
                fsync(root)
            return cls.of(root).widened(schema)
        except (DeltaError, OSError) as error:
            raise StorageError(
                f"opening the table {root}: {error}",
                hint="look at its _delta_log folder, or restore it from a copy",
            ) from error

    @classmethod
    def of(cls, root: Path) -> Self:
        """The table that exists at `root`; DeltaError or OSError where it cannot be read."""
        table = DeltaTable(str(root))
        return cls(root, table, _transactions(root / LOG))

    def widened(self, schema: pa.Schema) -> Self:
        """The same with columns of `schema` that an older version lacked: null in its files."""
        known = {field.name for field in self._table.schema().fields}
        missing = [field for field in schema if field.name not in known]
        if missing:
            fields = Schema.from_arrow(pa.schema(missing)).fields
            self._table.alter.add_columns(fields, post_commithook_properties=NO_HOOKS)
            self._table.update_incremental()
            fsync(self.root / LOG / f"{self.version:020d}.json")
            fsync(self.root / LOG)
        return self

    @property
    def version(self) -> int:
        """The number of the last commit."""
        return int(self._table.version())

    @property
    def positions(self) -> Mapping[str, int]:
        """The last version of each application id."""
        return dict(self._positions)

    def refresh(self) -> bool:
        """Take in what another process committed; whether there was anything."""
        before = self._table.version()
        self._table.update_incremental()
        return bool(self._table.version() != before)

    def files(self) -> list[DataFile]:
        """All live files, oldest seal first; asked again, the log is read if it grew."""
        if self._listed != (version := self.version):
            self._files = _listed(pa.table(self._table.get_add_actions(flatten=True)))
            self._listed = version
        return list(self._files)

    def commit(
        self,
        add: Iterable[DataFile],
        remove: Iterable[DataFile] = (),
        *,
        positions: Mapping[str, int],
        changes: bool = True,
    ) -> None:
        """Publish and retire files and move positions in one durable commit.

        The files must be durable. `changes` is false where the rows stay the same (compaction).
        Raises StorageError; then nothing was published. One case is worse: the commit is in the
        log, but the disk refused to make it durable; then no further commit is taken, and the
        next start finds out what the disk kept.
        """
        if self._uncertain:
            raise StorageError(
                f"committing to {self.root}: the disk failed to keep the last commit",
                hint="look after the disk, then start again: the stream replays what is missing",
            )
        began = time.perf_counter()
        now = time.time_ns() // 1_000_000
        actions = [
            AddAction(f.path, f.size, _dated(f), now, changes, statistics(f)) for f in add
        ] + [RemoveAction(f.path, changes, now, f.size, _dated(f)) for f in remove]
        turns = [Transaction(name, value) for name, value in positions.items()]
        try:
            self._table.create_write_transaction(
                actions,
                "append",
                self._table.schema(),
                self._table.metadata().partition_columns,
                commit_properties=CommitProperties(app_transactions=turns, max_commit_retries=0),
                post_commithook_properties=NO_HOOKS,
            )
        except (DeltaError, OSError) as error:
            if not self._landed(positions):
                raise StorageError(f"committing to {self.root}: {error}") from error
        try:
            self._table.update_incremental()
            fsync(self.root / LOG / f"{self.version:020d}.json")
            fsync(self.root / LOG)
        except (DeltaError, OSError) as error:
            self._uncertain = True
            raise StorageError(f"keeping a commit of {self.root}: {error}") from error
        self._sums.add(f"{self.version:020d}.json")
        self._positions.update(positions)
        self.commit_ms = (time.perf_counter() - began) * 1000

    def _landed(self, positions: Mapping[str, int]) -> bool:
        """Whether a commit that raised is in the log all the same."""
        try:
            self._table.update_incremental()
        except (DeltaError, OSError):
            return False
        return bool(positions) and all(
            self._table.transaction_version(name) == value for name, value in positions.items()
        )

    def checkpoint(self) -> None:
        """Write a durable checkpoint, then let go of the log entries that it replaces."""
        log = self.root / LOG
        self._sums.forget(*(path.name for path in log.glob("*.checkpoint*")))
        self._table.create_checkpoint()
        for path in (*log.glob(f"{self.version:020d}.checkpoint*"), log / "_last_checkpoint", log):
            fsync(path)
        self._table.cleanup_metadata()
        self._sums.renew(*(path.name for path in log.glob("*.checkpoint*")))

    def vacuum(self, keep_hours: int) -> int:
        """Delete files that no commit of the last `keep_hours` names; how many went."""
        gone = self._table.vacuum(
            keep_hours,
            dry_run=False,
            enforce_retention_duration=False,
            full=True,
            post_commithook_properties=NO_HOOKS,
        )
        self._table.update_incremental()
        return len(gone)


def _listed(actions: pa.Table) -> list[DataFile]:
    """The files that add actions name, column by column: there may be tens of thousands."""
    names = set(actions.column_names)

    def numbers(name: str, default: int) -> list[int]:
        if name not in names:
            return [default] * actions.num_rows
        column = actions[name]
        if pa.types.is_timestamp(column.type):  # to ns
            column = pc.multiply(column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()), 1000)
        column = column.cast(pa.int64()).fill_null(default)
        return list(column.to_numpy().tolist())

    def words(name: str) -> list[str]:
        if name not in names:
            return [""] * actions.num_rows
        return list(actions[name].cast(pa.string()).fill_null("").to_numpy().tolist())

    tags = zip(numbers("min.tag", 0), numbers("max.tag", -1), strict=True)
    times = zip(numbers("min.time", 0), numbers("max.time", -1000), strict=True)
    size, rows, seq = numbers("size_bytes", 0), numbers("num_records", 0), numbers("max.seq", 0)
    columns = (words("path"), size, rows, words("partition.date"), seq, tags, times)
    return sorted(map(DataFile, *columns), key=lambda file: (file.seq, file.path))


def _dated(file: DataFile) -> dict[str, str | None]:
    return {"date": file.date} if file.date else {}


def _transactions(log: Path) -> dict[str, int]:
    """The last version of every application id in the log: its checkpoint, then what follows."""
    found: dict[str, int] = {}
    points = sorted(log.glob("*.checkpoint*.parquet"))
    last = int(points[-1].name.partition(".")[0]) if points else -1
    for part in log.glob(f"{last:020d}.checkpoint*.parquet"):
        for row in pq.ParquetFile(part).read(columns=["txn"])["txn"].to_pylist():
            if row and row["appId"] is not None:
                found[row["appId"]] = int(row["version"])
    for entry in sorted(log.glob("[0-9]*.json")):
        if entry.stem.isdigit() and int(entry.stem) > last:
            for line in entry.read_text().splitlines():
                if '"txn"' in line and (turn := json.loads(line).get("txn")):
                    found[turn["appId"]] = int(turn["version"])
    return found
