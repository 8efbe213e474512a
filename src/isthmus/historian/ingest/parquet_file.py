"""Parquet files in pieces, whatever Arrow types their columns have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from isthmus.historian.ingest.piece import ROWS, Piece
from isthmus.model.errors import ConfigError


class ParquetFile:
    """A file with a column of time."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        try:
            self._file = pq.ParquetFile(path, page_checksum_verification=True)
        except (pa.ArrowException, OSError) as error:
            raise ConfigError(
                f"opening {path} as Parquet: {error}", hint="is it whole, and is it Parquet?"
            ) from error
        self.columns = list(self._file.schema_arrow.names)
        self._rows, self._read = max(1, int(self._file.metadata.num_rows)), 0

    def share(self) -> float:
        """How much of the file was read, 0 to 1."""
        return min(1.0, self._read / self._rows)

    def pieces(self) -> Iterator[Piece]:
        """All rows, counted from 1."""
        try:
            for batch in self._file.iter_batches(ROWS, use_threads=False):
                yield Piece.numbered(pa.Table.from_batches([batch]), self._read + 1)
                self._read += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise ConfigError(
                f"reading {self._path} after row {self._read:,}: {error}",
                hint="the file is damaged; what came before was imported",
            ) from error
