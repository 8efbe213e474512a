"""What retention did, kept over restarts: `history/keep.json`.

Its loss costs work, no data: files are then looked through once more, and counts begin anew.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from isthmus.historian.keep.forecast import Forecast

LEDGER = "keep.json"


@dataclass(slots=True)
class Removed:
    """What went for one reason since the beginning."""

    rows: int = 0
    files: int = 0
    bytes: int = 0

    def add(self, rows: int, files: int, size: int) -> None:
        """So much more went."""
        self.rows += rows
        self.files += files
        self.bytes += size


@dataclass(frozen=True, slots=True)
class Kept:
    """How history does with its disk: bytes used now, by what they are; what went and why.

    `limit` is what the plant file allows, 0 for none; `expired` passed a rule, `dropped` went for
    want of space.
    """

    used: int = 0
    limit: int = 0
    parts: Mapping[str, int] = field(default_factory=dict)
    forecast: Forecast | None = None
    expired: Removed = field(default_factory=Removed)
    dropped: Removed = field(default_factory=Removed)
    rules: Mapping[str, str] = field(default_factory=dict)
    archived_rows: int = 0
    archived_bytes: int = 0
    archive_trouble: str = ""  # why the archive takes nothing


class Ledger:
    """The file, read once and written after each round that changed it."""

    def __init__(self, root: Path) -> None:
        self._path = root / LEDGER
        found = _read(self._path)
        thinned = found.get("thinned")
        self.thinned: dict[str, int] = dict(thinned) if isinstance(thinned, dict) else {}
        self.expired, self.dropped = (_removed(found.get(key)) for key in ("expired", "dropped"))

    def write(self, kept: Kept, live: Collection[str]) -> None:
        """Keep it; what is noted of files that are no longer live goes. Raises OSError."""
        self.thinned = {path: age for path, age in self.thinned.items() if path in live}
        body = {"format": 1, **asdict(kept), "thinned": self.thinned}
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(body, indent=1), "utf-8")
        draft.replace(self._path)


def kept(root: Path) -> Kept:
    """What the last round of the writer found, for readers; empty where none has run."""
    found = _read(root / LEDGER)
    told, parts, rules = (found.get(key) for key in ("forecast", "parts", "rules"))
    try:
        outlook = Forecast(**told) if isinstance(told, dict) else None
    except TypeError:
        outlook = None
    return Kept(
        _number(found.get("used")),
        _number(found.get("limit")),
        dict(parts) if isinstance(parts, dict) else {},
        outlook,
        _removed(found.get("expired")),
        _removed(found.get("dropped")),
        dict(rules) if isinstance(rules, dict) else {},
        _number(found.get("archived_rows")),
        _number(found.get("archived_bytes")),
        str(found.get("archive_trouble") or ""),
    )


def _read(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _removed(found: object) -> Removed:
    body = found if isinstance(found, dict) else {}
    return Removed(*(_number(body.get(key)) for key in ("rows", "files", "bytes")))


def _number(found: object) -> int:
    return found if isinstance(found, int) else 0
