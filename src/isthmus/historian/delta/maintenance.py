"""Keeping a lake quick for twenty years: merges, checkpoints, clean-up.

Many small files make trends slow, so neighbours of a size are merged as they gather, and a slice
of some hours that is over becomes one file: short enough to ask an hour of many tags, and late
samples rewrite no more than it. A day that is long over becomes one file, so that twenty years are
some thousands. A merge takes a run of files that follow each other by seal number within the same
hours, and carries the greatest number of the run: later writes still win after any number of
merges. It streams, holding one row group of each file.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from deltalake.exceptions import DeltaError

from isthmus.historian.columns import settled
from isthmus.historian.delta.manifest import DataFile, is_full
from isthmus.historian.delta.merge import WIDEST, gathered, merged, neighbours
from isthmus.historian.delta.parquet import write_samples
from isthmus.historian.delta.store import TURN, Store
from isthmus.historian.keep.keeper import Keeper
from isthmus.historian.keep.pin import unpinned
from isthmus.historian.rollup.build import Rolling
from isthmus.historian.settings import DAY, HOUR, LakeSettings
from isthmus.model.errors import StorageError
from isthmus.model.sample import Batch, Clock

EVENT_BYTES = 1 << 20  # a file of events of this size stays as it is
VACUUM_EVERY = 3_600.0  # seconds


class Maintenance:
    """What runs between seals, in a thread of its own; one call at a time."""

    def __init__(self, store: Store, settings: LakeSettings, keeper: Keeper, *, now: Clock) -> None:
        self._store, self._settings, self._now = store, settings, now
        self._keeper = keeper
        self._rolling = Rolling(store, settings, now=now, fits=keeper.fits)
        self._tables = store.tables
        self._checkpoints = [0 for _ in self._tables]
        self._vacuumed = time.monotonic()
        self._verified = ("", "")  # table and path of the last file that was compared

    def run(self) -> None:
        """One round of everything that is due; a full disk ends it early.

        Raises StorageError.
        """
        try:
            self._run()
        except (OSError, DeltaError, StorageError) as error:
            if not is_full(error):
                raise StorageError(f"maintaining {self._store.root}: {error}") from error

    def _run(self) -> None:
        store = self._store
        self._verify()
        store.set_aside()
        self._keeper.run()
        while run := next_merge(store.files, self._settings, now=self._now()):
            if not self._keeper.fits(sum(file.size for file in run)):
                break
            self._merge(run)
            self._keeper.grew(sum(file.size for file in run))
        for run in small_events(store.event_files, self._settings.merge_files):
            store.merge_events(run)
        store.kpi.maintain(self._now(), store.draft("kpi-merge"))
        self._rolling.run()
        with store.lock:
            for place, table in enumerate(self._tables):
                if table.version - self._checkpoints[place] >= self._settings.checkpoint_commits:
                    table.checkpoint()
                    self._checkpoints[place] = table.version
            if time.monotonic() - self._vacuumed >= VACUUM_EVERY:
                with unpinned(store.root) as free:
                    if free:
                        for table in self._tables:
                            table.vacuum(self._settings.keep_hours)
                        self._vacuumed = time.monotonic()

    def _verify(self) -> None:
        """Compare some files with their checksums, where the last round ended, then on."""
        store = self._store
        tables = (
            (store.damage.samples, store.files),
            (store.damage.events, store.event_files),
            (store.damage.tags, store.tag_files),
            (store.damage.kpi, store.kpi.files),
            *((table.damage, table.files) for table in store.rollups),
        )
        files = sorted(
            (
                ((damage.table.name, file.path), damage, file)
                for damage, live in tables
                for file in live
            ),
            key=lambda found: found[0],
        )
        start = next((n for n, (key, *_) in enumerate(files) if key > self._verified), 0)
        left = self._settings.verify_bytes
        for key, damage, file in files[start:] + files[:start]:
            if left <= 0:
                return
            damage.examine(file)
            left -= file.size
            self._verified = key

    def _merge(self, run: Sequence[DataFile]) -> None:
        """Publish one file in place of `run`; a broken file among them is set aside instead."""
        store = self._store
        late = any(file.late for file in run) and any(
            file.seq < run[0].seq and any(file.meets(other) for other in run)
            for file in store.files
        )
        try:
            made = write_samples(
                store.samples.root,
                store.draft("merge"),
                merged([store.segments.groups(file) for file in run]),
                like=settled(Batch.concat([store.segments.middle(file) for file in run])),
                date=run[0].date,
                hours=(min(file.hours[0] for file in run), max(file.hours[1] for file in run)),
                seq=run[-1].seq,
                turn=store.samples.positions.get(TURN, 0) + 1,
                late=late,
            )
        except StorageError:
            if not any(file.path in store.damage.samples for file in run):
                raise
            store.set_aside()
            return
        store.replace(run, made)


def next_merge(files: Sequence[DataFile], settings: LakeSettings, *, now: int) -> list[DataFile]:
    """The files to merge next, in the order of their seals; empty where nothing is to do."""
    by_date = sorted(files, key=lambda file: (file.date, file.seq, file.path))
    for date, group in groupby(by_date, key=lambda file: file.date):
        day = list(group)
        midnight = int(np.datetime64(date, "D").astype(np.int64)) * DAY
        whole = now - midnight - DAY >= max(settings.day_after, settings.merge_pause)
        for hours in [(0, 24)] if whole else sorted({file.hours for file in day}):
            part = day if whole else [file for file in day if file.hours == hours]
            closed = now - midnight - hours[1] * HOUR >= settings.merge_pause
            run = gathered(part, settings) if closed else neighbours(part, settings.merge_files)
            if run and not _interleaved(run, day):
                return run
    return []


def _interleaved(run: Sequence[DataFile], day: Sequence[DataFile]) -> bool:
    """Whether a file of the same hours was sealed between those of `run` and is not among them.

    Then a merge, which takes the greatest number, would let older rows win over its rows.
    """
    return any(
        run[0].seq < file.seq < run[-1].seq and any(file.meets(other) for other in run)
        for file in day
        if file not in run
    )


def small_events(files: Sequence[DataFile], enough: int) -> list[list[DataFile]]:
    """Runs of small files of events of one date, long enough to be merged."""
    small = sorted(
        (file for file in files if file.size < EVENT_BYTES), key=lambda file: (file.date, file.seq)
    )
    runs = [list(group)[:WIDEST] for _, group in groupby(small, key=lambda file: file.date)]
    return [run for run in runs if len(run) >= enough]
