"""Whether a backup is whole: every byte is read back, every table's files are opened."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from isthmus.historian.backup.document import Backup, CopiedFile
from isthmus.historian.backup.restore import content, get
from isthmus.historian.keep.place import Place


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read back; `rows` by table, as the files themselves say. `damaged` names files."""

    point: str
    rows: dict[str, int]
    files: int
    bytes: int
    damaged: tuple[str, ...]


def verify(
    store: Place,
    backup: Backup,
    *,
    progress: Callable[[str, float], None] = lambda _what, _share: None,
) -> Verified:
    """Compare all copies with their checksums and count their rows, one file at a time."""
    rows: dict[str, int] = {}
    damaged: list[str] = []
    read = files = 0
    with tempfile.TemporaryDirectory(prefix="isthmus-verify-") as folder:
        for table in backup.tables:
            rows[table.name] = 0
            for copied in table.files:
                file = Path(folder, "file.parquet")
                name = table.place_of(copied)
                why = get(store, name, file, copied) or _rows_told(file, copied, name)
                file.unlink(missing_ok=True)
                if why:
                    damaged.append(why)
                else:
                    rows[table.name] += copied.file.rows
                read, files = read + copied.file.size, files + 1
                progress("reading back", read / max(1, backup.size))
    for thing in backup.things:
        _, why = content(store, thing)
        if why:
            damaged.append(why)
        read, files = read + thing.size, files + 1
    return Verified(backup.point, rows, files, read, tuple(damaged))


def _rows_told(file: Path, copied: CopiedFile, name: str) -> str:
    """What is wrong with a whole file as Parquet, empty where it has the rows that it should."""
    try:
        found = pq.ParquetFile(file).metadata.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        return f"{name}: is no Parquet file: {error}"
    right = copied.file.rows
    return "" if found == right else f"{name}: has {found:,} rows instead of {right:,}"
