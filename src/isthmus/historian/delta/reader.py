"""A history that another process writes, read without a lock: what is sealed, nothing hotter."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from deltalake.exceptions import DeltaError

from isthmus.historian.columns import arranged, ends
from isthmus.historian.delta.damage import Damage, Damages
from isthmus.historian.delta.events import encode_events
from isthmus.historian.delta.kpi import KpiTable
from isthmus.historian.delta.manifest import DataFile, Manifest
from isthmus.historian.delta.segment import Segments
from isthmus.historian.delta.store import ROLLUPS
from isthmus.historian.delta.tags import read_tags
from isthmus.historian.delta.view import View
from isthmus.historian.queries import Queries
from isthmus.historian.rollup.known import Rollups
from isthmus.historian.rollup.table import RollupTable
from isthmus.historian.settings import LakeSettings
from isthmus.historian.sql import Shelf, shelve
from isthmus.model.errors import StorageError
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Int32s, Nanoseconds, TagId

FRESH = 1.0  # seconds for which the list of files is not asked for again


class Reader(Queries):
    """The read methods of a lake over the sealed data of a folder.

    What cannot be read is left out of the answers, named in `damage` and in the log, and stays
    where it is.

    The writer keeps replaced files for `LakeSettings.keep_hours`, so that an answer may take
    that long.
    """

    def __init__(self, root: Path, *, settings: LakeSettings | None = None) -> None:
        """Raises StorageError where there is no history or its log cannot be read."""
        self.settings = settings or LakeSettings()
        self._root = root.absolute()
        try:
            self._samples, self._events, self._tags = (
                Manifest.of(self._root / name) for name in ("samples", "events", "tags")
            )
        except (DeltaError, OSError) as error:
            raise StorageError(
                f"opening the history in {root}: {error}", hint="name the folder of a site"
            ) from error
        self._lock = threading.Lock()
        self._segments = Segments(
            self._samples.root,
            cache_bytes=self.settings.cache_bytes,
            open_files=self.settings.open_files,
        )
        self.kpi_table = KpiTable.of(self._root / "kpi")
        self._rollups = self._rolled()
        self.damage = Damages(
            *(self._segments.damaged, Damage(self._events.root), Damage(self._tags.root)),
            self.kpi_table.damage if self.kpi_table else Damage(self._root / "kpi"),
        )
        self._read_at = time.monotonic()
        self._view = self._seen()

    @classmethod
    def open(cls, root: Path, *, settings: LakeSettings | None = None) -> Self:
        """The history in `root`; raises StorageError where there is none."""
        return cls(root, settings=settings)

    def view(self) -> View:
        """The sealed samples, as of at most a second ago."""
        with self._lock:
            if time.monotonic() - self._read_at >= FRESH:
                try:
                    self._refresh()
                    self._events.refresh()
                    self._tags.refresh()
                    if self.kpi_table is not None:
                        self.kpi_table.refresh()
                except (DeltaError, OSError) as error:
                    raise StorageError(f"reading the log in {self._root}: {error}") from error
                self._read_at = time.monotonic()
            return self._view

    def _refresh(self) -> None:
        """Take in new samples and roll-ups; these first, so that they never know more than is."""
        before = [table.files for table in self._rollups]
        for table in self._rollups:
            table.refresh()
        moved = self._segments.archived.refresh()
        moved = self._samples.refresh() or moved
        if moved or before != [table.files for table in self._rollups]:
            self._view = self._seen()

    def _seen(self) -> View:
        rollups = Rollups(*self._rollups) if self._rollups else None
        files = self._segments.archived.beside(self._samples.files())
        return View(files, (), self._segments, rollups)

    def _rolled(self) -> tuple[RollupTable, ...]:
        """The roll-ups of hours and of minutes; none where nobody made them."""
        try:
            return tuple(
                RollupTable(
                    Manifest.of(self._root / name),
                    self._lock,
                    group=group,
                    open_files=self.settings.open_files,
                )
                for name, group in ROLLUPS.items()
            )
        except (DeltaError, OSError):
            return ()

    def last(self, tags: Sequence[TagId] | Int32s) -> Batch:
        """The newest sealed sample of each tag within the look-back, in the order asked."""
        view = self.view()
        asked = np.asarray(tags, np.int32)
        span = view.span()
        if span is None:
            return Batch.empty()
        found = view.before(asked, span[1], look_back=self.settings.look_back)
        now = time.time_ns()
        if span[1] > now:  # a clock that runs ahead must not hide what others say
            known = view.before(asked, now, look_back=self.settings.look_back)
            found = ends(arranged(Batch.concat([known, found])))
        place = np.searchsorted(found.tag, asked)
        place[place == len(found)] = 0
        return found.where(place[found.tag[place] == asked]) if len(found) else found

    def paths(self) -> dict[TagId, str]:
        """The path of every tag, as the site wrote it."""
        self.view()
        with self._lock:
            files = [file for file in self._tags.files() if not self.damage.tags.examine(file)]
            table = read_tags(self._tags.root, files)
        pairs = zip(table["tag"].to_pylist(), table["path"].to_pylist(), strict=True)
        return {TagId(number): path for number, path in pairs}

    def shelf(self) -> Shelf:
        """Everything that SQL sees at this moment."""
        view = self.view()
        with self._lock:
            return shelve(
                self._root,
                view.files,
                Batch.empty(),
                np.empty(0, np.int64),
                event_files=self._events.files(),
                hot_events=encode_events([], 0),
                tag_files=self._tags.files(),
                kpi_files=self.kpi_table.files if self.kpi_table else (),
                away=self._segments.archived,
            )

    def _event_files(self) -> tuple[Path, Sequence[DataFile], Sequence[Event]]:
        self.view()
        with self._lock:
            return self._events.root, self._events.files(), ()

    def span(self) -> tuple[Nanoseconds, Nanoseconds] | None:
        """The times of the oldest and the newest sealed sample, to the millisecond."""
        return self.view().span()

    def verify(self, most: int) -> None:
        """Compare the newest files with their checksums, `most` bytes; see `damage` then."""
        every = self.shelf().suspects(self.damage, "")
        for table, file in sorted(every, key=lambda found: found[1].times, reverse=True):
            most -= file.size
            table.examine(file)
            if most <= 0:
                return

    def close(self) -> None:
        """Let go of the files."""
        super().close()
        self._segments.forget({file.path for file in self._view.files})
