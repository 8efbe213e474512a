"""What a query may see of a history: which files, and what is in none yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from isthmus.historian.columns import encode
from isthmus.historian.delta.damage import Damage, Damages
from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.keep.archived import Archived
from isthmus.model.sample import Batch, Int64s


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a query may see: clean files as they are, mixed ones freed of replaced samples.

    `mixed` files hold several versions of some samples, of which the one with the greatest `seq`
    is right. The hot tables are of the schemas `SAMPLES` and `EVENTS`.
    """

    root: Path
    clean: Sequence[DataFile]
    mixed: Sequence[DataFile]
    hot: pa.Table
    hot_replaces: bool
    event_files: Sequence[DataFile]
    hot_events: pa.Table
    tag_files: Sequence[DataFile]
    kpi_files: Sequence[DataFile]
    away: Archived | None = None  # of the samples, those that are fetched when they are read

    def is_away(self, file: DataFile) -> bool:
        """Whether a file of samples is not here."""
        there = self.away is not None and file.path in self.away
        return there and not (self.root / "samples" / file.path).exists()

    def state(self) -> tuple[object, ...]:
        """What two shelves have in common that read the same files in the same way."""
        tables = (self.clean, self.mixed, self.event_files, self.tag_files, self.kpi_files)
        away = [self.is_away(file) for file in (*self.clean, *self.mixed)] if self.away else []
        return (
            *(self.root, self.hot_replaces, tuple(away)),
            *(tuple(file.path for file in files) for files in tables),
        )

    def without(self, damage: Damages) -> Shelf:
        """The same without what is known to be broken."""
        return replace(
            self,
            clean=[file for file in self.clean if file.path not in damage.samples],
            mixed=[file for file in self.mixed if file.path not in damage.samples],
            event_files=[file for file in self.event_files if file.path not in damage.events],
            tag_files=[file for file in self.tag_files if file.path not in damage.tags],
            kpi_files=[file for file in self.kpi_files if file.path not in damage.kpi],
        )

    def suspects(self, damage: Damages, error: str) -> list[tuple[Damage, DataFile]]:
        """The files that `error` names, all where it names none; newest first."""
        tables = (
            (damage.tags, self.tag_files),
            (damage.kpi, self.kpi_files),
            (damage.events, self.event_files),
            (damage.samples, [*self.clean, *self.mixed]),
        )
        every = [
            (table, file)
            for table, files in tables
            for file in reversed(files)
            if not (table is damage.samples and self.is_away(file))
        ]
        return [found for found in every if found[1].path in error] or every


def shelve(
    root: Path,
    files: Sequence[DataFile],
    hot: Batch,
    sealed: Int64s,
    *,
    event_files: Sequence[DataFile],
    hot_events: pa.Table,
    tag_files: Sequence[DataFile],
    kpi_files: Sequence[DataFile],
    away: Archived | None = None,
) -> Shelf:
    """What a query may see of `files` and the settled `hot` rows.

    `sealed` is the time of the last sealed sample of each hot row's tag. A file is mixed where
    late samples, sealed or hot, may replace some of its own.
    """
    spans = [file.times for file in files if file.late]
    again = hot.time <= sealed
    replaces = bool(again.any())
    if replaces:
        spans.append((int(hot.time[again].min()), int(hot.time[again].max())))
    mixed = [
        file
        for file in files
        if any(file.times[0] <= end and file.times[1] >= start for start, end in spans)
    ]
    chosen = {file.path for file in mixed}
    clean = [file for file in files if file.path not in chosen]
    table = pa.Table.from_batches([encode(hot, 1 << 62)])
    return Shelf(
        *(root, clean, mixed, table, replaces, event_files, hot_events, tag_files),
        *(kpi_files, away),
    )
