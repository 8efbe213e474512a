"""A file of roll-ups being written, in row groups of one size whatever the blocks are."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow.parquet as pq

from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.delta.parquet import Sink
from isthmus.historian.durable import fsync
from isthmus.historian.rollup.rows import Rollup
from isthmus.historian.rollup.table import NUMBERS, ROLLUPS, RollupTable, encode

PACKING: dict[str, Any] = {  # decimals plain under zstd are smaller than split; measured
    "compression": "zstd",
    "compression_level": 6,
    "write_page_checksum": True,
    "use_dictionary": ["tag", "time", *NUMBERS, "held", "seq"],
    "column_encoding": {
        "opened": "DELTA_BINARY_PACKED",
        "closed": "DELTA_BINARY_PACKED",
        "sum": "BYTE_STREAM_SPLIT",
        "integral": "BYTE_STREAM_SPLIT",
    },
}


class Draft:
    """A file of roll-ups being written: blocks in order of (tag, time), then `finish`."""

    def __init__(self, table: RollupTable, path: Path, seq: int) -> None:
        """It knows of every seal up to `seq`. Raises OSError."""
        self._table, self._path, self._sink, self._seq = table, path, Sink(path), seq
        self._out = pq.ParquetWriter(self._sink, ROLLUPS, **PACKING)
        self._held: list[Rollup] = []
        self._rows = 0
        self._tags, self._times = (0, -1), (0, -1)

    def add(self, rows: Rollup) -> None:
        """Write rows after those before; raises OSError."""
        if not len(rows):
            return
        low, high = int(rows.time.min()), int(rows.time.max())
        if self._rows:
            low, high = min(low, self._times[0]), max(high, self._times[1])
        self._times = (low, high)
        self._tags = (self._tags[0] if self._rows else int(rows.tag[0]), int(rows.tag[-1]))
        self._rows += len(rows)
        self._held.append(rows)
        if sum(map(len, self._held)) >= self._table.group:
            held = Rollup.concat(self._held)
            group = self._table.group
            whole = len(held) // group * group
            self._out.write_table(encode(held.slice(0, whole), self._seq), group)
            self._held = [held.slice(whole, len(held))]

    def finish(self, *, date: str, hours: tuple[int, int]) -> DataFile:
        """The durable file: right for `hours` after `date` begins. Raises OSError.

        There may be no rows: then it says that there is nothing.
        """
        if left := sum(map(len, self._held)):
            self._out.write_table(encode(Rollup.concat(self._held), self._seq), left)
        self._out.close()
        self._sink.close()
        root, turn = self._table.manifest.root, self._table.turn + 1
        folder = root / f"date={date}"
        if not folder.is_dir():
            folder.mkdir()
            fsync(root)
        part = f"{hours[0]:02d}to{hours[1]:02d}"
        name = f"{self._seq:012d}-{turn:06d}-{self._sink.crc:08x}-{part}.parquet"
        size = self._path.stat().st_size
        self._path.rename(folder / name)
        fsync(folder)
        path = f"date={date}/{name}"
        return DataFile(path, size, self._rows, date, self._seq, self._tags, self._times)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._sink.__exit__(kind, error, trace)
            self._path.unlink(missing_ok=True)
