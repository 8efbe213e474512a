"""What goes, and why: pure, so that it can be tested against every calendar.

The unit is the UTC day: it has passed a rule when all of it is older. Then all its files are
judged alike, and no older version of a corrected sample comes back when a newer one goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.keep.retention import DAY, FOREVER, Ages
from isthmus.model.sample import Int32s


@dataclass(frozen=True, slots=True, eq=False)
class Thinning:
    """A file from which the rows of `tags` (ascending) go; `age` in ns names the rule."""

    file: DataFile
    age: int
    tags: Int32s


def days(files: Iterable[DataFile]) -> dict[str, list[DataFile]]:
    """The files by their date, oldest first; those without one by the day in which they end."""
    found: dict[str, list[DataFile]] = {}
    for file in files:
        found.setdefault(file.date or str(np.datetime64(file.times[1], "ns"))[:10], []).append(file)
    return dict(sorted(found.items()))


def end(date: str, files: Iterable[DataFile]) -> int:
    """The first ns after a day and after everything that its files hold."""
    over = int(np.datetime64(date, "D").astype(np.int64) + 1) * DAY
    return max([over, *(file.times[1] + 1 for file in files)])


def expired(files: Iterable[DataFile], ages: Ages, *, now: int) -> list[DataFile]:
    """The files of days of which no rule keeps anything."""
    gone: list[DataFile] = []
    for date, day in days(files).items():
        longest = max(ages.longest(file.tags) for file in day)
        if longest < FOREVER and now - end(date, day) >= longest:
            gone += day
    return gone


def outlived(files: Iterable[DataFile], age: int, *, now: int) -> list[DataFile]:
    """The files of days that are older than `age`, whatever they hold."""
    if age >= FOREVER:
        return []
    return [
        file for date, day in days(files).items() if now - end(date, day) >= age for file in day
    ]


def thinnings(
    files: Iterable[DataFile], ages: Ages, *, now: int, done: Mapping[str, int]
) -> list[Thinning]:
    """The files that lose rows of some tags and keep others, oldest day first.

    `done` says for a file's path up to which age its rules were applied, so that each file is
    looked through at most once a rule.
    """
    steps = [step for step in ages.steps() if step < FOREVER]
    found: list[Thinning] = []
    for date, day in days(files).items():
        past = [step for step in steps if now - end(date, day) >= step]
        if not past:
            continue
        tags = ages.passed(past[-1])
        for file in sorted(day, key=lambda file: file.seq):  # an older version goes first
            low, high = np.searchsorted(tags, [file.tags[0], file.tags[1] + 1])
            if done.get(file.path, 0) < past[-1] and low < high:
                found.append(Thinning(file, past[-1], tags[low:high].astype(np.int32)))
    return found


def oldest_day(files: Sequence[DataFile], *, now: int, least: int) -> list[DataFile]:
    """The files of the oldest day, none where it is younger than `least`."""
    for date, day in days(files).items():
        return day if now - end(date, day) >= least else []
    return []
