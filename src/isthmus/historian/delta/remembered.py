"""The last sealed value of every tag in a file of its own, so that a start need not read all."""

from __future__ import annotations

import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from isthmus.historian.columns import decode, encode
from isthmus.historian.delta.segment import BROKEN
from isthmus.historian.last import LastValues
from isthmus.model.sample import Batch

LAST = "last.parquet"


def remember(root: Path, draft: Path, rows: Batch, seq: int) -> None:
    """Keep the last values for the next start; a loss only makes that start slower."""
    table = pa.Table.from_batches([encode(rows, seq)])
    table = table.replace_schema_metadata({"seal": str(seq), "crc": _sum(rows, seq)})
    try:
        pq.write_table(table, draft, write_page_checksum=True)
        draft.replace(root / LAST)
    except OSError:
        draft.unlink(missing_ok=True)


def recall(root: Path, seals: int) -> tuple[LastValues, int]:
    """What the file remembers, and up to which seal; nothing where it is broken or ahead."""
    known = LastValues()
    try:
        file = pq.ParquetFile(root / LAST, page_checksum_verification=True)
        remembered = int(file.schema_arrow.metadata[b"seal"])
        rows = decode(file.read())
        right = file.schema_arrow.metadata[b"crc"].decode()
        if remembered <= seals and _sum(rows, remembered) == right:
            known.take(rows)
            return known, remembered
    except (*BROKEN, KeyError, TypeError):
        pass
    return LastValues(), 0


def _sum(rows: Batch, seq: int) -> str:
    """A checksum of last values and of the seal that they are of."""
    crc = zlib.crc32(str(seq).encode())
    for column in (rows.tag, rows.time, rows.value, rows.quality):
        crc = zlib.crc32(column.tobytes(), crc)
    return f"{crc:08x}"
