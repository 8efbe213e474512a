"""Follows growing files through every way of rotating them, and hands out whole lines."""

from __future__ import annotations

import glob
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

from isthmus.connectors.files.position import PRINT, Position, prints

PIECE = 1 << 20  # bytes read of one file before the next has its turn; more than a longest line
LISTED = 100_000  # names looked at in one round
HELD = 64  # files kept open, so that one that is renamed or removed is read to its end
PATIENCE = 3  # rounds without growth after which a file that lost its name is let go
KEPT = 256  # of the files let go, how many are known again after a restart


@dataclass(slots=True, eq=False, weakref_slot=True)
class Followed:
    """One file and how far it is read; `file` is its descriptor while it is held open.

    `size` is what the last listing said, None where it lost its name `lost` rounds ago.
    """

    position: Position
    size: int | None = None
    file: int | None = None
    idle: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of one file, without newlines; `opens` when its first line is among them."""

    followed: Followed
    lines: list[bytes]
    opens: bool


class Tail:
    """The files of one pattern. All of it blocks: call it from a thread."""

    def __init__(self, path: str, *, longest: int, max_files: int) -> None:
        self.counts: Counter[str] = Counter()
        self.blind = False  # whether the last round could read none of its files
        self._path = os.path.expanduser(path)  # noqa: PTH111 - the pattern is no path
        self._longest, self._max_files = longest, max_files
        self._followed: dict[tuple[int, int], Followed] = {}
        self._gone: dict[int, Position] = {}  # by inode, last let go last: they may come again

    def check(self) -> None:
        """OSError where the folder above the pattern's first wildcard cannot be listed."""
        plain = takewhile(lambda part: not glob.has_magic(part), Path(self._path).parent.parts)
        os.scandir(Path(*plain)).close()

    def begin(self, positions: Iterable[Position] | None, *, at_end: bool) -> None:
        """Go on at `positions`; with None, at the start or the end of what is there."""
        self.close()
        self._gone.clear()
        for position in positions or ():
            self._followed[position.key] = Followed(position)
        if positions is None and at_end:
            for path, found in self._listed():
                followed = self._follow(path, found)
                with suppress(OSError):
                    file = self._open(followed)
                    followed.position.offset = self._last_line(file, found.st_size)
                    followed.position.mark(file)

    def positions(self) -> list[Position]:
        """How far each file has been handed out, those last let go among them."""
        followed = [followed.position for followed in self._followed.values()]
        return [*list(self._gone.values())[-KEPT:], *followed]

    def close(self) -> None:
        """Let go of all files."""
        for followed in self._followed.values():
            self._release(followed)
        self._followed.clear()

    def poll(self, budget: int) -> Iterator[Piece]:
        """New whole lines, of about `budget` bytes; OSError where the folder cannot be read.

        A file that cannot be read is counted as `unreadable` and tried again the next time.
        """
        self.check()
        self._look()
        refused = 0
        for followed in list(self._followed.values()):
            followed.idle += 1
            while budget > 0:
                try:
                    piece = self._read(followed)
                except OSError:
                    self.counts["unreadable"] += 1
                    refused += 1
                    break
                if piece is None:
                    break
                budget -= sum(map(len, piece.lines)) + 1
                yield piece
        self.blind = 0 < refused == len(self._followed)

    # ------------------------------------------------------------------ which files there are

    def _listed(self) -> list[tuple[str, os.stat_result]]:
        found: list[tuple[str, os.stat_result]] = []
        names = glob.iglob(self._path, recursive=True)  # noqa: PTH207 - absolute, unlike pathlib's
        for path in islice(names, LISTED):
            with suppress(OSError):
                status = os.stat(path)  # noqa: PTH116
                if stat.S_ISREG(status.st_mode):
                    found.append((path, status))
        found.sort(key=lambda one: (one[1].st_mtime_ns, one[0]), reverse=True)
        self.counts["ignored"] = max(0, len(found) - self._max_files)
        return sorted(found[: self._max_files], key=lambda one: (one[1].st_mtime_ns, one[0]))

    def _look(self) -> None:
        """Meet new files, and see which have lost their names."""
        listed = {(status.st_dev, status.st_ino): (path, status) for path, status in self._listed()}
        for key, followed in list(self._followed.items()):
            if key in listed:
                path, status = listed[key]
                followed.position.path, followed.size, followed.lost = path, status.st_size, 0
                continue
            followed.size = None
            followed.lost += 1
            if followed.lost > PATIENCE:
                self._let_go(key)
            elif followed.file is None:
                self._trace(followed.position)
        for path, status in [new for key, new in listed.items() if key not in self._followed]:
            with suppress(OSError):
                followed = self._follow(path, status)
                if not self._returned(followed):
                    self._adopt(followed)

    def _let_go(self, key: tuple[int, int]) -> None:
        followed = self._followed.pop(key)
        self._release(followed)
        self._gone.pop(followed.position.inode, None)
        self._gone[followed.position.inode] = followed.position
        while len(self._gone) > self._max_files:
            del self._gone[next(iter(self._gone))]

    def _returned(self, followed: Followed) -> bool:
        """Go on where a file was left that had been let go: its share was away, or it too old.

        Mounted again, a share may have another device number; inode and content tell.
        """
        place = followed.position
        known = self._gone.get(place.inode)
        if known is None or not known.fits(self._open(followed)):
            return False
        del self._gone[place.inode]
        place.offset, place.skipping = known.offset, known.skipping
        place.head, place.tail = known.head, known.tail
        return True

    def _follow(self, path: str, status: os.stat_result) -> Followed:
        position = Position(path, status.st_dev, status.st_ino)
        made = self._followed[position.key] = Followed(position, status.st_size)
        return made

    def _adopt(self, followed: Followed) -> None:
        """Begin a copy of what was read, made before a truncation, where the reading had come to.

        Less than `PRINT` bytes are too little to tell a copy from a file that begins alike; a file
        whose original is still there unharmed is a twin, and read from its start.
        """
        copy = self._open(followed)
        head, _ = prints(copy, PRINT)
        for other in self._followed.values():
            known = other.position
            alike = other is not followed and known.offset >= PRINT and known.head == head
            if alike and known.fits(copy) and not self._unharmed(other):
                place = followed.position
                place.offset, place.skipping = known.offset, known.skipping
                place.mark(copy)
                self.counts["copied"] += 1
                return

    def _unharmed(self, followed: Followed) -> bool:
        try:
            return followed.size is not None and followed.position.fits(self._open(followed))
        except OSError:
            return False

    def _trace(self, position: Position) -> None:
        """Find a file that was renamed to what the pattern does not match, in its own folder."""
        folder = os.path.dirname(position.path) or "."  # noqa: PTH120
        with suppress(OSError), os.scandir(folder) as names:
            for name in islice(names, LISTED):
                if name.inode() == position.inode:
                    position.path = name.path
                    return

    # ------------------------------------------------------------------ reading

    def first_line(self, followed: Followed) -> bytes:
        """The first line of a file, of which the names of a CSV file's columns may be read."""
        start = os.pread(self._open(followed), self._longest + 1, 0)
        return start.partition(b"\n")[0][: self._longest]

    def _read(self, followed: Followed) -> Piece | None:
        position = followed.position
        if followed.size == position.offset:
            return None
        file = self._open(followed)
        if os.fstat(file).st_size == position.offset:
            return None
        if not position.fits(file):
            self.counts["truncated"] += 1
            position.offset, position.skipping = 0, False
        opens = position.offset == 0
        lines, taken = self._lines(os.pread(file, PIECE, position.offset), position)
        if not taken:
            return None
        position.offset += taken
        position.mark(file)
        followed.idle = followed.lost = 0
        return Piece(followed, lines, opens)

    def _lines(self, content: bytes, position: Position) -> tuple[list[bytes], int]:
        """The whole lines at the start of `content`, and how many bytes they took."""
        start = 0
        if position.skipping:
            end = content.find(b"\n")
            if end < 0:
                return [], len(content)
            position.skipping, start = False, end + 1
        last = content.rfind(b"\n") + 1
        lines = content[start : last - 1].split(b"\n") if last > start else []
        taken = max(last, start)
        if len(content) - taken > self._longest:  # an unfinished line, and too long already
            lines.append(content[taken:])
            position.skipping, taken = True, len(content)
        cut = [line[: self._longest] for line in lines]
        self.counts["cut"] += sum(len(line) > self._longest for line in lines)
        return cut, taken

    def _last_line(self, file: int, size: int) -> int:
        """Where the last unfinished line begins, so that its end will not be taken for a line."""
        start = max(0, size - self._longest)
        content = os.pread(file, size - start, start)
        return start + content.rfind(b"\n") + 1 if b"\n" in content else size

    def _open(self, followed: Followed) -> int:
        """The descriptor of a file, which stays open until others need the room."""
        if followed.file is not None:
            return followed.file
        file = os.open(followed.position.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        status = os.fstat(file)
        if (status.st_dev, status.st_ino) != followed.position.key:
            os.close(file)
            raise FileNotFoundError(f"{followed.position.path} is another file now")
        held = [one for one in self._followed.values() if one.file is not None]
        if len(held) >= HELD:
            self._release(max(held, key=lambda one: one.idle))
        followed.file = file
        return file

    def _release(self, followed: Followed) -> None:
        file, followed.file = followed.file, None
        if file is not None:
            os.close(file)
