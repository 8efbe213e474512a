"""The proof that a restore works: the newest backup, or a bounded part, is restored and compared.

What is compared: every restored file with its checksum, the rows of every table with what the
backup says, and the samples of some tags, one by one, with the history that is in use.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isthmus.historian.backup.document import Backup, CopiedFile, CopiedTable, newest
from isthmus.historian.backup.restore import Restored, fetch
from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.delta.reader import Reader
from isthmus.historian.delta.store import SEAL
from isthmus.historian.keep.ledger import Ledger
from isthmus.historian.keep.place import Place
from isthmus.historian.settings import DAY
from isthmus.model.errors import IsthmusError, StorageError
from isthmus.model.sample import Nanoseconds, TagId

SAMPLE = 256 << 20  # bytes of sealed files that are restored
SERIES = 5  # tags that are compared one by one
TIGHT = 2  # so many times the bytes that are restored must be free


@dataclass(frozen=True, slots=True)
class Proof:
    """What was restored and compared; `wrong` says what did not fit, empty where all did.

    `whole` tells that all of the backup was restored, else the newest part of it.
    """

    point: str
    age_s: float
    whole: bool
    rows: dict[str, int]
    bytes: int
    series: int  # tags that were compared with the live history
    day: str  # on which, empty where no day of the backup is unchanged since
    wrong: tuple[str, ...]


def prove(
    store: Place,
    live: Path,
    *,
    most: int = SAMPLE,
    now: Callable[[], float] = time.time,
) -> Proof:
    """Restore the newest backup into a folder that goes again, and compare it with `live`.

    Raises StorageError or ConfigError where it cannot even be begun.
    """
    backup = newest(store)
    wanted = newest_files(backup, most)
    size = sum(copied.file.size for files in wanted.values() for copied in files)
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < TIGHT * size:
        raise StorageError(
            f"proving the restore of {backup.point}: needs {TIGHT * size >> 20:,} MB in "
            f"{tempfile.gettempdir()}, has {free >> 20:,} MB",
            hint="set TMPDIR to a folder with more space",
        )
    paths = {name: {copied.file.path for copied in files} for name, files in wanted.items()}
    with tempfile.TemporaryDirectory(prefix="isthmus-proof-") as folder:
        restored = fetch(
            store,
            backup,
            Path(folder),
            wanted=lambda table, copied: copied.file.path in paths[table.name],
        )
        wrong = [*restored.damaged, *_opened(Path(folder, "history"), wanted, restored)]
        day, series = "", 0
        if not wrong:
            day, series, differs = _compared(Path(folder, "history"), live, backup, wanted)
            wrong += differs
    whole = all(len(wanted[table.name]) == len(table.files) for table in backup.tables)
    return Proof(
        *(backup.point, max(0.0, now() - backup.made), whole, restored.rows, size),
        *(series, day, tuple(wrong)),
    )


def newest_files(backup: Backup, most: int) -> dict[str, list[CopiedFile]]:
    """Of each table the files of the newest days, `most` bytes in all, at least one day."""
    chosen: dict[str, list[CopiedFile]] = {table.name: [] for table in backup.tables}
    dates: dict[str, list[tuple[CopiedTable, CopiedFile]]] = defaultdict(list)
    for table in backup.tables:
        for copied in table.files:
            dates[copied.file.date or "9999"].append((table, copied))  # names: always
    taken = days = 0
    for date, files in sorted(dates.items(), reverse=True):
        taken += sum(copied.file.size for _, copied in files)
        if taken > most and days:
            break
        days += date != "9999"
        for table, copied in files:
            chosen[table.name].append(copied)
    return chosen


def _opened(history: Path, wanted: dict[str, list[CopiedFile]], restored: Restored) -> list[str]:
    """What does not fit when the restored tables are opened and counted."""
    wrong: list[str] = []
    try:
        reader = Reader(history)
        reader.verify(1 << 62)
        wrong += reader.damage.told()
        views = ("samples", "events")
        counted = {
            name: int(reader.sql(f"select count(*) as n from {name}", rows=1)["n"][0].as_py())  # noqa: S608
            for name in views
            if name in restored.rows
        }
    except IsthmusError as error:
        return [*wrong, f"opening what was restored: {error}"]
    for name, count in counted.items():
        right = sum(copied.file.rows for copied in wanted[name])
        mixed = name == "samples" and any(copied.file.late for copied in wanted[name])
        if count != right and not (mixed and count < right):  # a corrected sample counts once
            wrong.append(f"{name}: {count:,} rows restored, the backup has {right:,}")
    return wrong


def _compared(
    history: Path, live: Path, backup: Backup, wanted: dict[str, list[CopiedFile]]
) -> tuple[str, int, list[str]]:
    """Some tags of the newest day that did not change since, sample by sample."""
    samples = next((table for table in backup.tables if table.name == "samples"), None)
    if samples is None:
        return "", 0, []
    seal = samples.positions.get(SEAL, 0)
    mine, theirs = Reader(history), Reader(live)
    now_live: dict[str, list[DataFile]] = defaultdict(list)
    for file in theirs.view().files:
        now_live[file.date].append(file)
    thinned = Ledger(live).thinned
    for date in sorted({copied.file.date for copied in wanted["samples"]}, reverse=True):
        files = now_live.get(date, [])
        if not files or any(file.seq > seal or file.path in thinned for file in files):
            continue
        start = Nanoseconds(int(np.datetime64(date, "D").astype(np.int64)) * DAY)
        end = Nanoseconds(start + DAY)
        tags = _some(mine, start, end)
        differs = []
        for tag in tags:
            one, other = (reader.raw([tag], start, end) for reader in (mine, theirs))
            same = (one.time.tobytes(), one.value.tobytes(), one.quality.tobytes()) == (
                *(other.time.tobytes(), other.value.tobytes(), other.quality.tobytes()),
            )
            if not same:
                differs.append(
                    f"tag {int(tag)} on {date}: {len(one):,} samples restored differ from "
                    f"{len(other):,} in the history"
                )
        return date, len(tags), differs
    return "", 0, []


def _some(reader: Reader, start: Nanoseconds, end: Nanoseconds) -> list[TagId]:
    """A few tags that have samples in [start, end), spread over all ids."""
    files = [file for file in reader.view().files if file.times[0] < end and file.times[1] >= start]
    found: set[int] = set()
    for file in files:
        for group in reader.view().segments.groups(file):
            found.update(np.unique(group.tag).tolist())
        if len(found) >= SERIES:
            break
    known = sorted(found)
    step = max(1, len(known) // SERIES)
    return [TagId(tag) for tag in known[::step][:SERIES]]
