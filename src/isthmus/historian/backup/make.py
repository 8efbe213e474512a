"""A backup while the site runs: sealed files never change, and a version names them all.

Samples are taken before events, for the position in the stream stands with the samples: what the
stream brings again after a restore is then in neither table, or known as an event already. Tables
that are made from samples are taken before them, names after them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from isthmus import __version__
from isthmus.historian.backup.document import (
    BACKUPS,
    DATA,
    THINGS,
    Backup,
    CopiedFile,
    CopiedTable,
    Thing,
    load,
    points,
)
from isthmus.historian.delta.manifest import DataFile, Manifest
from isthmus.historian.keep.archived import Archived
from isthmus.historian.keep.disk import LOG
from isthmus.historian.keep.pin import pinned
from isthmus.historian.keep.place import Folder, Lies, Place, checked, file_pieces
from isthmus.model.errors import ConfigError, StorageError

Progress = Callable[[str, float], None]
LAST_TABLES = ("samples", "events", "tags")  # in this order, after all others
LEFT_OUT = frozenset({"bus", "web", "exports"})  # the stream, what a start makes, what can be made
NAMED_CRC = re.compile(r"(?:^|/)\d+-\d+-([0-9a-f]{8})(?:[0-9a-f]{8})?[-.][^/]*$")
TRIES = 5
DAY = 86_400.0
HERE, STATE = "backup.lock", "backup.json"


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up: a data folder, its history, and the plant file or its folder."""

    folder: Path
    history: Path
    plant: Path | None = None
    site: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made: what had to be copied, and how many old ones went."""

    backup: Backup
    copied_files: int
    copied_bytes: int
    pruned: int
    seconds: float


def back_up(
    source: Source,
    store: Place,
    *,
    keep: int = 0,
    progress: Progress = lambda _what, _share: None,
    now: Callable[[], float] = time.time,
) -> Made:
    """Copy what the place lacks, then write the document that makes it a backup.

    `keep` is how many backups stay, all where 0. Raises StorageError, ConfigError.
    """
    began, names = time.monotonic(), _tables(source.history)
    with _alone(source.folder), pinned(source.history):
        _same_site(store, source)
        have, copy = store.files(DATA) | store.files(THINGS), _Copy(store, progress)
        tables = [_table(source.history / name) for name in names]
        things = list(_things(source, store))
        copy.total = sum(
            file.size
            for table, files in tables
            for file in files
            if not _there(have, f"{DATA}/{table.name}/{file.path}", file.size)
        )
        done = tuple(copy.table(source.history, *table, have) for table in tables)
        kept = tuple(thing for pair in things if (thing := copy.thing(*pair, have)) is not None)
        made = now()
        backup = Backup(
            _point(store, made), made, source.site, __version__, done, kept, tuple(copy.damaged)
        )
        store.put(f"{BACKUPS}/{backup.point}.json", [backup.encode()])
        pruned = prune(store, keep) if keep else 0
    seconds = time.monotonic() - began
    return Made(backup, copy.files, copy.bytes, pruned, seconds)


class _Copy:
    """Copies files and counts them."""

    def __init__(self, store: Place, progress: Progress) -> None:
        self._store, self._progress = store, progress
        self.total = self.files = self.bytes = 0
        self.damaged: list[str] = []

    def table(
        self, history: Path, table: CopiedTable, files: Sequence[DataFile], have: dict[str, Lies]
    ) -> CopiedTable:
        """The table with all its whole files copied."""
        copied = []
        for file in files:
            named = NAMED_CRC.search(file.path)
            name, path = f"{DATA}/{table.name}/{file.path}", history / table.name / file.path
            if named and _there(have, name, file.size):
                copied.append(CopiedFile(file, int(named[1], 16)))
                continue
            crc = self._sealed(name, path, file.size, int(named[1], 16) if named else None)
            if crc is not None:
                copied.append(CopiedFile(file, crc))
        return CopiedTable(
            table.name,
            table.version,
            table.schema,
            table.partition,
            table.positions,
            tuple(copied),
        )

    def _sealed(self, name: str, path: Path, size: int, right: int | None) -> int | None:
        """Copy a sealed file; its CRC-32, None where it is damaged here already."""
        found = [0, 0]

        def pieces() -> Iterator[bytes]:
            for piece, count, crc in checked(file_pieces(path), self._told):
                found[:] = count, crc
                yield piece
            if found[0] != size or (right is not None and found[1] != right):
                raise _RottenError(f"{path}: its bytes are not those that were written")

        try:
            self._store.put(name, pieces())
        except _RottenError as error:
            self.damaged.append(str(error))
            return None
        except StorageError as error:
            if not path.exists():  # set aside meanwhile, or lost before
                self.damaged.append(f"{path}: is missing")
                return None
            raise error from error
        self.files += 1
        return found[1]

    def thing(self, path: str, file: Path, have: dict[str, Lies]) -> Thing | None:
        """Copy any other file; None where it went meanwhile."""
        try:
            data, mode = file.read_bytes(), file.stat().st_mode
        except FileNotFoundError:
            return None
        thing = Thing(path, len(data), hashlib.sha256(data).hexdigest(), not mode & 0o077)
        if not _there(have, thing.place, thing.size):
            self._store.put(thing.place, [data])
            have[thing.place] = Lies(thing.size, time.time())
            self.files += 1
            self.bytes += thing.size
        return thing

    def _told(self, count: int) -> None:
        self.bytes += count
        self._progress("copying", min(1.0, self.bytes / max(1, self.total)))


class _RottenError(StorageError):
    """A file here is not what was written."""


def _there(have: dict[str, Lies], name: str, size: int) -> bool:
    return name in have and have[name].size == size


def _tables(history: Path) -> list[str]:
    """The tables of a history, in the order in which they are taken."""
    found = {path.parent.name for path in history.glob(f"*/{LOG}")}
    if "samples" not in found:
        raise ConfigError(
            f"there is no history in {history}", hint="name the site's data with --data"
        )
    return [*sorted(found - set(LAST_TABLES)), *(name for name in LAST_TABLES if name in found)]


def _table(root: Path) -> tuple[CopiedTable, list[DataFile]]:
    """A table at its newest version, and its files, none of them copied yet."""
    for left in range(TRIES, 0, -1):
        try:
            manifest = Manifest.of(root)
            table = DeltaTable(str(root), version=manifest.version)
            partition = tuple(table.metadata().partition_columns)
            schema = table.schema().to_json()
        except (DeltaError, OSError) as error:
            if left == 1:
                raise StorageError(f"reading the log of {root}: {error}") from error
            time.sleep(0.1)  # its writer let go of old entries at this moment
            continue
        break
    known = ((name, table.transaction_version(name)) for name in manifest.positions)
    positions = {name: found for name, found in known if found is not None}  # of this version
    empty = CopiedTable(root.name, manifest.version, schema, partition, positions, ())
    return empty, manifest.files()


def _things(source: Source, store: Place) -> Iterator[tuple[str, Path]]:
    """All other files that a site needs, with their paths in the data folder."""
    root, history = source.folder.resolve(), source.history.resolve()
    away = _elsewhere(source.history, store)
    for file in sorted(root.rglob("*")):
        path = file.relative_to(root)
        inside = any(file.is_relative_to(place) for place in (history, *away))
        if path.parts[0] in LEFT_OUT or inside or file.is_symlink() or not file.is_file():
            continue
        if path.as_posix() not in (HERE, STATE):
            yield path.as_posix(), file
    for name in ("keep.json", "archive.json"):
        if (source.history / name).is_file():
            yield f"history/{name}", source.history / name
    plant = source.plant
    if plant is not None and plant.is_file():
        yield "plant/plant.yaml", plant
    elif plant is not None and plant.is_dir():
        for file in sorted(plant.glob("*.yaml")):
            yield f"plant/{file.name}", file


def _elsewhere(history: Path, store: Place) -> list[Path]:
    """Folders of backups and of the archive, which may lie in the data folder."""
    archive = Archived(history).target
    folders = [store.root] if isinstance(store, Folder) else []
    folders += [Path(archive.to)] if archive and "://" not in archive.to else []
    return [folder.resolve() for folder in folders]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One backup of a site at a time."""
    handle = os.open(folder / HERE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StorageError(
                f"backing up {folder}: another backup of it is being made",
                hint="wait for its end; `history: {backup}` makes them by itself",
            ) from error
        yield
    finally:
        os.close(handle)


def _same_site(store: Place, source: Source) -> None:
    """ConfigError where the place holds backups of another site."""
    known = points(store)
    try:
        last = load(store, known[-1]).site if known else ""
    except StorageError:
        return  # damaged: told by `--verify`
    if last and source.site and last != source.site:
        raise ConfigError(
            f"{store.url} holds backups of {last}, this is {source.site}",
            hint="give each site a place of its own",
        )


def _point(store: Place, made: float) -> str:
    """The name of a backup made now, later than all names before."""
    known = points(store)
    while True:
        moment = datetime.fromtimestamp(made, UTC)
        point = f"{moment:%Y-%m-%dT%H-%M-%S}-{moment.microsecond // 1000:03}Z"
        if not known or point > known[-1]:
            return point
        made = max(made, _moment(known[-1])) + 0.001


def _moment(point: str) -> float:
    """When a backup of this name was made, to the millisecond."""
    whole = datetime.strptime(point[:19], "%Y-%m-%dT%H-%M-%S").replace(tzinfo=UTC)
    return whole.timestamp() + int(point[20:23]) / 1000


def prune(store: Place, keep: int, *, now: Callable[[], float] = time.time) -> int:
    """Let go of all but the newest `keep` backups and of what none of the rest needs.

    Files younger than a day stay: another backup may be about to name them. Where a document that
    stays is damaged no file goes. How many backups went.
    """
    known = points(store)
    old = known[:-keep] if len(known) > keep else []
    for point in old:
        store.delete(f"{BACKUPS}/{point}.json")
    if not old:
        return 0
    try:
        needed = {name for point in known[-keep:] for name in load(store, point).names()}
    except StorageError:
        return len(old)
    for name, lies in (store.files(DATA) | store.files(THINGS)).items():
        if name not in needed and now() - lies.time > DAY:
            store.delete(name)
    return len(old)
