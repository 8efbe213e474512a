"""Our lake: what is appended is sealed meanwhile by a thread, as in a site."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import psutil

from benchmarks.historian.data import FIRST, TAGS, Span
from benchmarks.historian.engine import Engine, Question, on_disk
from benchmarks.historian.sql import DUCKDB, ONE, POINTS, texts
from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.reader import Reader
from isthmus.historian.query.aggregate import Wish, aggregate
from isthmus.historian.query.grid import grid
from isthmus.historian.query.reduce import lttb
from isthmus.historian.query.step import Intervals
from isthmus.historian.settings import DAY, SECOND, LakeSettings
from isthmus.model.errors import StorageError
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Tag

RECENT, LATE = 3 * DAY, 400 * DAY  # after the newest sample: slices are closed, days are one file
EVERYTHING = np.arange(TAGS, dtype=np.int32)
THOUSAND = np.arange(0, TAGS, 10, dtype=np.int32)
STREAM = "bench"
PLAIN = Wish(["Minimum", "Maximum", "Average"])


def opened(folder: Path, after: int = LATE) -> Lake:
    """The lake of a folder, whose clock is so long after the newest sample."""
    held: list[Lake] = []

    def now() -> Nanoseconds:
        span = held[0].view().span() if held else None
        return Nanoseconds((span[1] if span else FIRST) + after)

    held.append(Lake.open(folder, now=now, settings=LakeSettings(merge_pause=0)))
    return held[0]


class Ours(Engine):
    """The lake alone: appended from memory, durable when it is sealed, which is counted."""

    name = "isthmus"
    server = False
    durability = (
        "rows are counted when they are sealed: sorted, encoded, file, folder and log entry "
        "synced; before that the stream holds them, see acknowledged_"
    )

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reopen()

    def reopen(self, after: int = RECENT) -> None:
        """Open what is there, and seal from now on."""
        self.lake = opened(self.folder, after)
        self._position = self.lake.positions().get(STREAM, 0)
        self._done = threading.Event()
        self._sealing = threading.Thread(target=self._seal, daemon=True)
        self._sealing.start()

    def _seal(self) -> None:
        while not self._done.wait(0.02):
            if self.lake.due():
                self.lake.seal()

    def begin(self) -> None:
        """An empty lake."""
        self.close()
        shutil.rmtree(self.folder)
        self.reopen()

    def send(self, prepared: object) -> None:
        """Append; where sealing is behind, wait as the stream would."""
        assert isinstance(prepared, Batch)
        self._position += 1
        while True:
            try:
                self.lake.append(prepared, stream=STREAM, position=self._position)
            except StorageError:
                time.sleep(0.002)
            else:
                return

    def flush(self) -> None:
        """Seal what is left."""
        self.lake.seal()

    def settle(self) -> None:
        """Merge, checkpoint."""
        self.lake.maintain()

    def count(self) -> int:
        """Samples, sealed or not."""
        return self.lake.stats().rows

    def size(self) -> int:
        """Live files and the log; not what was merged and waits for readers to end."""
        log = on_disk(self.folder / "samples" / "_delta_log")
        return self.lake.stats().bytes + log

    def rss_mb(self) -> float:
        """This whole process, the benchmark's own data and other engines included."""
        return psutil.Process().memory_info().rss / 1e6

    def questions(self, span: Span) -> Mapping[str, Question]:
        """Through our API; `sql_` ones through our SQL."""
        queries = texts(DUCKDB, "samples", span)
        sql = {f"sql_{name}": self._asking(query) for name, query in queries.items()}
        return {**api(self.lake, span), **sql}

    def _asking(self, query: str) -> Question:
        return lambda: self.lake.sql(query, seconds=300.0)

    def address(self) -> str:
        """The folder: readers need no more."""
        return f"isthmus:{self.folder}"

    def close(self) -> None:
        """Stop sealing, let go of the lake."""
        self._done.set()
        self._sealing.join()
        self.lake.close()


def api(history: Lake | Reader, span: Span) -> dict[str, Question]:
    """The questions to our API, of a lake or of a reader in another process."""
    low, high = Nanoseconds(span.day[0]), Nanoseconds(span.day[1])
    start, end = Nanoseconds(span.hour[0]), Nanoseconds(span.hour[1])
    one, ten, thousand = _named([ONE]), _named(range(10)), _named(THOUSAND)
    day, hour = Intervals.whole(low, high), Intervals.whole(start, end)
    chance = np.random.default_rng(11)

    def any_day() -> object:
        return history.trend([TagId(int(chance.integers(0, 100)))], low, high, POINTS)

    return {
        "last_value_ms": lambda: history.last(EVERYTHING),
        "raw_hour_ms": lambda: history.raw(list(one), start, end),
        "day_500_ms": lambda: history.trend(list(one), low, high, POINTS),
        "any_day_500_ms": any_day,
        "lttb_500_ms": lambda: lttb(history.raw(list(one), low, high), POINTS),
        "time_weighted_day_ms": lambda: aggregate(history, one, day, Wish(["TimeAverage2"])),
        "asof_hour_ms": lambda: grid(history, ten, np.arange(start, end, SECOND)),
        "thousand_tags_hour_ms": lambda: history.trend(THOUSAND, start, end, 1),
        "thousand_tags_hour_500_ms": lambda: history.trend(THOUSAND, start, end, POINTS),
        "thousand_tags_part13_ms": lambda: aggregate(history, thousand, hour, PLAIN),
        "before_10k_tags_ms": lambda: history.before(EVERYTHING, start),
    }


def _named(tags: Iterable[int]) -> dict[TagId, Tag]:
    return {TagId(int(tag)): Tag(f"plant/unit{tag}/value") for tag in tags}
