"""What a plant says of its archive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from isthmus.historian.keep.place import Target
from isthmus.historian.keep.retention import DAY, NS

CACHE_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class ArchivePlan:
    """Where days go that are older than `after` ns, and what the cache may take, in bytes."""

    target: Target
    after: int = 90 * DAY
    cache: int = CACHE_BYTES

    @classmethod
    def of(cls, history: Mapping[str, object], folder: Path) -> ArchivePlan | None:
        """What the section `history` of a plant says; None where it has no archive.

        A folder that is not absolute lies in the data folder.
        """
        entry = history.get("archive")
        if not isinstance(entry, Mapping):
            return None
        target = Target.of(entry)
        if "://" not in target.to:
            target = replace(target, to=str((folder / Path(target.to).expanduser()).resolve()))
        return cls(target, round(entry["after"] * NS), int(entry["cache"]))
