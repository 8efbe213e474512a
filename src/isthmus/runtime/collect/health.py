"""What a link does and how well: rates, lag, losses, and the sentence for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from isthmus.model.sample import Batch, Floats, Nanoseconds, Status

SECONDS = 600
SECOND = 10**9
UNCERTAIN = int(Status.UNCERTAIN)  # NumPy compares with an enumeration five times as slowly


class Condition(StrEnum):
    """How a link stands."""

    STARTING = "starting"
    UP = "up"
    PARTLY = "partly"
    DOWN = "down"
    REFUSED = "refused"


@dataclass(slots=True)
class Rate:
    """Counts over the last ten minutes, a second a place."""

    total: int = 0
    _ring: Floats = field(default_factory=lambda: np.zeros(SECONDS))
    _second: int = 0
    _first: int = 0

    def add(self, count: int, second: int) -> None:
        """`count` more, at `second` of any clock that does not run back."""
        self._turn(second)
        self._ring[second % SECONDS] += count
        self.total += count

    def per_second(self, second: int, over: int = 10) -> float:
        """The mean of the last `over` full seconds, fewer just after the start."""
        self._turn(second)
        over = min(over, max(second - self._first, 1))
        places = np.arange(second - over, second) % SECONDS
        return float(self._ring[places].mean())

    def history(self, second: int, points: int = 60) -> list[float]:
        """Means of `points` equal stretches of the last ten minutes, oldest first."""
        self._turn(second)
        ordered = np.roll(self._ring, -(second % SECONDS) - 1)
        return [float(mean) for mean in ordered.reshape(points, -1).mean(axis=1)]

    def _turn(self, second: int) -> None:
        if not self._second:
            self._second = self._first = second
        gone = second - self._second
        if gone <= 0:
            return
        places = np.arange(self._second + 1, second + 1)[-SECONDS:] % SECONDS
        self._ring[places] = 0
        self._second = second


@dataclass(slots=True)
class Health:
    """One link's condition and counters; totals are since the start of the process."""

    condition: Condition = Condition.STARTING
    since: Nanoseconds | None = None
    error: str = ""
    hint: str = ""
    next_try: float | None = None  # monotonic seconds
    begun: Nanoseconds | None = None  # when it was opened first, which no fall changes
    last_good: Nanoseconds | None = None  # when it last told a good value
    received: Rate = field(default_factory=Rate)
    kept: Rate = field(default_factory=Rate)
    good: int = 0
    judged: int = 0
    missed: int = 0  # samples of readings that could not be taken: lost, and known to be
    overruns: int = 0  # readings left out as the device took longer than its period
    protocol_errors: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    backfilled: int = 0  # samples that the device told afterwards, of the time of a gap
    carried: int = 0  # samples that earlier connections dropped
    _lags: Floats = field(default_factory=lambda: np.full(256, np.nan))
    _lag_at: int = 0

    def judge(self, batch: Batch) -> int:
        """How many of the rows are good; they are counted."""
        good = int(np.count_nonzero(batch.quality < UNCERTAIN))
        self.judged += len(batch)
        self.good += good
        return good

    def lag(self, seconds: float) -> None:
        """A frame was on disk `seconds` after its newest sample."""
        self._lags[self._lag_at % len(self._lags)] = seconds
        self._lag_at += 1

    @property
    def lag_p95(self) -> float | None:
        """Seconds from the device's time to the disk that 95 % of the last frames kept under."""
        known = self._lags[~np.isnan(self._lags)]
        return float(np.percentile(known, 95)) if len(known) else None

    @property
    def good_percent(self) -> float:
        """Share of good rows since the start; 100 before the first."""
        return 100.0 * self.good / self.judged if self.judged else 100.0

    @property
    def lost(self) -> int:
        """Samples known to be lost: readings missed, and what the connector had to drop."""
        return self.missed + self.carried + self.counts.get("dropped", 0)

    def carry(self) -> None:
        """Keep what a connection dropped, for the next one counts from zero."""
        self.carried += self.counts.get("dropped", 0)
        self.counts = {}
