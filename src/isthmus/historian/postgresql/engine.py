"""The history of a site in its own PostgreSQL: readable at once, sealed every few seconds.

The stream is the write-ahead log. One transaction holds the rows, the events, and the position of
each stream up to which they reach. While the server is away, what is appended waits in memory,
then in the stream.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

import psycopg
from psycopg import errors

from isthmus.historian.columns import fit_tags
from isthmus.historian.last import LastValues
from isthmus.historian.postgresql.connect import Readers, failed
from isthmus.historian.postgresql.hot import Hot
from isthmus.historian.postgresql.questions import Questions
from isthmus.historian.postgresql.seal import Contents, Waiting, check
from isthmus.historian.postgresql.settings import PostgreSqlSettings
from isthmus.historian.postgresql.writer import Writer, replaced
from isthmus.historian.settings import LakeStats, Sealed
from isthmus.model.errors import IsthmusError, StorageError
from isthmus.model.event import Event
from isthmus.model.kpi import KpiResult
from isthmus.model.sample import Batch, Clock, Nanoseconds, TagId
from isthmus.model.tag import Tag

log = logging.getLogger(__name__)
LOOK = 10.0  # seconds between two looks at how much the server holds
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A seal that was begun: should its answer be lost, the server knows what became of it."""

    count: int
    waiting: Waiting


class PostgreSql(Questions):
    """One writer thread appends, one seals and maintains, any number read."""

    def __init__(self, settings: PostgreSqlSettings, *, now: Clock) -> None:
        self.settings, self._now = settings, now
        self._session = secrets.token_hex(16)
        self._append, self._writing = threading.Lock(), threading.RLock()
        self._readers = Readers(settings)
        self._writer: Writer | None = None
        self._hot = Hot()
        self._stored_last = LastValues()  # the time of each tag's last stored sample
        self._stored: dict[str, int] | None = None  # positions; None before the first connection
        self._known: dict[str, int] = {}
        self._attempt: Attempt | None = None
        self._tags: list[tuple[TagId, Tag]] | None = None  # names that wait for a connection
        self._since: float | None = None  # monotonic time of the oldest row that is not stored
        self._retry, self._why = 0.0, ""
        self._sealed_at: Nanoseconds | None = None
        self._commit_ms = 0.0
        self._contents = Contents(0, 0, 0, None, None)
        self._bytes, self._looked = 0, 0.0
        self._closed = False

    @classmethod
    def open(cls, settings: PostgreSqlSettings, *, now: Clock) -> Self:
        """The history at the server; where that is away, one that connects by itself later.

        Raises AuthError where it refuses us, StorageError where another process writes there.
        """
        engine = cls(settings, now=now)
        try:
            with engine._writing:
                engine._connected()
        except StorageError as error:
            cause = error.__cause__
            if not isinstance(cause, psycopg.OperationalError) or isinstance(
                cause, errors.LockNotAvailable
            ):
                raise
        return engine

    # ------------------------------------------------------------------ writing
    def positions(self) -> Mapping[str, int]:
        """The last stored sequence of each stream; StorageError before the first connection."""
        if self._stored is None:
            raise StorageError(self._why or "not connected yet", hint="it is tried again")
        return dict(self._stored)

    def append(
        self, batch: Batch, *, stream: str, position: int, events: Sequence[Event] = ()
    ) -> None:
        """Make a frame's rows (and events) readable; nothing if its position is known already.

        Raises StorageError while too much waits, as the server is away or slow, ValueError where
        no table can hold what is in it.
        """
        settings = self.settings
        with self._append:
            if self._stored is None:
                raise StorageError(self._why or "not connected yet", hint="it is tried again")
            if position <= self._known.get(stream, -1):
                return
            if self._hot.rows >= settings.hot_rows or (
                events and self._hot.event_bytes >= settings.hot_text_bytes
            ):
                raise StorageError(
                    f"appending: {self._hot.rows:,} samples wait for {settings.place}"
                    + (f": {self._why}" if self._why else ""),
                    hint="the stream keeps what follows; bring the server back"
                    if self._why
                    else "the stream keeps what follows",
                )
            fit_tags(batch)
            check(events)
            self._hot.append(batch, events)
            self._known[stream] = position
            if self._since is None:
                self._since = time.monotonic()

    def append_events(self, events: Sequence[Event], *, stream: str, position: int) -> None:
        """Make a frame of events readable, as `append` does with samples."""
        self.append(Batch.empty(), stream=stream, position=position, events=events)

    def due(self) -> bool:
        """Whether it is time to seal, or to look for the server again."""
        now, since = time.monotonic(), self._since
        if now < self._retry:
            return False
        if self._stored is None:
            return True
        if since is None:
            return False
        return self._hot.rows >= self.settings.seal_rows or now - since >= self.settings.seal_age

    def seal(self) -> Sealed | None:
        """Store everything appended so far in one transaction; None if there was nothing.

        Raises StorageError where the server is away or refuses; the rows stay readable here.
        """
        with self._writing:
            if self._closed:
                return None
            writer = self._connected()
            with self._append:
                count, positions = self._hot.freeze(), dict(self._known)
                self._since = None
            rows, events = self._hot.frozen(count)
            if positions == self._stored and not len(rows) and not events:
                return None
            waiting = Waiting(
                rows,
                rows.where(rows.time <= self._stored_last.times(rows.tag)),
                self._newest(rows),
                events,
                positions,
            )
            attempt = self._attempt = Attempt(count, waiting)
            begun = time.monotonic()
            self._told(lambda: writer.write(waiting), "sealing")
            self._commit_ms = (time.monotonic() - begun) * 1000
            self._settle(attempt, writer.contents)
            self._why = ""
            if begun > self._looked + LOOK:
                self._look(writer)
            return Sealed(len(rows), len(events), 0, 0, writer.contents.seq, self._commit_ms)

    def _newest(self, rows: Batch) -> Batch:
        """Of each tag the last row, where no later one is stored."""
        last = rows.latest()
        return last.where(last.time >= self._stored_last.times(last.tag))

    def _settle(self, attempt: Attempt, contents: Contents) -> None:
        """The server holds what was attempted."""
        with self._append:
            self._hot.stored(attempt.count, contents.seq)
            self._contents = contents
            self._stored = dict(attempt.waiting.positions)
        self._stored_last.take(attempt.waiting.newest)
        self._attempt, self._sealed_at = None, self._now()

    def _connected(self) -> Writer:
        """The open connection, made again where it was lost; StorageError where there is none."""
        if self._writer is not None and self._writer.alive:
            return self._writer
        self._writer = None
        writer = self._told(lambda: Writer.open(self.settings, self._session), "opening")
        try:
            self._told(lambda: self._resume(writer), "opening")
        except BaseException:
            writer.close()
            raise
        self._writer, self._why = writer, ""
        if self._tags is not None:
            self.write_tags(self._tags)
        self._look(writer)
        return writer

    def _resume(self, writer: Writer) -> None:
        """Find out what the server holds: at first all of it, later what became of a seal."""
        if self._stored is None:
            writer.take_over()
            writer.maintain(self._now())
            last = writer.last()
            self._stored_last.take(last)
            self._hot.begin(writer.contents.seq, last)
            self._contents = writer.contents
            self._known = writer.positions()
            self._stored = dict(self._known)
            return
        if writer.owner != self._session:
            raise replaced(self.settings)
        if writer.contents.seq > self._hot.moment.seq and self._attempt is not None:
            self._settle(self._attempt, writer.contents)
        log.warning("%s is back: what waited is being stored", self.settings.place)

    def _told(self, work: Callable[[], T], doing: str) -> T:
        """What `work` gives; its failure in our words, remembered, and not tried again at once."""
        try:
            return work()
        except psycopg.Error as error:
            told = failed(self.settings, error, doing)
            self._note(told)
            raise told from error
        except IsthmusError as error:
            self._note(error)
            raise

    def _note(self, error: IsthmusError) -> None:
        self._why = str(error)
        self._retry = time.monotonic() + self.settings.retry_age
        if self._hot.rows or self._hot.event_bytes:
            self._since = self._since or self._retry - self.settings.seal_age

    def write_tags(self, tags: Iterable[tuple[TagId, Tag]]) -> None:
        """Write the names of tags beside the samples; later, where the server is away."""
        self._tags = list(tags)
        with self._writing:
            writer = self._writer
            if writer is not None and writer.alive:
                named = self._tags
                self._told(lambda: writer.write_tags(named), "writing names")
                self._tags = None

    def write_kpis(self, results: Sequence[KpiResult]) -> None:
        """Make derived values durable; StorageError where none of them was."""
        with self._writing:
            writer = self._connected()
            self._told(lambda: writer.write_kpis(results), "writing derived values")

    def maintain(self) -> None:
        """Make partitions ahead of their time, drop those that need not be kept."""
        with self._writing:
            if not self._closed:
                writer = self._connected()
                self._told(lambda: writer.maintain(self._now()), "maintaining")
                self._contents = writer.contents
                self._look(writer)

    def _look(self, writer: Writer) -> None:
        self._bytes, self._looked = self._told(writer.size, "measuring"), time.monotonic()

    def stats(self) -> LakeStats:
        """How much there is, and how the engine does; the server is not asked for it."""
        held, hot = self._contents, self._hot.rows
        since = self._since
        late = since is not None and time.monotonic() - since > 3 * self.settings.seal_age
        behind = late or bool(self._why) or hot > 2 * self.settings.seal_rows
        return LakeStats(
            rows=held.rows + hot,
            hot_rows=hot,
            bytes=self._bytes,
            files=len(self._writer.partitions) if self._writer else 0,
            events=held.events + len(self._hot.moment.all_events()),
            last_seal=self._sealed_at,
            last_commit_ms=self._commit_ms,
            oldest=self._hot.outermost(held.oldest, min),
            newest=self._hot.outermost(held.newest, max),
            free_bytes=-1,  # the server alone knows
            state="behind" if behind else "up",
            why=self._why,
        )

    def close(self) -> None:
        """Let the next writer in. What was not sealed is in the stream; call `seal` first."""
        with self._writing:
            self._closed = True
            if self._writer is not None:
                self._writer.close()
            self._readers.close()
