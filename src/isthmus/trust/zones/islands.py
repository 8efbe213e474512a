"""Which zones are cut off, by whom and why: kept on disk, so that no restart joins one again."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from isthmus.model.errors import StorageError
from isthmus.trust.zones.boundary import write

FILE = "islands.json"


@dataclass(frozen=True, slots=True)
class Island:
    """A zone that is cut off: since when (s since 1970), who cut it, and why."""

    zone: str
    since: float
    by: str
    reason: str = ""


class Islands:
    """The zones that are cut off; read anew where another process changed the file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._seen: tuple[int, int] | None = None
        self._held: dict[str, Island] = {}

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Those of the folder; StorageError where its file is damaged."""
        found = cls(folder / FILE)
        found.look()
        return found

    @property
    def zones(self) -> frozenset[str]:
        """Their names."""
        return frozenset(self.look())

    def look(self) -> dict[str, Island]:
        """All of them by name, as the file says now."""
        try:
            state = self.file.stat()
            seen = state.st_mtime_ns, state.st_ino
            if seen != self._seen:
                read = json.loads(self.file.read_text("utf-8"))
                self._held = {one["zone"]: Island(**one) for one in read}
                self._seen = seen
        except FileNotFoundError:
            self._held, self._seen = {}, None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StorageError(
                f"reading {self.file}: {error}",
                hint="which zones are cut off is not known: mend or remove the file",
            ) from error
        return dict(self._held)

    def set(self, zone: str, by: str, reason: str, *, cut: bool) -> bool:
        """Cut `zone` off or join it again; whether that changed anything."""
        held = self.look()
        if cut == (zone in held):
            return False
        if cut:
            held[zone] = Island(zone, time.time(), by, reason)
        else:
            del held[zone]
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write(self.file, json.dumps([asdict(one) for one in held.values()], indent=1))
        return True
