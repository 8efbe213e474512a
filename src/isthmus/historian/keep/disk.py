"""How much disk a history takes, all of it: what no table names any more counts as well."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = 4_096
LOG = "_delta_log"


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes on disk by what they are: a table's name, `log`, `quarantine`, `cache`, `writing`."""

    parts: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.parts.values())


def usage(root: Path) -> Usage:
    """What lies below `root` now, each file rounded up to the disk's blocks."""
    parts: Counter[str] = Counter()
    for part, entry in _files(root, ""):
        try:
            parts[part] += -(-entry.stat(follow_symlinks=False).st_size // BLOCK) * BLOCK
        except FileNotFoundError:  # it went meanwhile
            continue
    return Usage(dict(parts))


def _files(folder: Path | str, part: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    try:
        found = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path, "log" if entry.name == LOG else part or entry.name)
        else:
            yield part or "other", entry
