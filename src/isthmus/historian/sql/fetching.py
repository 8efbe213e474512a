"""Archived files as a data set of Arrow's, of which those are fetched that a query needs.

The bounds of each file are its guarantee, so that a query of other times leaves it alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.fs as pafs

from isthmus.historian.columns import SAMPLES
from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.keep.archived import Archived
from isthmus.model.errors import Refused

FORM = pads.ParquetFileFormat()


class Fetching(pads.FileSystemDataset):  # type: ignore[misc]
    """The rows of archived files; DuckDB asks it for a scanner, with what it may leave out."""

    away: Archived

    def scanner(self, columns: list[str] | None = None, filter: Any = None) -> pads.Scanner:  # noqa: A002, ANN401
        """A scanner over the files that may hold what is asked, fetched now."""
        needed = [fragment.path for fragment in self.get_fragments(filter=filter)]
        sizes = {file.path: file.size for file in self.away.files}
        total = sum(sizes.get(path, 0) for path in needed)
        if total > self.away.cache_bytes:
            raise Refused(
                f"running the query: it needs {total >> 20:,} MB of the archive, of which "
                f"{self.away.cache_bytes >> 20:,} MB may lie here",
                hint="ask for a shorter time, or allow more: `history: {archive: {cache}}`",
            )
        opened = [
            FORM.make_fragment(pa.OSFile(str(self.away.local(path)))) for path in needed
        ]  # an open file stays readable where the cache lets it go meanwhile
        if not opened:
            return pads.InMemoryDataset(SAMPLES.empty_table()).scanner(
                columns=columns, filter=filter
            )
        return pads.FileSystemDataset(opened, SAMPLES, FORM).scanner(columns=columns, filter=filter)


def fetching(away: Archived, files: Sequence[DataFile]) -> Fetching:
    """The rows of archived `files`, of the schema `SAMPLES`."""
    local = pafs.LocalFileSystem()
    fragments = [FORM.make_fragment(file.path, local, _bounds(file)) for file in files]
    found = Fetching(fragments, SAMPLES, FORM, local)
    found.away = away
    return found


def _bounds(file: DataFile) -> pads.Expression:
    kind = SAMPLES.field("time").type
    low, high = (pa.scalar(time // 1000, pa.int64()).cast(kind) for time in file.times)
    time, tag = pads.field("time"), pads.field("tag")
    return (
        (time >= low)
        & (time <= high)
        & (tag >= pa.scalar(file.tags[0], pa.int32()))
        & (tag <= pa.scalar(file.tags[1], pa.int32()))
    )
