"""What a power cut or a bad disk leaves behind, set aside so that the rest opens.

The last log entry and the last checkpoint are the only ones that can be torn by a power cut, for
every earlier one was synchronised. A torn entry was never acknowledged: the stream replays it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from isthmus.historian.delta.damage import Damage
from isthmus.historian.delta.manifest import LOG, DataFile, Manifest, fsync
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
    """Set a torn last entry and a torn checkpoint of `table` aside; what was found, in words."""
    log, found = table / LOG, []
    points = sorted(log.glob("*.checkpoint*.parquet"))
    for path in points[-1:]:
        try:
            pq.ParquetFile(path).read(columns=["txn"])
        except (pa.ArrowException, OSError, ValueError) as error:
            set_aside(path, root, quarantine)
            (log / "_last_checkpoint").unlink(missing_ok=True)
            found.append(f"{path.relative_to(root)}: torn checkpoint: {error}")
    hint = log / "_last_checkpoint"
    if hint.exists():
        try:
            json.loads(hint.read_bytes())["version"]
        except (ValueError, KeyError, TypeError):
            set_aside(hint, root, quarantine)
            found.append(f"{hint.relative_to(root)}: torn")
    entries = [path for path in sorted(log.glob("*.json")) if path.stem.isdigit()]
    for place, path in enumerate(entries):
        if whole_entry(path):
            continue
        name = path.relative_to(root)
        if place < len(entries) - 1:
            raise StorageError(
                f"opening {table}: {name} is damaged and later entries build on it",
                hint="restore this file from a copy; all data files are still there",
            )
        set_aside(path, root, quarantine)
        found.append(f"{name}: torn last commit")
    return found


def whole_entry(path: Path) -> bool:
    """Whether a log entry is complete: lines of JSON objects, at least one."""
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
