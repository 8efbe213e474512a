"""What a child process says, kept in a file that cannot fill the disk."""

from __future__ import annotations

import contextlib
from collections import deque
from pathlib import Path

LIMIT = 4 << 20  # bytes of the file; one older is kept beside it
LINE = 500


class LogFile:
    """Appends to `file`, turns it over when it is large, remembers the last 50 lines."""

    def __init__(self, file: Path, *, limit: int = LIMIT) -> None:
        self.file = file
        self.tail: deque[str] = deque(maxlen=50)
        self._limit = limit
        self._rest = b""

    def write(self, chunk: bytes) -> list[str]:
        """Keep `chunk`; the lines that it completes. A full disk loses text, nothing else."""
        with contextlib.suppress(OSError):
            if self.file.exists() and self.file.stat().st_size + len(chunk) > self._limit:
                self.file.replace(self.file.with_name(self.file.name + ".1"))
            with self.file.open("ab") as file:
                file.write(chunk)
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        self._rest = self._rest[-LINE:]
        lines = [line.decode(errors="replace")[:LINE] for line in whole]
        self.tail.extend(lines)
        return lines

    def last(self, count: int) -> str:
        """The last lines in one."""
        return " / ".join(list(self.tail)[-count:])
