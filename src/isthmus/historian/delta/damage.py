"""Files found broken: left out of every answer, each told once."""

from __future__ import annotations

import errno
import logging
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

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
    return "" if f"{crc:08x}" == _crc(path) else "its bytes are not those that were written"


def checked(path: Path) -> pa.Table:
    """All rows of a small file, every byte of it compared with the checksum in its name.

    Raises OSError, ValueError or Arrow's error.
    """
    content = path.read_bytes()
    if f"{zlib.crc32(content):08x}" != _crc(path):
        raise ValueError("its bytes are not those that were written")
    return pq.ParquetFile(pa.BufferReader(content)).read()


def footer_crc(path: Path) -> int:
    """The CRC-32 of a Parquet file's footer, which no checksum of a page covers; OSError."""
    with path.open("rb") as stream:
        stream.seek(-8, os.SEEK_END)
        length = int.from_bytes(stream.read(4), "little")
        stream.seek(-8 - length, os.SEEK_END)
        return zlib.crc32(stream.read())


def check_footer(path: Path) -> None:
    """ValueError or OSError where the footer is not the one that the file was named after."""
    right = _crc(path, 1)
    if right and f"{footer_crc(path):08x}" != right:
        raise ValueError("its footer is not the one that was written")


def _crc(path: Path, number: int = 0) -> str:
    """One of the checksums in a file's name: of the file, then (if it is there) of its footer."""
    return path.name.split("-")[2].removesuffix(".parquet")[8 * number : 8 * number + 8]


def is_shortage(error: BaseException) -> bool:
    """Whether `error` is about this process and this moment, not about the file."""
    return isinstance(error, MemoryError) or getattr(error, "errno", None) in SHORTAGE
