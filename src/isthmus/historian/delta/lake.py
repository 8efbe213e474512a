"""The history of a site: appended samples, readable at once, sealed into an open table.

The stream is the write-ahead log. One commit of `samples` holds the rows and the position of each
stream up to which they reach; what came after is replayed.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self

import numpy as np
import pyarrow as pa

from isthmus.historian.columns import arranged, decode, encode, fit_tags, ids, settled
from isthmus.historian.delta.event_tail import EventTail
from isthmus.historian.delta.events import encode_events, fit
from isthmus.historian.delta.lock import Lock
from isthmus.historian.delta.maintenance import Maintenance
from isthmus.historian.delta.manifest import DataFile, is_full, said
from isthmus.historian.delta.store import Store
from isthmus.historian.delta.view import View
from isthmus.historian.event import weight
from isthmus.historian.hot import Tail
from isthmus.historian.keep.keeper import Keeper
from isthmus.historian.keep.tier import Tier
from isthmus.historian.last import LastValues
from isthmus.historian.queries import Queries
from isthmus.historian.settings import LakeSettings, LakeStats, Sealed
from isthmus.historian.sql import Shelf, shelve
from isthmus.model.errors import StorageError
from isthmus.model.event import Event
from isthmus.model.kpi import KpiResult
from isthmus.model.sample import Batch, Clock, Int32s, Nanoseconds, TagId
from isthmus.model.tag import Tag

log = logging.getLogger(__name__)
UNFIT = (pa.ArrowException, ValueError, TypeError, OverflowError)  # for a table
SEALED_BYTES = 8  # a row on disk, generously


class Lake(Queries):
    """One writer thread appends, one seals and maintains, any number read."""

    def __init__(self, store: Store, lock: Lock, *, now: Clock, settings: LakeSettings) -> None:
        self.settings, self.damage, self.kpi_table = settings, store.damage, store.kpi
        self._store, self._lock, self._now = store, lock, now
        self._append = threading.Lock()
        self._known = store.positions
        self._known_events = dict(store.events.positions)
        self._tail = Tail()
        self._view = store.view((self._tail,))
        self._events = EventTail(store.event_files)
        self._since: float | None = None  # monotonic time of the oldest unsealed row
        self._retry = 0.0
        self._full, self._why = False, ""
        self._last = LastValues()
        self._last.take(store.last.all())
        self._learning = threading.Lock()
        self._sealed_at: Nanoseconds | None = None
        self._keeper = Keeper(store, settings.retention, now=now, reserve=settings.reserve_bytes)
        self._maintenance = Maintenance(store, settings, self._keeper, now=now)
        self._maintaining = threading.Lock()
        self._tier = Tier.of(store, settings.archive, self._keeper, self._maintaining)
        self._closed = False

    @classmethod
    def open(cls, root: Path, *, now: Clock, settings: LakeSettings | None = None) -> Self:
        """The history in `root`, made if there is none, mended if a power cut tore it.

        Raises StorageError where another process writes it or its log cannot be read.
        """
        chosen = settings or LakeSettings()
        root = root.absolute()
        root.mkdir(parents=True, exist_ok=True)
        lock = Lock(root / "lock")
        try:
            lake = cls(Store.open(root, chosen), lock, now=now, settings=chosen)
        except BaseException:
            lock.release()
            raise
        decode(encode(Batch.of([TagId(0)], Nanoseconds(0), [0.5]), 0))  # load conversions now
        return lake

    def positions(self) -> Mapping[str, int]:
        """The last committed sequence of each stream: resume after it."""
        return self._store.positions

    def append(
        self, batch: Batch, *, stream: str, position: int, events: Sequence[Event] = ()
    ) -> None:
        """Make a frame's rows (and events) readable; nothing if its position is known already.

        Raises StorageError when the tail is full because sealing is behind or the disk is full;
        then the frame was not taken, and stays in the stream until a later try. Raises ValueError
        where no table can hold what is in it.
        """
        settings = self.settings
        with self._append:
            if position <= self._known.get(stream, -1):
                return
            if self._hot_rows() >= settings.hot_rows or (
                events and self._events.bytes >= settings.hot_text_bytes
            ):
                raise StorageError(
                    f"appending to {self._store.root}: {self._hot_rows():,} samples wait for "
                    + (f"space on the disk: {self._why}" if self._full else "sealing"),
                    hint="the stream keeps what follows; free or add disk space"
                    if self._full
                    else "the stream keeps what follows",
                )
            fit_tags(batch)
            if events and position > self._known_events.get(stream, -1):
                fit(events)
                self._events.append(events)
            if len(batch) and self._tail.append(batch):
                self._learn()
            self._known[stream] = position
            if self._since is None:
                self._since = time.monotonic()

    def append_events(self, events: Sequence[Event], *, stream: str, position: int) -> None:
        """Make a frame of events readable, as `append` does with samples."""
        self.append(Batch.empty(), stream=stream, position=position, events=events)

    def _hot_rows(self) -> int:
        return sum(tail.rows for tail in self._view.tails)

    def _learn(self) -> None:
        """Bring the last values up to the newest row."""
        with self._learning:
            for rows in self._tail.take():
                self._last.take(rows)

    def due(self) -> bool:
        """Whether it is time to seal: enough rows, or old enough; after a failure, later."""
        since, now = self._since, time.monotonic()
        if since is None or now < self._retry:
            return False
        return self._hot_rows() >= self.settings.seal_rows or now - since >= self.settings.seal_age

    def seal(self) -> Sealed | None:
        """Make everything appended so far durable; None if there was nothing, or no space.

        On a full disk the rows stay readable in memory, `stats` says `full`, and a later call
        tries again. Raises StorageError where the disk fails in another way; the same holds.
        """
        with self._store.lock:
            if self._closed:
                return None
            frozen, events, positions = self._freeze()
            if positions == self._store.positions and not events:
                return None
            try:
                needs = sum(tail.rows for tail in frozen) * SEALED_BYTES + sum(map(weight, events))
                self._keeper.require(needs, self.settings.reserve_bytes)
                written = self._seal_events(events, positions)
                rows = settled(Batch.concat([tail.all() for tail in frozen]))
                made = self._store.seal_samples(rows, positions)
            except (*UNFIT, OSError, StorageError) as error:
                self._note(error)
                if self._full:
                    return None
                raise StorageError(f"sealing into {self._store.root}: {error}") from error
            with self._append:
                self._view = self._store.view((self._tail,))
            if self._full:
                log.warning("the disk of %s has space again: sealed", self._store.root)
            self._full, self._why = False, ""
            self._sealed_at = self._now()
            self._keeper.grew(written + sum(file.size for file in made))
            return Sealed(
                len(rows),
                len(events),
                len(made),
                written + sum(file.size for file in made),
                self._store.samples.version,
                self._store.samples.commit_ms,
            )

    def _freeze(self) -> tuple[tuple[Tail, ...], list[Event], dict[str, int]]:
        """Close the tail and begin a new one: frozen tails, waiting events, their positions."""
        with self._append:
            self._learn()
            if self._tail.rows:
                with self._learning:
                    self._tail = Tail()
                self._view = replace(self._view, tails=(*self._view.tails, self._tail))
            self._since = None
            return self._view.tails[:-1], self._events.freeze(), dict(self._known)

    def _seal_events(self, events: list[Event], positions: dict[str, int]) -> int:
        """Commit events before the samples, whose commit holds the positions that count."""
        if not events:
            return 0
        written = self._store.seal_events(events, positions)
        with self._append:
            self._known_events.update(positions)
            self._events.sealed(self._store.event_files)
        return written

    def _note(self, error: Exception) -> None:
        """Remember why a seal failed, say it once, and when to try again."""
        full = is_full(error)
        if full and not self._full:
            log.error(
                "the disk of %s is full: %s; samples wait in memory, then in the stream; "
                "free or add space, sealing goes on by itself",
                *(self._store.root, said(error)),
            )
        self._full, self._why = full, said(error) if full else ""
        self._retry = time.monotonic() + self.settings.retry_age
        self._since = self._since or self._retry - self.settings.seal_age

    def maintain(self) -> None:
        """Checkpoint, merge small files, trim the log, delete what no reader uses any more.

        Long; samples may be appended and sealed meanwhile. Raises StorageError.
        """
        with self._maintaining:
            if self._closed:
                return
            self._maintenance.run()
        self._look()

    def move_old(self, stop: Callable[[], bool] = lambda: False) -> int:
        """Move old days to the archive, if there is one, until `stop`; how many went. Long."""
        moved = self._tier.run(self._now(), lambda: stop() or self._closed) if self._tier else 0
        self._look()
        return moved

    def _look(self) -> None:
        """Show the files as they are now."""
        with self._store.lock, self._append:
            self._view = self._store.view(self._view.tails)
            self._events.view = (self._store.event_files, self._events.view[1])

    def last(self, tags: Sequence[TagId] | Int32s) -> Batch:
        """The newest sample of each tag by time, in the order asked; none for a tag never seen."""
        asked = np.asarray(tags, np.int32)
        self._learn()
        with self._learning:
            return self._last.of(asked)

    def before(self, tags: Sequence[TagId] | Int32s, time: Nanoseconds) -> Batch:
        """The last sample of each tag at or before `time`, by tag.

        It looks back as far as `LakeSettings.look_back`; a tag without a sample there has no row.
        """
        wanted = ids(tags)
        newest = self.last(wanted)  # what is at or before `time` is the answer
        newest = newest.where(newest.time <= time)
        recent = newest.where(newest.time >= time - self.settings.look_back)
        older = super().before(np.setdiff1d(wanted, newest.tag, assume_unique=True), time)
        return arranged(Batch.concat([recent, older]))

    def view(self) -> View:
        """The samples at this moment."""
        return self._view

    def shelf(self) -> Shelf:
        """Everything that SQL sees at this moment."""
        view, (event_files, events) = self._view, self._events.all()
        hot = settled(Batch.concat([tail.all() for tail in view.tails]))
        with self._store.lock:
            sealed = self._store.last.times(hot.tag)
        return shelve(
            *(self._store.root, view.files, hot, sealed),
            event_files=event_files,
            hot_events=encode_events(events, 0),
            tag_files=self._store.tag_files,
            kpi_files=self._store.kpi.files,
            away=self._store.segments.archived,
        )

    def _event_files(self) -> tuple[Path, Sequence[DataFile], Sequence[Event]]:
        return (self._store.events.root, *self._events.all())

    def write_kpis(self, results: Sequence[KpiResult]) -> None:
        """Make derived values durable; of equal keys those written last hold."""
        self._store.kpi.write(results, self._store.draft("kpi"))

    def write_tags(self, tags: Iterable[tuple[TagId, Tag]]) -> None:
        """Write the names of tags beside the samples, for SQL and other tools."""
        named = list(tags)
        self._keeper.name(named)
        self._store.write_tags(named)

    def stats(self) -> LakeStats:
        """How much there is, and how the lake does."""
        view, store, hot = self._view, self._store, self._hot_rows()
        span = view.span()
        files, waiting = self._events.all()
        return LakeStats(
            rows=sum(file.rows for file in view.files) + hot,
            hot_rows=hot,
            bytes=sum(file.size for file in store.files) + sum(file.size for file in files),
            files=len(view.files),
            events=sum(file.rows for file in files) + len(waiting),
            last_seal=self._sealed_at,
            last_commit_ms=store.samples.commit_ms,
            oldest=span[0] if span else None,
            newest=span[1] if span else None,
            free_bytes=shutil.disk_usage(store.root).free,
            state=self._state(hot),
            why=self._why,
            damaged=(*store.damaged, *store.damage.told()),
            kept=self._keeper.report(),
        )

    def _state(self, hot: int) -> Literal["up", "behind", "full"]:
        now, settings = time.monotonic(), self.settings
        old = now - (self._since or now) > 3 * settings.seal_age
        behind = old or hot > 2 * settings.seal_rows
        return "full" if self._full else "behind" if behind else "up"

    def close(self) -> None:
        """Let the next writer in. What was not sealed is in the stream; call `seal` first."""
        super().close()
        with self._maintaining, self._store.lock:  # a thread may still write
            self._closed = True
            self._lock.release()
