"""Which imports were done, and how far others came: what was imported once stays imported."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from isthmus.model.errors import StorageError

READ = 1 << 20
KEPT = 10_000  # imports remembered; the oldest is forgotten first


@dataclass(frozen=True, slots=True)
class Import:
    """One import: who brought what, how much of it is durable, and what became of the rows."""

    id: str
    source: str
    by: str = ""
    parts: int = 0  # the first so many are durable
    done: bool = False
    fresh: int = 0
    corrected: int = 0
    unchanged: int = 0
    rejected: int = 0
    first: int = 0  # ns
    last: int = 0
    time: int = 0  # when it ended
    turn: int = 1  # how often it was begun from its start


class Journal:
    """The imports of one site, in a file that is replaced whole."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, Import] = {}
        if file.exists():
            try:
                told = json.loads(file.read_text("utf-8"))
                self._known = {each["id"]: Import(**each) for each in told}
            except (ValueError, TypeError, KeyError) as error:
                raise StorageError(
                    f"reading {file}: {error}",
                    hint="move it away: imports are then compared row by row with what is there",
                ) from error

    def of(self, number: str) -> Import | None:
        """The import of that id."""
        return self._known.get(number)

    def all(self) -> list[Import]:
        """All of them, the newest last."""
        return list(self._known.values())

    def forget(self, number: str) -> None:
        """Import it again from its first part on."""
        if (known := self._known.get(number)) is not None:
            self.note(Import(number, known.source, known.by, turn=known.turn + 1))

    def note(self, known: Import) -> None:
        """Remember, durably."""
        self._known.pop(known.id, None)
        self._known[known.id] = known
        while len(self._known) > KEPT:
            self._known.pop(next(iter(self._known)))
        self._save()

    def _save(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_name(self._file.name + ".new")
        with fresh.open("w", encoding="utf-8") as out:
            json.dump([asdict(each) for each in self._known.values()], out)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._file)


def advanced(known: Import, counts: Mapping[str, int], *, parts: int = 1) -> Import:
    """`known` with so many parts more, of which these were the counts."""
    return replace(
        known,
        parts=known.parts + parts,
        fresh=known.fresh + counts["fresh"],
        corrected=known.corrected + counts["corrected"],
        unchanged=known.unchanged + counts["unchanged"],
        first=min(known.first or counts["first"], counts["first"] or known.first),
        last=max(known.last, counts["last"]),
    )


def identity(content: Path | str, options: object) -> str:
    """The id of an import: the same file, or text, read in the same way."""
    digest = hashlib.sha256(json.dumps(options, sort_keys=True, default=str).encode())
    if isinstance(content, str):
        digest.update(content.encode())
    else:
        with content.open("rb") as stream:
            while piece := stream.read(READ):
                digest.update(piece)
    return digest.hexdigest()[:24]
