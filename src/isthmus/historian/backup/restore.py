"""Putting a backup back: everything is fetched and compared first, then moved in place at once."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from deltalake import DeltaTable, Schema
from deltalake.exceptions import DeltaError

from isthmus.historian.backup.document import Backup, CopiedFile, CopiedTable, Thing
from isthmus.historian.delta.manifest import CONFIGURATION, Manifest
from isthmus.historian.durable import fsync
from isthmus.historian.keep.place import Place, checked
from isthmus.model.errors import ConfigError, StorageError

Progress = Callable[[str, float], None]
RESTORED = "isthmus:restored"
NAMED = 5  # damaged files that an error names


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place, and what the backup holds but could not give."""

    folder: Path
    rows: dict[str, int]  # by table
    files: int
    bytes: int
    damaged: tuple[str, ...]


def restore(
    store: Place,
    backup: Backup,
    folder: Path,
    *,
    damaged_too: bool = False,
    progress: Progress = lambda _what, _share: None,
) -> Restored:
    """Make `folder`, which must not exist or be empty, what it was at the time of `backup`.

    Raises ConfigError where it holds something, StorageError where a file of the backup is
    damaged; with `damaged_too` the rest is put in place all the same.
    """
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(
            f"{folder} is not empty",
            hint="name a folder that does not exist yet; nothing was changed",
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _stage(folder) as stage:
        fetched = fetch(store, backup, stage, progress=progress)
        if fetched.damaged and not damaged_too:
            raise damage_told(store, backup, fetched.damaged)
        if folder.exists():
            folder.rmdir()
        _sync(stage)
        stage.rename(folder)
        fsync(folder.parent)
    return replace(fetched, folder=folder)


def fetch(
    store: Place,
    backup: Backup,
    stage: Path,
    *,
    wanted: Callable[[CopiedTable, CopiedFile], bool] = lambda _table, _file: True,
    progress: Progress = lambda _what, _share: None,
) -> Restored:
    """Build the folder of a backup in `stage`, of its sealed files those that are `wanted`.

    Damaged files are left out and named.
    """
    chosen = {
        table.name: [copied for copied in table.files if wanted(table, copied)]
        for table in backup.tables
    }
    total = sum(copied.file.size for files in chosen.values() for copied in files)
    total += sum(thing.size for thing in backup.things)
    done, count, damaged = 0, 0, list[str]()
    rows = {}
    for table in backup.tables:
        root = stage / "history" / table.name
        whole = []
        for copied in chosen[table.name]:
            why = get(store, table.place_of(copied), root / copied.file.path, copied)
            if why:
                damaged.append(why)
            else:
                whole.append(copied)
            done, count = done + copied.file.size, count + 1
            progress("fetching", done / max(1, total))
        _build(root, table, whole)
        rows[table.name] = sum(copied.file.rows for copied in whole)
    for thing in backup.things:
        if why := _thing(store, thing, stage):
            damaged.append(why)
        done, count = done + thing.size, count + 1
        progress("fetching", done / max(1, total))
    return Restored(stage, rows, count, total, tuple(damaged))


def get(store: Place, name: str, target: Path, copied: CopiedFile) -> str:
    """Fetch a sealed file; what is wrong with its copy, empty where nothing is."""
    target.parent.mkdir(parents=True, exist_ok=True)
    size = crc = 0
    try:
        with target.open("wb") as out:
            for piece, size, crc in checked(store.pieces(name)):  # noqa: B007 - of the last
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
    except StorageError as error:
        target.unlink(missing_ok=True)
        return str(error)
    if (size, crc) != (copied.file.size, copied.crc):
        target.unlink()
        return f"{store.url}/{name}: " + (
            f"has {size} bytes instead of {copied.file.size}"
            if size != copied.file.size
            else "its bytes are not those that were copied"
        )
    return ""


def content(store: Place, thing: Thing) -> tuple[bytes, str]:
    """The bytes of a thing's copy, and what is wrong with it."""
    try:
        data = b"".join(store.pieces(thing.place))
    except StorageError as error:
        return b"", str(error)
    if hashlib.sha256(data).hexdigest() != thing.sha256:
        return data, f"{store.url}/{thing.place} ({thing.path}): is not what was copied"
    return data, ""


def _thing(store: Place, thing: Thing, stage: Path) -> str:
    target = stage / thing.path
    data, why = content(store, thing)
    if why:
        return why
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if thing.private else 0o755)
    with os.fdopen(
        os.open(target, os.O_WRONLY | os.O_CREAT, 0o600 if thing.private else 0o644), "wb"
    ) as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    return ""


def _build(root: Path, table: CopiedTable, whole: Iterable[CopiedFile]) -> None:
    """The Delta log of a restored table: one commit that names its files and positions."""
    root.mkdir(parents=True, exist_ok=True)
    try:
        DeltaTable.create(
            str(root),
            Schema.from_json(table.schema),
            partition_by=list(table.partition),
            configuration=CONFIGURATION,
        )
        manifest = Manifest.of(root)
    except (DeltaError, OSError) as error:
        raise StorageError(f"building the table {root}: {error}") from error
    positions = dict(table.positions) or {RESTORED: 1}
    manifest.commit([copied.file for copied in whole], positions=positions)


def damage_told(store: Place, backup: Backup, damaged: tuple[str, ...]) -> StorageError:
    """The error that names what is damaged."""
    more = f", and {len(damaged) - NAMED} more" if len(damaged) > NAMED else ""
    return StorageError(
        f"backup {backup.point} in {store.url} is damaged: {'; '.join(damaged[:NAMED])}{more}",
        hint="use an older one (`--point`), or take what is whole with `--damaged-too`",
    )


@contextmanager
def _stage(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` that is built first; what a killed restore left there goes."""
    stage = folder.with_name(f".{folder.name}.restoring")
    lock = folder.with_name(f".{folder.name}.restoring.lock")
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StorageError(f"restoring {folder}: another process is doing that") from error
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir(mode=0o700)
        try:
            yield stage
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            lock.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _sync(folder: Path) -> None:
    """Make all folders, and with them the names in them, durable."""
    for inner, _, names in os.walk(folder, topdown=False):
        for name in names:
            fsync(Path(inner, name))
        fsync(Path(inner))
