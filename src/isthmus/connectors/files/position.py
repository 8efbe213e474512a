"""How far each file has been read, remembered so that a restart goes on at the next line."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

PRINT = 256  # bytes at the start, and before the position, by which a file is known again


@dataclass(slots=True)
class Position:
    """A file, known by inode and content, and the place in it before which all is read.

    `skipping` says that the place is within a line of which the rest is thrown away.
    """

    path: str
    device: int
    inode: int
    offset: int = 0
    head: str = ""
    tail: str = ""
    skipping: bool = False

    @property
    def key(self) -> tuple[int, int]:
        """What names the file while it exists."""
        return self.device, self.inode

    def sound(self) -> bool:
        """Whether what a file told us of this position is of the right types and sizes."""
        numbers = (self.device, self.inode, self.offset)
        words = (self.path, self.head, self.tail)
        return (
            all(type(number) is int and number >= 0 for number in numbers)
            and all(isinstance(word, str) for word in words)
            and isinstance(self.skipping, bool)
        )

    def mark(self, file: int) -> None:
        """Take the prints of what is read of the open `file`."""
        self.head, self.tail = prints(file, self.offset)

    def fits(self, file: int) -> bool:
        """Whether the open `file` still holds what was read."""
        if os.fstat(file).st_size < self.offset:
            return False
        return prints(file, self.offset) == (self.head, self.tail)


def prints(file: int, offset: int) -> tuple[str, str]:
    """What the first bytes of the open `file`, and those before `offset`, look like."""
    size = min(PRINT, offset)
    if not size:
        return "", ""
    return _print(os.pread(file, size, 0)), _print(os.pread(file, size, offset - size))


def _print(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def load(folder: str) -> list[Position] | None:
    """The remembered positions; None where none were ever kept.

    Raises ValueError where what was kept cannot be read.
    """
    try:
        text = _file(folder).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        found = [Position(**entry) for entry in json.loads(text)["files"]]
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"{_file(folder)} holds no positions") from error
    if not all(position.sound() for position in found):
        raise ValueError(f"{_file(folder)} holds positions that make no sense")
    return found


def save(folder: str, positions: Iterable[Position]) -> None:
    """Remember `positions` so that a crash leaves the old ones or the new ones, never a mixture."""
    kept = _file(folder)
    fresh = kept.with_suffix(".new")
    text = json.dumps({"version": 1, "files": [asdict(position) for position in positions]})
    with fresh.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(kept)


def _file(folder: str) -> Path:
    return Path(folder) / "positions.json"
