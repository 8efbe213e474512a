"""Sorted files into one, and which of them, so that a row is written again but a few times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from isthmus.historian.columns import settled
from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.delta.parquet import GROUP
from isthmus.historian.settings import LakeSettings
from isthmus.model.sample import Batch

WIDEST = 64  # files merged at once: each costs a row group of memory


def gathered(part: Sequence[DataFile], settings: LakeSettings) -> list[DataFile]:
    """The files of a slice or day that is over, unless so few rows came late that they can wait."""
    largest = max(file.rows for file in part)
    few = (sum(file.rows for file in part) - largest) * 10 < largest
    if len(part) < 2 or (few and len(part) < settings.merge_files):  # noqa: PLR2004 - one is merged
        return []
    return list(part[:WIDEST])


def neighbours(day: Sequence[DataFile], enough: int) -> list[DataFile]:
    """The newest files of a date of which none is larger than all newer ones together."""
    run: list[DataFile] = []
    rows = 0
    for file in reversed(day):
        if len(run) >= enough - 1 and file.rows > rows:
            break
        run.append(file)
        rows += file.rows
        if len(run) == WIDEST:
            break
    return run[::-1] if len(run) >= enough else []


def merged(sources: Sequence[Iterator[Batch]]) -> Iterator[Batch]:
    """The rows of arranged sources by (tag, time) in blocks; of equal keys the last source's."""
    held: list[Batch] = [Batch.empty() for _ in sources]
    live = list(range(len(sources)))
    ready: list[Batch] = []
    size = 0
    while live:
        for place in list(live):
            if not len(held[place]):
                following = next(sources[place], None)
                if following is None:
                    live.remove(place)
                else:
                    held[place] = following
        if not live:
            break
        tag, moment = min((int(held[p].tag[-1]), int(held[p].time[-1])) for p in live)
        parts = []
        for place in live:
            stop = _after(held[place], tag, moment)
            parts.append(held[place].slice(0, stop))
            held[place] = held[place].slice(stop, len(held[place]))
        ready.append(settled(Batch.concat(parts)))
        size += len(ready[-1])
        while size >= GROUP:
            whole = Batch.concat(ready)
            stop = size // GROUP * GROUP
            yield whole.slice(0, stop)
            ready, size = [whole.slice(stop, size)], size - stop
    if size:
        yield Batch.concat(ready)


def _after(rows: Batch, tag: int, time: int) -> int:
    """How many rows come at or before (tag, time)."""
    low = int(np.searchsorted(rows.tag, tag, "left"))
    high = int(np.searchsorted(rows.tag, tag, "right"))
    return low + int(np.searchsorted(rows.time[low:high], time, "right"))
