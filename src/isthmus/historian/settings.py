"""How a lake is set, and what it tells about itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from isthmus.historian.keep.archive_plan import ArchivePlan
from isthmus.historian.keep.ledger import Kept
from isthmus.historian.keep.retention import Retention
from isthmus.model.sample import Floats, Int64s, Nanoseconds

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
MINUTE = 60 * SECOND
HOUR = 3_600 * SECOND


@dataclass(frozen=True, slots=True)
class LakeSettings:
    """Limits of a lake; the defaults suit a site of 10,000 tags on a small machine."""

    seal_rows: int = 2_000_000
    seal_age: float = 60.0  # seconds, by a monotonic clock
    hot_rows: int = 6_000_000  # 24 bytes each; beyond it `append` refuses
    hot_text_bytes: int = 64 << 20  # the same for events
    reserve_bytes: int = 256 << 20  # disk space that sealing never takes
    retry_age: float = 5.0  # seconds between tries to seal on a full disk
    look_back: int = 7 * DAY  # ns that `before` searches
    cache_bytes: int = 48 << 20  # decoded row groups kept for trends
    open_files: int = 128  # memory-mapped files kept open
    merge_files: int = 8  # so many neighbours of a size become one
    slice_hours: int = 2  # of a file, a divisor of 24: shorter is quicker to ask, longer smaller
    merge_pause: int = HOUR  # ns; a slice that ended so long ago becomes one file
    day_after: int = 35 * DAY  # ns; a day that ended so long ago becomes one file
    checkpoint_commits: int = 100
    verify_bytes: int = 256 << 20  # compared with their checksums in a round of maintenance
    keep_hours: int = 24  # how long readers elsewhere may use a replaced file
    retention: Retention = field(default_factory=Retention)
    archive: ArchivePlan | None = None
    sql_memory: str = "256MB"
    sql_threads: int = 2
    sql_window: int = 7 * DAY  # longest history that a wide view reads where a query says no time

    def __post_init__(self) -> None:
        """A slice must not reach from one day into the next."""
        if self.slice_hours not in (1, 2, 3, 4, 6, 8, 12, 24):
            raise ValueError(f"slice_hours is {self.slice_hours}, not a divisor of 24")


@dataclass(frozen=True, slots=True)
class Trend:
    """One tag between two times, as many rows as pixels; raw samples where they are few.

    `time` is the first of a bucket (ns UTC); `min`, `max`, `mean` are over the samples that are
    not bad, NaN where a bucket has only bad ones (a gap); `good` is the share of good samples.
    A bucket without samples has no row. `first` is a bucket's first value that is drawn, `final`
    its last sample's, NaN where that one is bad: what holds until the next row. `last` is the
    newest value that is not bad.
    """

    raw: bool
    time: Int64s
    min: Floats
    max: Floats
    mean: Floats
    first: Floats
    final: Floats
    good: Floats
    samples: int
    good_share: float
    last: float | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one seal made durable."""

    rows: int
    events: int
    files: int
    bytes: int
    version: int
    commit_ms: float


@dataclass(frozen=True, slots=True)
class LakeStats:
    """The lake at this moment; times are ns UTC, `last_seal` by the plant's clock."""

    rows: int
    hot_rows: int
    bytes: int
    files: int
    events: int
    last_seal: Nanoseconds | None
    last_commit_ms: float
    oldest: Nanoseconds | None
    newest: Nanoseconds | None
    free_bytes: int
    state: Literal["up", "behind", "full"]
    why: str = ""  # it is full: what sealing needs and has
    damaged: tuple[str, ...] = ()  # what was found broken and set aside
    kept: Kept = field(default_factory=Kept)  # of its disk
