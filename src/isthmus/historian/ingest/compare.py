"""What of a batch is news to a history: an import that is done again changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from isthmus.historian.columns import settled
from isthmus.historian.port import Samples
from isthmus.historian.settings import DAY
from isthmus.model.sample import Batch, Int32s, Nanoseconds


@dataclass(frozen=True, slots=True)
class News:
    """The rows that say something else than history does, and how many were which.

    `fresh` are of times at which nothing was known, `corrected` of times with another value.
    """

    rows: Batch
    fresh: int = 0
    corrected: int = 0
    unchanged: int = 0
    by_tag: Mapping[int, tuple[int, int, int]] = field(default_factory=dict)  # the same of each


def news(history: Samples, batch: Batch) -> News:
    """What `batch` would change; it reads no more of history than a UTC day at a time."""
    rows = settled(batch)
    parts, fresh, corrected = [], [], []
    day = rows.time // DAY
    for number in np.unique(day):
        part = rows.where(day == number)
        start, end = int(part.time.min()), int(part.time.max()) + 1
        known = history.raw(np.unique(part.tag), Nanoseconds(start), Nanoseconds(end))
        place = _find(known, part)
        found = place >= 0
        old = known.where(place[found])
        same = np.zeros(len(part), np.bool_)
        same[found] = (old.quality == part.quality[found]) & (
            (old.value == part.value[found]) | (np.isnan(old.value) & np.isnan(part.value[found]))
        )
        fresh.append(part.tag[~found])
        corrected.append(part.tag[found & ~same])
        parts.append(part.where(~same))
    told = Batch.concat([part for part in parts if len(part)])
    new, better = _by_tag(fresh), _by_tag(corrected)
    counts = {
        tag: (new[tag], better[tag], count - new[tag] - better[tag])
        for tag, count in _by_tag([batch.tag]).items()
    }
    news, mended = new.total(), better.total()
    return News(told, news, mended, len(batch) - news - mended, counts)


def _by_tag(tags: Sequence[Int32s]) -> Counter[int]:
    found: Counter[int] = Counter()
    for some in tags:
        known, count = np.unique(some, return_counts=True)
        found.update(dict(zip(known.tolist(), count.tolist(), strict=True)))
    return found


def _find(known: Batch, asked: Batch) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The place of each asked tag and time in `known`, both arranged; -1 where there is none."""
    place = np.full(len(asked), -1, np.int64)
    for tag in np.unique(asked.tag).tolist():
        low, high = np.searchsorted(known.tag, (tag, tag + 1))
        first, last = np.searchsorted(asked.tag, (tag, tag + 1))
        if low == high:
            continue
        at = np.searchsorted(known.time[low:high], asked.time[first:last])
        at[at == high - low] = 0
        same = known.time[low:high][at] == asked.time[first:last]
        place[first:last][same] = at[same] + low
    return place
