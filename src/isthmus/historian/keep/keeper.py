"""Retention at work, and the disk held within its bound.

Both run in the writer's maintenance. Where the bound nears, in this order: files that no table
names any more go at once instead of after a day; with `when_full: drop-oldest` the oldest days of
samples go, none younger than `keep: {least}`; else sealing is held back, and says so.
"""

from __future__ import annotations

import errno
import logging
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from isthmus.historian.delta.manifest import LOG, DataFile, Manifest, megabytes
from isthmus.historian.delta.parquet import write_samples
from isthmus.historian.delta.segment import Segments
from isthmus.historian.delta.store import TURN, Store
from isthmus.historian.keep import plan
from isthmus.historian.keep.disk import Usage, usage
from isthmus.historian.keep.forecast import Forecast, Written, forecast, size, span
from isthmus.historian.keep.ledger import Kept, Ledger
from isthmus.historian.keep.pin import unpinned
from isthmus.historian.keep.retention import DAY, FOREVER, HOUR, Ages, Retention
from isthmus.historian.rollup.table import RollupTable
from isthmus.model.errors import StorageError
from isthmus.model.sample import Batch, Clock, TagId
from isthmus.model.tag import Tag

log = logging.getLogger(__name__)

NEAR = 20  # the bound is near when a twentieth of it is left
LOGGED = 256 << 10  # bytes that a seal writes beside its rows
SETTLED = 600.0  # seconds after which a file that no table names is nobody's
TELL = 86_400.0  # seconds between two words in the log


class Keeper:
    """What goes from a store, when, and why; one thread at a time."""

    def __init__(self, store: Store, retention: Retention, *, now: Clock, reserve: int) -> None:
        self._store, self._retention, self._now = store, retention, now
        self._reserve = reserve
        self.ages: Ages | None = None  # until the tags have names nothing goes
        self._ledger = Ledger(store.root)
        self._usage = usage(store.root)
        self._grown = 0  # since that was counted
        self._told = -TELL
        self._untold = [0, 0]  # rows and files
        self._outlook: Forecast | None = None
        self.archive_after = FOREVER  # ns after which days leave this disk
        self.archive_trouble = ""

    def name(self, tags: Iterable[tuple[TagId, Tag]]) -> None:
        """Which rule is whose is told by the paths of tags."""
        self.ages = self._retention.ages((number, tag.path) for number, tag in tags)

    @property
    def thinned(self) -> dict[str, int]:
        """Up to which age the rules of a file were applied, by its path."""
        return self._ledger.thinned

    def turn(self) -> int:
        """A number that no file has in its name yet beside its seal's."""
        return self._store.samples.positions.get(TURN, 0) + 1

    def expired(self, rows: int, files: int, count: int) -> None:
        """So much passed a rule and went."""
        self._ledger.expired.add(rows, files, count)
        self._untold = [self._untold[0] + rows, self._untold[1] + files]

    # ------------------------------------------------------------------ space
    @property
    def used(self) -> int:
        """Bytes on the disk, as far as is known."""
        return self._usage.total + self._grown

    @property
    def bound(self) -> int:
        """Bytes that may be used: what the plant file allows, as far as the disk has them."""
        free = shutil.disk_usage(self._store.root).free
        has = max(0, self.used + free - self._reserve)
        return min(self._retention.disk, has) if self._retention.disk else has

    def grew(self, count: int) -> None:
        """So many bytes were written."""
        self._grown += count

    def fits(self, count: int) -> bool:
        """Whether `count` bytes more stay within the bound."""
        return self.used + count <= self.bound

    def require(self, count: int, reserve: int) -> None:
        """OSError (no space) where sealing `count` bytes would pass a limit.

        The limits are that of the plant file, and `reserve` bytes of the disk that are never taken.
        """
        free, needs = shutil.disk_usage(self._store.root).free, reserve + count
        if free < needs:
            text = f"sealing needs {megabytes(needs, up=True)} free, has {megabytes(free)}"
            raise OSError(errno.ENOSPC, text)
        limit, count = self._retention.disk, count + LOGGED
        if limit and self.used + count > limit:
            self._measure()  # something may have gone
            if self.used + count > limit:
                raise OSError(
                    errno.ENOSPC,
                    f"history uses {size(self.used)} of the {size(limit)} that "
                    f"`history: {{disk}}` allows, sealing needs {size(count)}",
                )

    def _measure(self) -> Usage:
        self._usage, self._grown = usage(self._store.root), 0
        return self._usage

    # ------------------------------------------------------------------ a round
    def run(self) -> None:
        """Remove what has passed its rule, make room where the bound is near, look ahead.

        Raises OSError or StorageError.
        """
        if self.ages is None:
            return
        self._retain(self.ages)
        self._measure()
        if self.near():
            self._make_room()
        self._outlook = self._ahead()
        live = {file.path for file in (*self._store.files, *self._store.segments.archived.files)}
        self._ledger.write(self.report(), live)
        self._tell()

    def _retain(self, ages: Ages) -> None:
        store, now = self._store, self._now()
        self._remove(store.samples, plan.expired(store.files, ages, now=now))
        gone = plan.outlived(store.event_files, self._retention.events, now=now)
        self._remove(store.events, gone)
        for rollups, age in self._rollups():
            if gone := plan.outlived(rollups.files, age, now=now - HOUR):  # a row lasts an hour
                rollups.drop(gone)
                self.expired(
                    sum(file.rows for file in gone), len(gone), sum(file.size for file in gone)
                )
        for thinning in plan.thinnings(store.files, ages, now=now, done=self.thinned):
            if self.fits(thinning.file.size):
                self._thin(thinning)

    def _rollups(self) -> list[tuple[RollupTable, int]]:
        """The tables of roll-ups, and how long each is kept: never shorter than any sample."""
        hours, minutes = self._store.rollups
        least = self._retention.longest
        return [
            (hours, max(self._retention.hours, least)),
            (minutes, max(self._retention.minutes, least)),
        ]

    def _remove(self, table: Manifest, gone: Sequence[DataFile], *, space: bool = False) -> None:
        """Take whole files out of a table in one commit, and count them."""
        if not gone:
            return
        self._store.drop(table, gone)
        rows, count = sum(file.rows for file in gone), sum(file.size for file in gone)
        if space:
            self._ledger.dropped.add(rows, len(gone), count)
        else:
            self.expired(rows, len(gone), count)

    def _thin(self, thinning: plan.Thinning) -> None:
        """Publish a file without the rows that passed their rule in place of the old one."""
        store, file = self._store, thinning.file
        try:
            first = next(left(store.segments, thinning), None)
            if first is None:
                self._remove(store.samples, [file])
                return
            made = write_samples(
                store.samples.root,
                store.draft("thin"),
                left(store.segments, thinning),
                date=file.date,
                hours=file.hours,
                seq=file.seq,
                turn=self.turn(),
                late=file.late,
            )
        except StorageError:
            if file.path not in store.damage.samples:
                raise
            store.set_aside()
            return
        if made.rows == file.rows:  # it holds none of them
            (store.samples.root / made.path).unlink()
            self.thinned[file.path] = thinning.age
            return
        store.replace([file], made, changes=True)
        self.grew(made.size)
        self.thinned[made.path] = thinning.age
        self.expired(file.rows - made.rows, 0, file.size - made.size)

    # ------------------------------------------------------------------ room
    def near(self) -> bool:
        """Whether little is left of the bound."""
        return not self.fits(self.bound // NEAR)

    def _make_room(self) -> None:
        """What may go for want of space, in order, until there is some."""
        self._sweep()
        if self.near():
            self._grown -= self._store.segments.archived.trim(to=0)
        if self.archive_after < FOREVER and not self.archive_trouble:
            return  # the archive takes days before their time
        while self.near() and self._retention.drop_oldest:
            store = self._store
            day = plan.oldest_day(store.files, now=self._now(), least=self._retention.least)
            if not day:
                return
            log.warning(
                "the disk of %s is nearly full: the samples of %s go (%s rows), as `when_full: "
                "drop-oldest` says",
                *(store.root, day[0].date, f"{sum(file.rows for file in day):,}"),
            )
            self._remove(store.samples, day, space=True)
            self._sweep()

    def _sweep(self) -> None:
        """Delete files that no table names any more, but for those just written."""
        store = self._store
        with unpinned(store.root) as free, store.lock:
            if free:
                before = time.time() - SETTLED
                for table in store.tables:
                    live = {file.path for file in table.files()}
                    for path in table.root.rglob("*.parquet"):
                        name = str(path.relative_to(table.root))
                        old = LOG not in path.parts and path.stat().st_mtime < before
                        if old and name not in live:
                            path.unlink(missing_ok=True)
        self._measure()

    # ------------------------------------------------------------------ what is told
    def _ahead(self) -> Forecast:
        """When the disk will be full."""
        store, retention, ages = self._store, self._retention, self.ages
        longest = min(ages.longest((0, -1)) if ages else FOREVER, self.archive_after)
        tables = [
            Written(_by_day(store.files), longest),
            Written(_by_day(store.event_files), retention.events),
            *(Written(_by_day(rollups.files), age) for rollups, age in self._rollups()),
        ]
        now = self._now()
        oldest = min((file.times[0] for file in store.files), default=now)
        return forecast(tables, used=self.used, bound=self.bound, now=now, since=oldest)

    def report(self) -> Kept:
        """What is used, what will be, what went."""
        return Kept(
            self.used,
            self._retention.disk,
            self._usage.parts,
            self._outlook,
            self._ledger.expired,
            self._ledger.dropped,
            _words(self._retention),
            sum(file.rows for file in self._store.segments.archived.files),
            sum(file.size for file in self._store.segments.archived.files),
            self.archive_trouble,
        )

    def _tell(self) -> None:
        """One line a day about what went."""
        if any(self._untold) and time.monotonic() - self._told >= TELL:
            log.info(
                "%s samples and events in %d files passed their rule and went: `history: {keep}`",
                *(f"{self._untold[0]:,}", self._untold[1]),
            )
            self._told, self._untold = time.monotonic(), [0, 0]


def left(segments: Segments, thinning: plan.Thinning) -> Iterator[Batch]:
    """The rows of a file that stay, one row group after the other."""
    for rows in segments.groups(thinning.file):
        stay = rows.where(~np.isin(rows.tag, thinning.tags))
        if len(stay):
            yield stay


def _by_day(files: Iterable[DataFile]) -> dict[int, int]:
    """Bytes by UTC day; of a file of several days each has its share."""
    found: Counter[int] = Counter()
    for file in files:
        first, last = (time // DAY for time in file.times)
        for day in range(first, last + 1):
            found[day] += file.size // (last - first + 1)
    return dict(found)


def _words(retention: Retention) -> dict[str, str]:
    """The rules as people read them."""
    ages = {
        "raw": retention.raw,
        "minutes": retention.minutes,
        "hours": retention.hours,
        "events": retention.events,
    }
    for rule in retention.rules:
        names = ", ".join("/".join(pattern.levels) for pattern in rule.where)
        ages[names] = rule.raw
    return {name: "for ever" if age >= FOREVER else span(age / DAY) for name, age in ages.items()}
