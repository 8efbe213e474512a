"""The sealed side of a lake: four Delta tables, their files, and the last sealed values.

    root/samples/   Delta table: date=YYYY-MM-DD/SEAL-TURN-CRC[-late].parquet
    root/events/    Delta table of events, by date
    root/tags/      Delta table of the names of tags
    root/kpi/       Delta table of derived values
    root/last.parquet  the last sealed value of every tag (derived; rebuilt if it is lost)
    root/archive.json   which files lie in the archive; cache/  what was fetched from there
    root/writing/   what is being written; quarantine/  what was found broken; lock

One process writes a store, and takes `lock` around whatever changes it.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa

from isthmus.historian.columns import SAMPLES, ends
from isthmus.historian.delta.damage import Damage, Damages, is_shortage
from isthmus.historian.delta.events import EVENTS, file_events, write_events
from isthmus.historian.delta.kpi import KpiTable
from isthmus.historian.delta.manifest import DataFile, Manifest
from isthmus.historian.delta.parquet import write_samples
from isthmus.historian.delta.remembered import LAST, recall, remember
from isthmus.historian.delta.repair import missing, quarantine_files, repair_log
from isthmus.historian.delta.segment import BROKEN, Segments
from isthmus.historian.delta.tags import read_tags, write_tags
from isthmus.historian.delta.view import View
from isthmus.historian.durable import fsync
from isthmus.historian.hot import Tail
from isthmus.historian.last import LastValues
from isthmus.historian.rollup.known import Rollups
from isthmus.historian.rollup.table import RollupTable
from isthmus.historian.settings import HOUR, LakeSettings
from isthmus.historian.tags import TAGS, encode_tags
from isthmus.model.errors import StorageError
from isthmus.model.event import Event
from isthmus.model.sample import Batch, TagId
from isthmus.model.tag import Tag

log = logging.getLogger(__name__)
OURS = "isthmus:"  # before names of our own counters, which are no streams
SEAL = f"{OURS}seal"
TURN = f"{OURS}compaction"
KEPT = f"{OURS}retention"
ROLLUPS = {"hours": 8_192, "minutes": 2_048}  # rows of a row group: months of a tag, a day of one


class Store:
    """Tables `samples`, `events`, `tags`, `kpi`, `hours`, `minutes` below one root."""

    def __init__(
        self,
        root: Path,
        settings: LakeSettings,
        samples: Manifest,
        events: Manifest,
        tags: Manifest,
    ) -> None:
        self.root = root
        self.samples, self.events, self.tags = samples, events, tags
        self.segments = Segments(
            samples.root, cache_bytes=settings.cache_bytes, open_files=settings.open_files
        )
        self._slice_hours = settings.slice_hours
        self.lock = threading.RLock()
        self.damaged: list[str] = []
        self.kpi = KpiTable.open(root / "kpi", self.lock)
        self.rollups = tuple(
            RollupTable.open(root / name, self.lock, group=group, open_files=settings.open_files)
            for name, group in ROLLUPS.items()
        )
        self.damage = Damages(
            self.segments.damaged, Damage(events.root), Damage(tags.root), self.kpi.damage
        )
        self.last = LastValues()
        self.files = tuple(samples.files())
        self.event_files = tuple(events.files())
        self.tag_files = tuple(tags.files())

    @classmethod
    def open(cls, root: Path, settings: LakeSettings) -> Self:
        """The store at `root`, made or mended; raises StorageError."""
        writing, quarantine = root / "writing", root / "quarantine"
        shutil.rmtree(writing, ignore_errors=True)
        writing.mkdir()
        damaged: list[str] = []
        for name in ("samples", "events", "tags", "kpi", *ROLLUPS):
            damaged += repair_log(root / name, root, quarantine)
        store = cls(
            root,
            settings,
            Manifest.open(root / "samples", SAMPLES, partition=["date"]),
            Manifest.open(root / "events", EVENTS, partition=["date"]),
            Manifest.open(root / "tags", TAGS),
        )
        store.damaged = damaged
        for text in damaged:
            log.warning("%s: set aside", text)
        missing(store.damage.samples, store.files)
        missing(store.damage.events, store.event_files)
        store.set_aside()
        store.last = store._recall()
        return store

    @property
    def positions(self) -> dict[str, int]:
        """The last committed sequence of each stream."""
        return {
            name: value
            for name, value in self.samples.positions.items()
            if not name.startswith(OURS)
        }

    @property
    def tables(self) -> tuple[Manifest, ...]:
        """All that there are."""
        rollups = (table.manifest for table in self.rollups)
        return (self.samples, self.events, self.tags, self.kpi.manifest, *rollups)

    def view(self, tails: tuple[Tail, ...]) -> View:
        """The sealed files and roll-ups of this moment, and `tails`."""
        with self.lock:
            return View(self.shown, tails, self.segments, Rollups(*self.rollups))

    @property
    def shown(self) -> tuple[DataFile, ...]:
        """The files that hold samples, here and in the archive."""
        return self.segments.archived.beside(self.files)

    @property
    def seals(self) -> int:
        """The number of the last seal."""
        return self.samples.positions.get(SEAL, 0)

    def draft(self, name: str) -> Path:
        """Where a file is written before it is moved into its table."""
        return self.root / "writing" / name

    def seal_events(self, events: Sequence[Event], positions: Mapping[str, int]) -> int:
        """Make events durable; the bytes written. Raises OSError or StorageError."""
        with self.lock:
            seq = self.events.positions.get(SEAL, 0) + 1
            made = write_events(self.events.root, self.draft("events"), events, seq)
            self.events.commit(made, positions={**positions, SEAL: seq})
            self.event_files = (*self.event_files, *made)
            return sum(file.size for file in made)

    def merge_events(self, run: Sequence[DataFile]) -> None:
        """Publish one file of events in place of several of one date.

        Where files among them are broken, these are set aside instead. Raises OSError or
        StorageError.
        """
        events: list[Event] = []
        for file in run:
            try:
                events += file_events(self.events.root, file)
            except BROKEN as error:
                if is_shortage(error):
                    raise StorageError(
                        f"reading {self.events.root / file.path}: {error}"
                    ) from error
                self.damage.events.note(file, error)
        with self.lock:
            if any(file.path in self.damage.events for file in run):
                self.set_aside()
                return
            turn = self.events.positions.get(TURN, 0) + 1
            made = write_events(
                self.events.root, self.draft("events"), events, run[-1].seq, turn=turn
            )
            self.events.commit(made, run, positions={TURN: turn}, changes=False)
            left = [file for file in self.event_files if file not in run]
            self.event_files = tuple(sorted([*left, *made], key=lambda file: file.seq))

    def seal_samples(self, rows: Batch, positions: Mapping[str, int]) -> list[DataFile]:
        """Make settled rows and the positions durable; the new files.

        Raises OSError or StorageError; then nothing was published.
        """
        with self.lock:
            seq = self.seals + 1
            made = [
                write_samples(
                    self.samples.root,
                    self.draft("seal"),
                    [part],
                    date=date,
                    hours=hours,
                    seq=seq,
                    late=self._late(part),
                )
                for date, hours, part in by_slice(rows, self._slice_hours)
            ]
            self.samples.commit(made, positions={**positions, SEAL: seq})
            self.files = (*self.files, *made)
            self.last.take(ends(rows))
            remember(self.root, self.draft(LAST), self.last.all(), seq)
            return made

    def _late(self, rows: Batch) -> bool:
        """Whether arranged rows reach back to what is sealed already of some tag."""
        first = np.append(True, rows.tag[1:] != rows.tag[:-1])
        return bool((rows.time[first] <= self.last.times(rows.tag[first])).any())

    def replace(self, gone: Sequence[DataFile], made: DataFile, *, changes: bool = False) -> None:
        """Publish a file in place of those it was made of; `changes` where rows were left out."""
        with self.lock:
            turn = self.samples.positions.get(TURN, 0) + 1
            self.samples.commit([made], gone, positions={TURN: turn}, changes=changes)
            left = [file for file in self.files if file not in gone]
            self.files = tuple(sorted([*left, made], key=lambda file: (file.seq, file.path)))
        self.segments.forget({file.path for file in gone})

    def drop(self, table: Manifest, gone: Sequence[DataFile]) -> None:
        """Take whole files out of `table` in one commit; a later clean-up deletes them."""
        with self.lock:
            turn = table.positions.get(KEPT, 0) + 1
            table.commit((), gone, positions={KEPT: turn})
            if table is self.samples:
                self.files = tuple(file for file in self.files if file not in gone)
            elif table is self.events:
                self.event_files = tuple(file for file in self.event_files if file not in gone)
        if table is self.samples:
            self.segments.forget({file.path for file in gone})

    def set_aside(self) -> None:
        """Take what was found broken out of the tables, and move it to quarantine."""
        with self.lock:
            gone = [file for file in self.files if file.path in self.damage.samples]
            if gone:
                quarantine_files(self.samples, gone, self.root, self.root / "quarantine")
                self.files = tuple(file for file in self.files if file not in gone)
                self.segments.forget({file.path for file in gone})
            gone = [file for file in self.event_files if file.path in self.damage.events]
            if gone:
                quarantine_files(self.events, gone, self.root, self.root / "quarantine")
                self.event_files = tuple(file for file in self.event_files if file not in gone)

    def write_tags(self, tags: Iterable[tuple[TagId, Tag]]) -> None:
        """Replace the tag table; nothing happens if it says the same. Raises StorageError."""
        rows = encode_tags(tags)
        with self.lock:
            try:
                if self._tags_say(rows):
                    return
                turn = self.tags.positions.get(SEAL, 0) + 1
                made = write_tags(self.tags.root, self.draft("tags"), rows, turn)
            except BROKEN as error:
                raise StorageError(f"writing the tag table in {self.root}: {error}") from error
            self.tags.commit([made], self.tag_files, positions={SEAL: turn})
            self.tag_files = (made,)
            self.damage.tags.clear()

    def _tags_say(self, rows: pa.Table) -> bool:
        """Whether the tag table is `rows` already; one that is broken says nothing."""
        for file in self.tag_files:
            self.damage.tags.examine(file)
        if not self.tag_files or self.damage.tags:
            return False
        return bool(read_tags(self.tags.root, self.tag_files).equals(rows))

    def _recall(self) -> LastValues:
        """The last sealed values: those remembered, then what newer files say."""
        known, seq = recall(self.root, self.seals)
        for file in self.files:
            if file.seq > seq:
                try:
                    for rows in self.segments.groups(file):
                        known.take(ends(rows))
                except StorageError:
                    if file.path not in self.damage.samples:
                        raise
        self.set_aside()
        return known

    def sync_root(self) -> None:
        """Make the root folder itself durable."""
        fsync(self.root)


def by_slice(rows: Batch, hours: int) -> Iterator[tuple[str, tuple[int, int], Batch]]:
    """The rows of each slice of so many hours: its UTC date, its hours of that day, its rows."""
    if not len(rows):
        return
    number = rows.time // (hours * HOUR)
    for found in np.unique(number).tolist():
        day, place = divmod(found, 24 // hours)
        part = rows if number.min() == number.max() else rows.where(number == found)
        yield str(np.datetime64(day, "D")), (place * hours, (place + 1) * hours), part
