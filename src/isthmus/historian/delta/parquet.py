"""Sorted samples into a durable Parquet file."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow.parquet as pq

from isthmus.historian.columns import SAMPLES, encode
from isthmus.historian.delta.damage import footer_crc
from isthmus.historian.delta.encoding import MERGED, SEALED, options
from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.durable import fsync
from isthmus.model.sample import Batch

GROUP = 32_768  # rows of a row group: a tag's four hours at 1 Hz lie in one or two
FLUSH = 1 << 20


class Sink:
    """A file that is written once, front to back, and knows the CRC-32 of what it holds.

    Not one of Python's buffered files: those try to write again when they are closed after an
    error, which on a full disk is a second error.
    """

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        self._pending = bytearray()
        self._size = 0
        self.crc = 0

    @property
    def closed(self) -> bool:
        """Whether it takes no more."""
        return self._handle < 0

    def write(self, data: bytes | memoryview) -> int:
        """Append bytes."""
        self.crc = zlib.crc32(data, self.crc)
        self._pending += data
        self._size += len(data)
        if len(self._pending) >= FLUSH:
            self.flush()
        return len(data)

    def tell(self) -> int:
        """How many bytes were written."""
        return self._size

    def flush(self) -> None:
        """Hand everything to the operating system."""
        pending, self._pending = self._pending, bytearray()
        with memoryview(pending) as rest:
            done = 0
            while done < len(rest):
                done += os.write(self._handle, rest[done:])

    def close(self) -> None:
        """Make the bytes durable and close."""
        if not self.closed:
            try:
                self.flush()
                os.fsync(self._handle)
            finally:
                self._drop()

    def _drop(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close() if error is None else self._drop()


def write_samples(
    table: Path,
    draft: Path,
    blocks: Iterable[Batch],
    *,
    like: Batch | None = None,
    date: str,
    seq: int,
    hours: tuple[int, int] = (0, 24),
    turn: int = 0,
    late: bool = False,
) -> DataFile:
    """The durable file of settled `blocks` that follow each other by (tag, time).

    It is written as `draft` and moved into `table` when whole. All rows lie in `hours` of `date`.
    `turn` numbers compactions, so that a merged file never has the name of one that it replaces,
    and is packed for years. How each column is packed is tried on the rows of `like`, on the first
    block where there are none. Raises OSError.
    """
    blocks = iter(blocks)
    opening = next(blocks)
    packing = options(opening if like is None else like, MERGED if turn else SEALED)
    rows, tags, times = 0, [0, 0], [1 << 63, -(1 << 63)]
    try:
        with (
            Sink(draft) as sink,
            pq.ParquetWriter(sink, SAMPLES, **packing) as out,
        ):
            for block in chain([opening], blocks):
                if not rows:
                    tags[0] = int(block.tag[0])
                for first in range(0, len(block), GROUP):
                    out.write_batch(encode(block.slice(first, first + GROUP), seq), GROUP)
                tags[1] = int(block.tag[-1])
                times = [
                    min(times[0], int(block.time.min())),
                    max(times[1], int(block.time.max())),
                ]
                rows += len(block)
            out.close()
        part = "" if hours == (0, 24) else f"-{hours[0]:02d}to{hours[1]:02d}"
        sums = f"{sink.crc:08x}{footer_crc(draft):08x}"
        name = f"{seq:012d}-{turn:06d}-{sums}{part}{'-late' * late}.parquet"
        folder = table / f"date={date}"
        if not folder.is_dir():
            folder.mkdir()
            fsync(table)
        size = draft.stat().st_size
        draft.rename(folder / name)
        fsync(folder)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return DataFile(
        f"date={date}/{name}", size, rows, date, seq, (tags[0], tags[1]), (times[0], times[1])
    )
