"""What a power cut or a bad disk leaves behind, set aside so that the rest opens.

The last log entry and the last checkpoint are the only ones that can be torn by a power cut, for
every earlier one was synchronised. A torn entry was never acknowledged: the stream replays it. What
rots later is told by checksums; a checkpoint can be done without while the entries that it stands
for are there, which is a day.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from isthmus.historian.delta.damage import Damage
from isthmus.historian.delta.manifest import LOG, DataFile, Manifest
from isthmus.historian.delta.sums import Sums
from isthmus.historian.durable import fsync
from isthmus.model.errors import StorageError


def set_aside(path: Path, root: Path, quarantine: Path) -> str:
    """Move `path` (below `root`) into `quarantine`; its name there."""
    quarantine.mkdir(parents=True, exist_ok=True)
    name = "__".join(path.relative_to(root).parts)
    target, number = quarantine / name, 1
    while target.exists():
        target, number = quarantine / f"{name}.{number}", number + 1
    if path.exists():
        path.rename(target)
        fsync(path.parent)
        fsync(quarantine)
    return target.name


def repair_log(table: Path, root: Path, quarantine: Path) -> list[str]:
    """Set what is broken in the log of `table` aside, if it opens without; what, in words.

    Raises StorageError where it does not: nothing is changed then.
    """
    log = table / LOG
    sums = Sums(log)
    entries = {int(path.stem): path for path in log.glob("*.json") if path.stem.isdigit()}
    whole = {number for number, path in entries.items() if whole_entry(path, sums)}
    points = {_version(path): path for path in log.glob("*.checkpoint*.parquet")}
    sound = {number for number, path in points.items() if _readable(path, sums)}
    last, newest = max(entries, default=-1), max(sound, default=-1)
    for number in range(newest + 1, last):
        if number not in whole:
            _lost(table, root, entries.get(number), [points[n] for n in points.keys() - sound])
    if last == 0 and not whole:
        _lost(table, root, entries[0], [])
    gone = [(points[n], "damaged checkpoint") for n in sorted(points.keys() - sound)]
    gone += [
        (entries[n], "torn last commit" if n == last > newest else "damaged, and not needed")
        for n in sorted(entries.keys() - whole)
    ]
    hint = log / "_last_checkpoint"
    if hint.exists():
        if points.keys() - sound:
            hint.unlink()  # a hint, no more: it is found without
        elif _hinted(hint) not in sound:
            gone.append((hint, "damaged, and not needed"))
    for path, _ in gone:
        set_aside(path, root, quarantine)
    sums.renew()
    return [f"{path.relative_to(root)}: {why}" for path, why in gone]


def _lost(table: Path, root: Path, entry: Path | None, points: Sequence[Path]) -> NoReturn:
    broken = [str(path.relative_to(root)) for path in (*points, *([entry] if entry else []))]
    raise StorageError(
        f"opening {table}: {' and '.join(broken) or 'an entry of its log'} "
        f"{'is damaged' if broken else 'is missing'} and later entries build on it",
        hint="restore this file from a copy; all data files are still there",
    )


def _version(path: Path) -> int:
    return int(path.name.partition(".")[0])


def _readable(point: Path, sums: Sums) -> bool:
    try:
        if sums.wrong(point):
            return False
        pq.ParquetFile(point).read()
    except (pa.ArrowException, OSError, ValueError):
        return False
    return True


def _hinted(hint: Path) -> int:
    """The version that a hint names, -1 where it names none."""
    try:
        return int(json.loads(hint.read_bytes())["version"])
    except (ValueError, KeyError, TypeError):
        return -1


def whole_entry(path: Path, sums: Sums) -> bool:
    """Whether a log entry is what was written: lines of JSON objects, at least one."""
    if sums.wrong(path):
        return False
    try:
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    except ValueError:
        return False
    return bool(lines) and all(isinstance(line, dict) for line in lines)


def missing(damage: Damage, files: Iterable[DataFile]) -> None:
    """Note live files that are not there or not of the size that was committed."""
    for file in files:
        try:
            size = (damage.table / file.path).stat().st_size
        except OSError:
            damage.note(file, "is missing")
            continue
        if size != file.size:
            damage.note(file, f"has {size} bytes instead of {file.size}")


def quarantine_files(
    manifest: Manifest, files: Iterable[DataFile], root: Path, quarantine: Path
) -> None:
    """Take `files` out of the table in one commit, then move what is left of them aside."""
    gone = list(files)
    if not gone:
        return
    turn = manifest.positions.get("isthmus:quarantine", 0) + 1
    manifest.commit((), gone, positions={"isthmus:quarantine": turn})
    for file in gone:
        set_aside(manifest.root / file.path, root, quarantine)
