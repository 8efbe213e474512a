"""Where history knows nothing: stretches of bad quality or of no sample, and why if it is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.historian.port import History
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Int32s, Nanoseconds, Status

TOGETHER = 16  # tags read at once
DAY = 86_400 * 10**9
NEAR = 5 * 10**9  # ns between a gap's first sample and the event that tells of it
NEVER = int(Status.BAD_WAITING_FOR_INITIAL_DATA)
STOPPED = "nobody listened: the site did not run"


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which nothing is known of a tag; `reason` is empty where nobody told one."""

    tag: int
    start: Nanoseconds
    end: Nanoseconds
    quality: int
    reason: str = ""


def gaps(
    history: History,
    tags: Int32s,
    start: Nanoseconds,
    end: Nanoseconds,
    *,
    shortest: int = 0,
    limit: int = 10_000,
) -> list[Gap]:
    """The gaps of `tags` in [start, end) of at least `shortest` ns, the first `limit` by time."""
    falls = history.events(Nanoseconds(start - DAY), end, kinds=("link-down",), limit=limit)
    found: list[Gap] = []
    for first in range(0, len(tags), TOGETHER):
        some = np.sort(tags[first : first + TOGETHER])
        open_ = _held(history, some, start)
        for low in range(start, end, DAY):
            high = min(low + DAY, end)
            rows = history.raw(some, Nanoseconds(low), Nanoseconds(high))
            found += _day(rows, some, open_, falls)
        found += [
            _gap(tag, since, end, code, falls)
            for tag, told in open_.items()
            if told is not None
            for since, code in (told,)
        ]
    kept = [gap for gap in found if gap.end - gap.start >= max(1, shortest)]
    return sorted(kept, key=lambda gap: (gap.start, gap.tag))[:limit]


Open = dict[int, tuple[int, int] | None]  # since when a tag is unknown, and its quality


def _held(history: History, tags: Int32s, start: Nanoseconds) -> Open:
    held = history.before(tags, start)
    known = dict(zip(held.tag.tolist(), held.quality.tolist(), strict=True))
    found: Open = {}
    for tag in tags.tolist():
        code = known.get(tag, NEVER)
        found[tag] = (start, code) if code >= Status.BAD else None
    return found


def _day(rows: Batch, tags: Int32s, open_: Open, falls: Sequence[Event]) -> Iterator[Gap]:
    """The gaps that end in these rows; `open_` is brought up to their end."""
    for tag in tags.tolist():
        low, high = np.searchsorted(rows.tag, (tag, tag + 1))
        bad = rows.quality[low:high] >= int(Status.BAD)
        if not len(bad):
            continue
        before = np.append(open_[tag] is not None, bad[:-1])
        for place in np.nonzero(bad != before)[0].tolist():
            time, told = int(rows.time[low + place]), open_[tag]
            if told is not None:
                yield _gap(tag, told[0], time, told[1], falls)
                open_[tag] = None
            else:
                open_[tag] = (time, int(rows.quality[low + place]))


def _gap(tag: int, start: int, end: int, quality: int, falls: Sequence[Event]) -> Gap:
    reason = next((fall.text for fall in falls if abs(fall.time - start) <= NEAR), "")
    if not reason and quality == Status.BAD_NOT_CONNECTED:
        reason = STOPPED
    return Gap(tag, Nanoseconds(start), Nanoseconds(end), quality, reason)
