"""Making roll-ups of hours that are over, again where late samples changed them, and few files.

It streams: of the samples one row group of each file is held, of the roll-ups those of one tag.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

import numpy as np

from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.delta.merge import WIDEST, gathered, merged, neighbours
from isthmus.historian.delta.store import Store
from isthmus.historian.rollup.draft import Draft
from isthmus.historian.rollup.known import Known
from isthmus.historian.rollup.rows import Rollup, in_spans, newest, of_samples
from isthmus.historian.rollup.stitch import DENSE
from isthmus.historian.rollup.table import RollupTable, began
from isthmus.historian.settings import DAY, HOUR, MINUTE, LakeSettings
from isthmus.model.errors import StorageError
from isthmus.model.sample import Batch, Clock

ROUND = 30.0  # seconds of building in one round of maintenance
TOGETHER = 16  # days published in one commit
WINDOW = 131_072  # rows of each file held while files are merged
A_DAY = 24  # hours
Tile = tuple[str, int]  # what files become one: their partition, and when (ns) the tile ends


class Rolling:
    """What maintains the roll-ups of a store; one thread at a time."""

    def __init__(
        self, store: Store, settings: LakeSettings, *, now: Clock, fits: Callable[[int], bool]
    ) -> None:
        self._store, self._settings, self._now, self._fits = store, settings, now, fits

    def run(self) -> None:
        """Make what is missing, newest first and for so long; then merge. Raises StorageError.

        Also OSError, where the disk fails.
        """
        for table in self._store.rollups:
            table.set_aside()
        end, due = time.monotonic() + ROUND, self._due()
        while due and time.monotonic() < end:
            made = [self._build(*some) for some in due[:TOGETHER]]
            due = due[TOGETHER:]
            for place in (1, 0):  # minutes first: hours tell of which there are some
                files = [pair[place] for pair in made if pair]
                if files:
                    self._store.rollups[place].publish(files)
        hours, minutes = self._store.rollups
        self._merge(hours, self._day_or_month)
        self._merge(minutes, _day)

    def _known(self, samples: Sequence[DataFile]) -> Known:
        return Known.of(samples, *(table.files for table in self._store.rollups))

    def _due(self) -> list[tuple[int, int, int]]:
        """Dates (days since 1970), newest first, and from and to which hour they are not right."""
        known, step = self._known(self._store.files), self._settings.slice_hours
        hour = known.base + np.arange(len(known.samples))
        over = (hour // step + 1) * step * HOUR + self._settings.merge_pause <= self._now()
        due = hour[over & ~known.whole & (known.samples > 0)]
        return [
            (int(date), int(some.min()) % A_DAY, int(some.max()) % A_DAY + 1)
            for date in np.unique(due // A_DAY)[::-1]
            for some in [due[due // A_DAY == date]]
        ]

    def _build(self, day: int, first: int, stop: int) -> tuple[DataFile, DataFile] | None:
        """The roll-ups of some hours of a day, of hours and of minutes; None where not now."""
        store, date = self._store, str(np.datetime64(day, "D"))
        asked = DataFile(f"-{first:02d}to{stop:02d}.parquet", 0, 0, date)
        with store.lock:
            seal = store.seals
            files = [file for file in store.shown if file.meets(asked)]
        if len(files) > WIDEST:  # they are merged first
            return None
        if not self._fits(sum(file.size for file in files) // 4):
            return None
        bounds = (day * DAY + first * HOUR, day * DAY + stop * HOUR)
        sources = [_within(store.segments.groups(file), *bounds) for file in files]
        try:
            return self._written(merged(sources), date, (first, stop), seal)
        except StorageError:
            if any(file.path in store.damage.samples for file in files):
                store.set_aside()
            elif all(file.path not in store.segments.archived for file in files):
                raise
            return None  # an archive that does not answer may later

    def _written(
        self, blocks: Iterable[Batch], date: str, hours: tuple[int, int], seal: int
    ) -> tuple[DataFile, DataFile]:
        """The files of hours and of minutes."""
        store = self._store
        by_hour, by_minute = store.rollups
        month = np.datetime64(date, "M").astype("M8[D]")
        shift = int((np.datetime64(date, "D") - month).astype(np.int64)) * A_DAY
        with (
            Draft(by_minute, store.draft("minutes"), seal) as finer,
            Draft(by_hour, store.draft("hours"), seal) as coarser,
        ):
            for minutes in _by_tag(blocks):
                made = in_spans(minutes, HOUR)
                hour = minutes.time // HOUR
                turned = (minutes.tag[1:] != minutes.tag[:-1]) | (hour[1:] != hour[:-1])
                dense = made.samples >= DENSE
                finer.add(minutes.where(dense[np.append(0, np.cumsum(turned))]))
                coarser.add(made)
            whole = (hours[0] + shift, hours[1] + shift)
            return (
                coarser.finish(date=str(month), hours=whole),
                finer.finish(date=date, hours=hours),
            )

    def _merge(self, table: RollupTable, tile: Callable[[DataFile], Tile]) -> None:
        """One file of the files of each tile that is over, of others as they gather."""
        settings, now = self._settings, self._now()
        pairs = sorted(
            ((tile(file), file) for file in table.files),
            key=lambda pair: (pair[0], pair[1].seq, pair[1].path),
        )
        for (_, end), group in groupby(pairs, key=lambda pair: pair[0]):
            part = [file for _, file in group]
            over = now - end >= settings.merge_pause
            run = gathered(part, settings) if over else neighbours(part, settings.merge_files)
            if run and self._right(run) and self._fits(sum(file.size for file in run)):
                self._replace(table, run)

    def _day_or_month(self, file: DataFile) -> Tile:
        """Where a file of hours belongs: a day, so that recent hours of many tags are near.

        Long after its month, when charts ask for a few tags over long times, to the month.
        """
        end = _end_of_month(file.date)
        if self._now() - end < self._settings.day_after:
            end = (began(file) + file.hours[0]) // A_DAY * DAY + DAY
        return file.date, end

    def _right(self, run: Sequence[DataFile]) -> bool:
        """Whether everything between the first and last hour of some files is known.

        Else the merged file would promise more than its rows.
        """
        first = began(run[0]) + min(file.hours[0] for file in run)
        count = began(run[0]) + max(file.hours[1] for file in run) - first
        return bool(self._known(self._store.shown).over(first, count).whole.all())

    def _replace(self, table: RollupTable, run: Sequence[DataFile]) -> None:
        hours = (min(file.hours[0] for file in run), max(file.hours[1] for file in run))
        try:
            with Draft(table, self._store.draft("rollup-merge"), run[-1].seq) as draft:
                for first, last in table.windows(run, WINDOW):
                    draft.add(newest(table.window(run, first, last)))
                made = draft.finish(date=run[0].date, hours=hours)
        except StorageError:
            if not any(file.path in table.damage for file in run):
                raise
            table.set_aside()
            return
        table.publish([made], run)


def _within(blocks: Iterator[Batch], start: int, end: int) -> Iterator[Batch]:
    for rows in blocks:
        some = rows.where((rows.time >= start) & (rows.time < end))
        if len(some):
            yield some


def _by_tag(blocks: Iterable[Batch]) -> Iterator[Rollup]:
    """The minutes of blocks that follow each other by (tag, time), each tag's in one piece."""
    held = Rollup.empty()
    for rows in blocks:
        minutes = in_spans(Rollup.concat([held, in_spans(of_samples(rows), MINUTE)]), MINUTE)
        whole = int(np.searchsorted(minutes.tag, minutes.tag[-1]))
        held = minutes.slice(whole, len(minutes))
        if whole:
            yield minutes.slice(0, whole)
    if len(held):
        yield held


def _day(file: DataFile) -> Tile:
    """The day of a file of minutes."""
    return file.date, int((np.datetime64(file.date, "D") + 1).astype(np.int64)) * DAY


def _end_of_month(date: str) -> int:
    return int((np.datetime64(date, "M") + 1).astype("M8[D]").astype(np.int64)) * DAY
