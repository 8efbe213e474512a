"""Moves old days of samples into the archive: a Delta table at another place.

A day is copied, read back and compared, committed there, noted here, and only then removed here,
in one commit. Killed anywhere between, the next round finds what is done and goes on. We are the
only writer of that table; any program may read it.
"""

from __future__ import annotations

import logging
import re
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from isthmus.historian.columns import SAMPLES
from isthmus.historian.delta.manifest import (
    CONFIGURATION,
    NO_HOOKS,
    DataFile,
    Manifest,
    statistics,
)
from isthmus.historian.delta.parquet import write_samples
from isthmus.historian.delta.store import Store
from isthmus.historian.keep import plan
from isthmus.historian.keep.archive_plan import ArchivePlan
from isthmus.historian.keep.archived import named_crc
from isthmus.historian.keep.keeper import Keeper, left
from isthmus.historian.keep.place import Target, file_pieces, place
from isthmus.historian.keep.retention import DAY
from isthmus.model.errors import IsthmusError, StorageError

log = logging.getLogger(__name__)

TABLE = "samples"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
CHECKPOINT = 50  # commits
TIMES = {"timeout": "30s", "connect_timeout": "10s", "max_retries": "3", "retry_timeout": "30s"}


class Tier:
    """The archive's writer; one thread at a time."""

    def __init__(
        self, store: Store, wanted: ArchivePlan, keeper: Keeper, maintaining: threading.Lock
    ) -> None:
        self._store, self._plan, self._keeper = store, wanted, keeper
        self._maintaining = maintaining
        self._table: DeltaTable | None = None
        store.segments.archived.cache_bytes = wanted.cache

    @classmethod
    def of(
        cls,
        store: Store,
        wanted: ArchivePlan | None,
        keeper: Keeper,
        maintaining: threading.Lock,
    ) -> Self | None:
        """The archive's writer; None where there is no archive."""
        if wanted is None:
            return None
        keeper.archive_after = wanted.after
        return cls(store, wanted, keeper, maintaining)

    def run(self, now: int, stop: Callable[[], bool] = lambda: False) -> int:
        """Move every day that is old enough; how many went. Trouble is told once, and kept."""
        keeper, to = self._keeper, self._plan.target.to
        try:
            moved = self._run(now, stop)
        except (IsthmusError, DeltaError, OSError) as error:
            said = " ".join(COLOURS.sub("", str(error)).split())[:500]
            if not keeper.archive_trouble:
                log.warning("archiving to %s: %s; history stays here meanwhile", to, said)
            keeper.archive_trouble = said
            return 0
        if keeper.archive_trouble:
            log.warning("archiving to %s works again", to)
        keeper.archive_trouble = ""
        return moved

    def _run(self, now: int, stop: Callable[[], bool]) -> int:
        moved, store, ages = 0, self._store, self._keeper.ages
        if ages is not None:
            archived = store.segments.archived
            self._expire(plan.expired(archived.files, ages, now=now))
            done = self._keeper.thinned
            for thinning in plan.thinnings(archived.files, ages, now=now, done=done):
                if stop():
                    return moved
                self._thin(thinning)
        for date, day in plan.days(store.files).items():
            age = now - plan.end(date, day)
            early = age >= DAY and self._keeper.near()  # for want of space
            if stop() or not (age >= self._plan.after or early):
                break
            self._copy(day)
            with self._maintaining:
                if stop():
                    break
                here = {file.path for file in store.files}
                if all(file.path in here for file in day):  # else merged meanwhile: next round
                    self._move(date, day)
                    moved += 1
        return moved

    def _copy(self, day: Sequence[DataFile]) -> None:
        """Copy a day's files, and read them back."""
        there = place(self._plan.target)
        have = there.files(f"{TABLE}/{day[0].path.rpartition('/')[0]}")
        for file in day:
            name, source = f"{TABLE}/{file.path}", self._store.samples.root / file.path
            if name not in have or have[name].size != file.size:
                there.put(name, file_pieces(source))
            size = crc = 0
            for piece in there.pieces(name):
                size, crc = size + len(piece), zlib.crc32(piece, crc)
            if size != file.size or f"{crc:08x}" != named_crc(file.path):
                there.delete(name)
                raise StorageError(
                    f"{name} was read back otherwise than written",
                    hint="the file here stays; `isthmus doctor` says whether it is whole",
                )

    def _move(self, date: str, day: Sequence[DataFile]) -> None:
        """Commit a copied day there, note it here, remove it here."""
        archived = self._store.segments.archived
        known = {file.path for file in archived.files}
        table = self._open()
        lies = {file.path: file for file in Manifest(self._store.root, table, {}).files()}
        stale = [f for p, f in lies.items() if f.date == date and p not in known]
        mine = {file.path for file in day}
        self._commit(
            [file for file in day if file.path not in lies],
            [file for file in stale if file.path not in mine],  # of a round that was killed
        )
        archived.write(
            [*(f for f in archived.files if f.path not in mine), *day], self._plan.target
        )
        self._store.drop(self._store.samples, day)

    def _expire(self, gone: Sequence[DataFile]) -> None:
        """Remove archived files that passed their rule: there, then here, then the bytes."""
        if gone:
            self._replace(gone, [])
            self._keeper.expired(
                sum(file.rows for file in gone), len(gone), sum(file.size for file in gone)
            )

    def _thin(self, thinning: plan.Thinning) -> None:
        """Put an archived file without the rows that passed their rule in place of the old one."""
        store, file = self._store, thinning.file
        archived = store.segments.archived
        if not any(True for _ in left(store.segments, thinning)):
            self._expire([file])
            return
        archived.folder.mkdir(exist_ok=True)
        made = write_samples(
            archived.folder,
            store.draft("archive"),
            left(store.segments, thinning),
            date=file.date,
            hours=file.hours,
            seq=file.seq,
            turn=self._keeper.turn(),
            late=file.late,
        )
        if made.rows < file.rows:
            place(self._plan.target).put(
                f"{TABLE}/{made.path}", file_pieces(archived.folder / made.path)
            )
            self._replace([file], [made])
            self._keeper.expired(file.rows - made.rows, 0, file.size - made.size)
        self._keeper.thinned[made.path if made.rows < file.rows else file.path] = thinning.age
        archived.trim()

    def _replace(self, gone: Sequence[DataFile], made: Sequence[DataFile]) -> None:
        archived, paths = self._store.segments.archived, {file.path for file in gone}
        self._open()
        self._commit(made, gone)
        archived.write(
            [*(file for file in archived.files if file.path not in paths), *made],
            self._plan.target,
        )
        self._store.segments.forget(paths)
        there = place(self._plan.target)
        for path in paths:
            there.delete(f"{TABLE}/{path}")

    # ------------------------------------------------------------------ the table there
    def _open(self) -> DeltaTable:
        """The archive's table, made if there is none."""
        target = self._plan.target.below(TABLE)
        options = storage_options(target)
        if "://" not in target.to:
            Path(target.to).mkdir(parents=True, exist_ok=True, mode=0o755)
        try:
            self._table = DeltaTable(target.to, storage_options=options)
        except TableNotFoundError:
            schema = pa.schema([*SAMPLES, pa.field("date", pa.date32())])
            self._table = DeltaTable.create(
                target.to,
                schema,
                partition_by=["date"],
                configuration=CONFIGURATION,
                storage_options=options,
            )
        return self._table

    def _commit(self, add: Sequence[DataFile], remove: Sequence[DataFile]) -> None:
        table = self._table
        if table is None or not (add or remove):
            return
        now = time.time_ns() // 1_000_000
        actions = [
            AddAction(f.path, f.size, {"date": f.date}, now, True, statistics(f)) for f in add
        ] + [RemoveAction(f.path, True, now, f.size, {"date": f.date}) for f in remove]
        table.create_write_transaction(
            actions,
            "append",
            table.schema(),
            ["date"],
            commit_properties=CommitProperties(max_commit_retries=0),
            post_commithook_properties=NO_HOOKS,
        )
        table.update_incremental()
        if table.version() % CHECKPOINT == 0:
            table.create_checkpoint()


def storage_options(target: Target) -> dict[str, str] | None:
    """What the table's library needs to know of a place; it has secrets in it."""
    if not target.to.startswith("s3://"):
        return None
    options = dict(TIMES)
    if target.key and target.secret:
        options["AWS_ACCESS_KEY_ID"] = target.key.reveal()
        options["AWS_SECRET_ACCESS_KEY"] = target.secret.reveal()
    if target.endpoint:
        options["AWS_ENDPOINT_URL"] = target.endpoint
        options["AWS_ALLOW_HTTP"] = str(target.endpoint.startswith("http://")).lower()
    if target.region or target.endpoint:
        options["AWS_REGION"] = target.region or "us-east-1"
    return options
