"""Reading a long time piece by piece: memory is bounded by pieces, not by what is asked."""

from __future__ import annotations

from collections.abc import Iterator

from isthmus.historian.port import Samples
from isthmus.historian.settings import MINUTE
from isthmus.model.sample import Batch, Int32s, Nanoseconds

AT_ONCE = 1_000_000  # samples of a piece, more or less
FIRST = 10 * MINUTE  # of time; the next piece is as long as the samples of the last one allow


def pieces(samples: Samples, tags: Int32s, start: int, end: int) -> Iterator[Batch]:
    """The samples of `tags` in [start, end) in pieces of time, each by (tag, time)."""
    step = FIRST
    while start < end:
        until = min(start + step, end)
        rows = samples.raw(tags, Nanoseconds(start), Nanoseconds(until))
        yield rows
        start, step = until, max(round(step * min(8.0, AT_ONCE / (len(rows) + 1))), 1)
