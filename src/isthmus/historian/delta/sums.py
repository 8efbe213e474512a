"""Checksums of a table's log, which Delta itself has none of.

A flipped bit in a log entry or a checkpoint may leave it readable and name another file, another
time or another position. So the writer notes the CRC-32 of each beside them in `_sums`, one line a
file, each line with a checksum of its own: a spoilt line says nothing. Other readers ignore it.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from pathlib import Path

NAME = "_sums"


class Sums:
    """What the files of one `_delta_log` folder were when they were written."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._known: dict[str, str] = {}
        with contextlib.suppress(OSError):
            for line in (log / NAME).read_text("utf-8", "replace").splitlines():
                crc, _, rest = line.partition(" ")
                name, _, own = rest.partition(" ")
                if own and own == _sum(f"{crc} {name}".encode()):
                    self._known[name] = crc

    def wrong(self, path: Path) -> bool:
        """Whether a file of the log is not what was written; false where that is not known."""
        right = self._known.get(path.name)
        return right is not None and _sum(path.read_bytes()) != right

    def add(self, *names: str) -> None:
        """Note what files are now. A note that fails to be kept only makes less be noticed."""
        with contextlib.suppress(OSError):
            for name in names:
                self._known[name] = _sum((self._log / name).read_bytes())
            self._write("ab", names)

    def renew(self, *names: str) -> None:
        """Note these, and forget files that are gone."""
        self.add(*names)
        there = {path.name for path in self._log.glob("*")}
        self.forget(*(self._known.keys() - there))

    def forget(self, *names: str) -> None:
        """Say nothing about these from now on, durably: they are about to be written anew."""
        if not self._known.keys() & set(names):
            return
        self._known = {name: crc for name, crc in self._known.items() if name not in names}
        with contextlib.suppress(OSError):
            self._write("wb", tuple(self._known))

    def _write(self, mode: str, names: tuple[str, ...]) -> None:
        lines = [f"{self._known[name]} {name}" for name in names]
        text = "".join(f"\n{line} {_sum(line.encode())}\n" for line in lines)
        with (self._log / NAME).open(mode) as file:
            file.write(text.encode())
            if mode == "wb":
                file.flush()
                os.fsync(file.fileno())


def _sum(content: bytes) -> str:
    return f"{zlib.crc32(content):08x}"
