"""Derived values beside the samples: a Delta table of results, each with all its versions."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.exceptions import DeltaError

from isthmus.historian.delta.damage import Damage, checked, is_shortage
from isthmus.historian.delta.manifest import DataFile, Manifest
from isthmus.historian.delta.narrow import narrowed
from isthmus.historian.delta.parquet import Sink
from isthmus.historian.delta.repair import missing, quarantine_files
from isthmus.historian.durable import fsync
from isthmus.historian.settings import DAY
from isthmus.model.errors import StorageError
from isthmus.model.kpi import KpiInput, KpiResult
from isthmus.model.sample import Nanoseconds

BROKEN = (pa.ArrowException, OSError, ValueError)
MOMENT = pa.timestamp("us", "UTC")
KPI = pa.schema(
    [
        pa.field("time", MOMENT, nullable=False),  # when the window begins
        pa.field("until", MOMENT, nullable=False),  # `end` is a word of SQL
        pa.field("path", pa.string(), nullable=False),
        pa.field("kpi", pa.string(), nullable=False),
        pa.field("period", pa.string(), nullable=False),
        pa.field("shift", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("unit", pa.string(), nullable=False),
        pa.field("status", pa.int32(), nullable=False),  # the bits of OPC UA's uint32
        pa.field("formula", pa.string(), nullable=False),
        pa.field("version", pa.int32(), nullable=False),
        pa.field("inputs", pa.string(), nullable=False),  # JSON: path, samples, digest of each
        pa.field("computed", MOMENT, nullable=False),
        pa.field("seq", pa.int64(), nullable=False),  # of the write: the greater one holds
    ]
)
WRITE, TURN = "isthmus:kpi", "isthmus:compaction"
SMALL = 8  # so many files of a date become one
AUDIT = 400 * DAY  # ns for which a result that was replaced is kept
US = 1_000
Row = tuple[int, KpiResult]  # seq of the write, result
Choice = Callable[[pa.Table], pa.Table]  # those rows that a question is about


def encode_kpis(rows: Sequence[Row]) -> pa.Table:
    """The table of schema `KPI` that holds `rows`; times to the microsecond."""

    def moments(times: Iterable[int]) -> pa.Array:
        return pa.array([time // US for time in times], pa.int64()).cast(MOMENT)

    results = [result for _, result in rows]
    columns = {
        "time": moments(result.start for result in results),
        "until": moments(result.end for result in results),
        "computed": moments(result.computed for result in results),
        "status": pa.array(np.array([r.status for r in results], np.uint32).view(np.int32)),
        "inputs": pa.array([_inputs(result) for result in results], pa.string()),
        "seq": pa.array([seq for seq, _ in rows], pa.int64()),
    }
    for field in KPI:
        if field.name not in columns:
            columns[field.name] = pa.array([getattr(r, field.name) for r in results], field.type)
    return pa.table([columns[name] for name in KPI.names], schema=KPI)


def _inputs(result: KpiResult) -> str:
    return json.dumps(
        [{"path": i.path, "samples": i.samples, "digest": i.digest} for i in result.inputs]
    )


def decode_kpis(table: pa.Table) -> list[Row]:
    """The rows in a table of schema `KPI`."""
    for name in ("time", "until", "computed"):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table[name].cast(pa.int64()))
    return [
        (
            row["seq"],
            KpiResult(
                *(row["path"], row["kpi"], row["period"]),
                *(Nanoseconds(row["time"] * US), Nanoseconds(row["until"] * US)),
                *(row["value"], row["unit"], row["shift"], row["status"] & 0xFFFF_FFFF),
                *(row["formula"], row["version"]),
                tuple(KpiInput(**told) for told in json.loads(row["inputs"])),
                Nanoseconds(row["computed"] * US),
            ),
        )
        for row in table.to_pylist()
    ]


class KpiTable:
    """The results below one root; one process writes, and holds `lock` while it does."""

    def __init__(self, manifest: Manifest, lock: threading.RLock | None = None) -> None:
        self.manifest, self.damage = manifest, Damage(manifest.root)
        self.files = tuple(manifest.files())
        self._lock = lock or threading.RLock()

    @classmethod
    def open(cls, root: Path, lock: threading.RLock) -> Self:
        """The table at `root`, made if there is none; raises StorageError."""
        table = cls(Manifest.open(root, KPI, partition=["date"]), lock)
        missing(table.damage, table.files)
        return table

    @classmethod
    def of(cls, root: Path) -> Self | None:
        """The table that another process writes at `root`; None where there is none."""
        try:
            return cls(Manifest.of(root))
        except (DeltaError, OSError):
            return None

    def refresh(self) -> None:
        """Take in what another process wrote; DeltaError or OSError."""
        if self.manifest.refresh():
            self.files = tuple(self.manifest.files())

    def write(self, results: Sequence[KpiResult], draft: Path) -> None:
        """Make results durable; of equal keys they hold from now on. Raises StorageError."""
        if not results:
            return
        with self._lock:
            seq = self.manifest.positions.get(WRITE, 0) + 1
            try:
                made = _write(self.manifest.root, draft, [(seq, result) for result in results])
                self.manifest.commit(made, positions={WRITE: seq})
            except BROKEN as error:
                raise StorageError(f"writing {self.manifest.root}: {error}") from error
            self.files = (*self.files, *made)

    def read(
        self,
        start: int,
        end: int,
        *,
        names: Collection[str] = (),
        path: str | None = None,
        period: str = "",
        versions: bool = False,
        limit: int = 10_000,
    ) -> list[KpiResult]:
        """The newest `limit` results that begin in [start, end), by start, path and name.

        With `versions` also those that were replaced, oldest first within a key. Broken files are
        noted in `damage` and left out; StorageError where this process cannot read just now.
        """
        words = {"kpi": names, "period": {period} - {""}}
        choose = partial(narrowed, start=start, end=end, path=path, **words)
        rows: list[Row] = []
        for file in self.files:
            if file.path in self.damage or file.times[0] >= end or file.times[1] < start:
                continue
            rows += [
                (seq, result)
                for seq, result in self._rows(file, choose)
                if start <= result.start < end
            ]
        rows.sort(key=lambda row: (row[1].start, row[1].path, row[1].kpi, row[1].period, row[0]))
        kept = rows if versions else holding(rows)
        return [result for _, result in kept[-limit:]]

    def maintain(self, now: int, draft: Path) -> None:
        """Make one file of the small ones of each date; forget what was replaced long ago."""
        self.set_aside()
        dates: dict[str, list[DataFile]] = {}
        for file in self.files:
            dates.setdefault(file.date, []).append(file)
        for run in dates.values():
            if len(run) >= SMALL:
                self._merge(run, now, draft)

    def _merge(self, run: Sequence[DataFile], now: int, draft: Path) -> None:
        rows = [row for file in run for row in self._rows(file)]
        if any(file.path in self.damage for file in run):
            self.set_aside()
            return
        rows.sort(key=lambda row: row[0])
        newest = {id(result) for _, result in holding(rows)}
        rows = [row for row in rows if id(row[1]) in newest or row[1].computed >= now - AUDIT]
        with self._lock:
            turn = self.manifest.positions.get(TURN, 0) + 1
            made = _write(self.manifest.root, draft, rows, turn=turn)
            self.manifest.commit(made, run, positions={TURN: turn}, changes=False)
            left = [file for file in self.files if file not in run]
            self.files = tuple(sorted([*left, *made], key=lambda file: (file.seq, file.path)))

    def set_aside(self) -> None:
        """Take what was found broken out of the table, and move it to quarantine."""
        root = self.manifest.root.parent
        with self._lock:
            gone = [file for file in self.files if file.path in self.damage]
            quarantine_files(self.manifest, gone, root, root / "quarantine")
            self.files = tuple(file for file in self.files if file not in gone)

    def _rows(self, file: DataFile, choose: Choice | None = None) -> list[Row]:
        where = self.manifest.root / file.path
        try:
            table = checked(where)
            return decode_kpis(choose(table) if choose else table)
        except BROKEN as error:
            if is_shortage(error):
                raise StorageError(f"reading {where}: {error}") from error
            self.damage.note(file, error)
            return []


def holding(rows: Iterable[Row]) -> list[Row]:
    """Of rows with equal keys the last, where the last of them was."""
    last: dict[tuple[str, str, str, int, int], Row] = {}
    for row in rows:
        before = last.get(row[1].key)
        if before is None or before[0] <= row[0]:
            last.pop(row[1].key, None)
            last[row[1].key] = row
    return list(last.values())


def _write(table: Path, draft: Path, rows: Sequence[Row], *, turn: int = 0) -> list[DataFile]:
    """Durable files of `rows`, one for each UTC day that a window begins on; raises OSError."""
    days: dict[int, list[Row]] = {}
    for row in rows:
        days.setdefault(row[1].start // DAY, []).append(row)
    made = []
    for day, some in sorted(days.items()):
        date = str(np.datetime64(day, "D"))
        with Sink(draft) as sink:
            pq.write_table(encode_kpis(some), sink, compression="zstd", write_page_checksum=True)
        folder = table / f"date={date}"
        if not folder.is_dir():
            folder.mkdir()
            fsync(table)
        seq = max(number for number, _ in some)
        path = folder / f"{seq:012d}-{turn:06d}-{sink.crc:08x}.parquet"
        size = draft.stat().st_size
        draft.rename(path)
        fsync(folder)
        starts = [result.start for _, result in some]
        name = f"{folder.name}/{path.name}"
        made.append(DataFile(name, size, len(some), date, seq, times=(min(starts), max(starts))))
    return made
