"""Files of the tag table, so that other tools find names for ids."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from isthmus.historian.delta.damage import checked
from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.delta.parquet import Sink
from isthmus.historian.durable import fsync
from isthmus.historian.tags import TAGS


def write_tags(table: Path, draft: Path, rows: pa.Table, turn: int) -> DataFile:
    """The durable file of a tag table; raises OSError."""
    with Sink(draft) as sink:
        pq.write_table(rows, sink, compression="zstd", write_page_checksum=True)
    path = table / f"{turn:012d}-000000-{sink.crc:08x}.parquet"
    size = draft.stat().st_size
    draft.rename(path)
    fsync(table)
    span = (int(rows["tag"][0].as_py()), int(rows["tag"][-1].as_py())) if rows.num_rows else (0, -1)
    return DataFile(path.name, size, rows.num_rows, "", turn, span)


def read_tags(root: Path, files: Sequence[DataFile]) -> pa.Table:
    """The tag table in `files`."""
    tables = [checked(root / file.path) for file in files]
    return pa.concat_tables([TAGS.empty_table(), *tables], promote_options="default")
