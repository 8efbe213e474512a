"""Files found broken: left out of every answer, each told once."""

from __future__ import annotations

import errno
import logging
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isthmus.historian.delta.manifest import DataFile

log = logging.getLogger(__name__)
SHORTAGE = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES, errno.EPERM}


class Damage(dict[str, str]):
    """Path -> what is wrong, of the files of one table."""

    def __init__(self, table: Path) -> None:
        super().__init__()
        self.table = table

    def note(self, file: DataFile, why: object) -> None:
        """Leave `file` out from now on; the first time, the log hears of it."""
        if file.path in self:
            return
        self[file.path] = f"{file.path}: {why}".strip()
        log.warning(
            "%s is damaged and left out; missing is %s: %s",
            *(f"{self.table.name}/{file.path}", span(file), why),
        )

    def examine(self, file: DataFile) -> bool:
        """Read all of `file`, note it where it is broken; whether it is."""
        if file.path not in self and (why := fault(self.table / file.path, file.size)):
            self.note(file, why)
        return file.path in self


@dataclass(frozen=True, slots=True)
class Damages:
    """What was found broken, by table."""

    samples: Damage
    events: Damage
    tags: Damage
    kpi: Damage

    def told(self) -> tuple[str, ...]:
        """All of it, in words."""
        return tuple(why for table in self._tables for why in table.values())

    def __len__(self) -> int:
        return sum(len(table) for table in self._tables)

    @property
    def _tables(self) -> tuple[Damage, ...]:
        return self.samples, self.events, self.tags, self.kpi


def span(file: DataFile) -> str:
    """The times that `file` holds, in words."""
    if file.times[0] > file.times[1]:
        return f"what its {file.rows:,} rows say"
    start, end = (np.datetime64(time // 1_000_000_000, "s") for time in file.times)
    return f"what only it holds from {start}Z to {end}Z"


def fault(path: Path, size: int) -> str:
    """What is wrong with the file at `path`, by the checksum in its name; empty if nothing is.

    Raises OSError where that cannot be told now.
    """
    crc = 0
    try:
        if (found := path.stat().st_size) != size:
            return f"has {found} bytes instead of {size}"
        with path.open("rb") as stream:
            while piece := stream.read(1 << 20):
                crc = zlib.crc32(piece, crc)
    except OSError as error:
        if is_shortage(error):
            raise
        return "is missing" if isinstance(error, FileNotFoundError) else str(error)
    right = path.name.split("-")[2][:8]
    return "" if f"{crc:08x}" == right else "its bytes are not those that were written"


def is_shortage(error: BaseException) -> bool:
    """Whether `error` is about this process and this moment, not about the file."""
    return isinstance(error, MemoryError) or getattr(error, "errno", None) in SHORTAGE
