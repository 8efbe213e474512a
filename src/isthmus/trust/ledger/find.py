"""Records by time, kind, who and what, newest first; reads no more of the files than it must."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from isthmus.trust.ledger import files
from isthmus.trust.ledger.line import Entry, read

CLOCKS = 3_600 * 10**9  # by which a clock set back may put records out of order


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: from `start` to before `end` (ns UTC, wall); empty text is any.

    `about` takes a path and all below it; in `by` and `about` a `*` stands for anything.
    """

    start: int = 0
    end: int = 1 << 63
    kind: str = ""
    by: str = ""
    about: str = ""

    def takes(self, entry: Entry) -> bool:
        """Whether `entry` is wanted."""
        return (
            self.start <= entry.time < self.end
            and self.kind in ("", entry.kind)
            and _fits(entry.by, self.by)
            and (_fits(entry.about, self.about) or entry.about.startswith(f"{self.about}/"))
        )


def newest(folder: Path, wanted: Wanted, limit: int) -> list[Entry]:
    """The newest `limit` records that are wanted, newest first; damaged ones are passed over."""
    found: list[Entry] = []
    for entry in _back(folder, wanted):
        found.append(entry)
        if len(found) >= limit:
            break
    return found


def oldest(folder: Path, wanted: Wanted) -> Iterator[Entry]:
    """All records that are wanted, oldest first; damaged ones are passed over."""
    for file in files.names(folder):
        if files.ended(file).timestamp() * 1e9 + CLOCKS < wanted.start:
            continue
        for line in files.lines(file):
            entry = read(line)
            if entry is not None and wanted.takes(entry):
                yield entry


def _back(folder: Path, wanted: Wanted) -> Iterator[Entry]:
    for file in reversed(files.names(folder)):
        for line in files.backwards(file):
            entry = read(line)
            if entry is None:
                continue
            if entry.time + CLOCKS < wanted.start:
                return
            if wanted.takes(entry):
                yield entry


def _fits(text: str, wanted: str) -> bool:
    return not wanted or text == wanted or ("*" in wanted and fnmatchcase(text, wanted))
