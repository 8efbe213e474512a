"""What a backup is: one document that names every file, its size and its checksum.

    backups/POINT.json        written last: a backup without it is none
    data/TABLE/PATH           sealed files; their names hold their checksum, and they never change
    things/SHA256             everything else, by content

A backup holds what its document names; files are shared between backups.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.keep.place import Place, read
from isthmus.model.errors import ConfigError, StorageError

FORMAT = 1
BACKUPS, DATA, THINGS = "backups", "data", "things"
POINT = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z")


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """A sealed file of a table, and the CRC-32 of its bytes."""

    file: DataFile
    crc: int


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table at one version: its schema as Delta writes it, its files, its positions."""

    name: str
    version: int
    schema: str
    partition: tuple[str, ...]
    positions: dict[str, int]
    files: tuple[CopiedFile, ...]

    @property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(copied.file.rows for copied in self.files)

    def place_of(self, copied: CopiedFile) -> str:
        """The name of a file's copy."""
        return f"{DATA}/{self.name}/{copied.file.path}"


@dataclass(frozen=True, slots=True)
class Thing:
    """Any other file of the data folder; `private` ones only their owner may read."""

    path: str
    size: int
    sha256: str
    private: bool = False

    @property
    def place(self) -> str:
        """The name of its copy."""
        return f"{THINGS}/{self.sha256}"


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup; `made` in seconds since 1970. `damaged` was broken before it was copied."""

    point: str
    made: float
    site: str
    isthmus: str
    tables: tuple[CopiedTable, ...]
    things: tuple[Thing, ...]
    damaged: tuple[str, ...] = field(default=())

    @property
    def size(self) -> int:
        """Bytes of everything in it."""
        files = sum(copied.file.size for table in self.tables for copied in table.files)
        return files + sum(thing.size for thing in self.things)

    def names(self) -> Iterator[str]:
        """The names of all copies that it needs."""
        for table in self.tables:
            for copied in table.files:
                yield table.place_of(copied)
        for thing in self.things:
            yield thing.place

    def encode(self) -> bytes:
        """The document, with a checksum of itself."""
        body = json.dumps(asdict(self), separators=(",", ":"))
        whole = {"format": FORMAT, "sha256": hashlib.sha256(body.encode()).hexdigest()}
        return json.dumps({**whole, "backup": body}).encode()


def decode(data: bytes, where: str) -> Backup:
    """The backup that a document describes; StorageError, naming it, where it is damaged."""
    try:
        whole = json.loads(data)
        if whole["format"] != FORMAT:
            raise StorageError(
                f"reading {where}: it is of format {whole['format']}, this program knows {FORMAT}",
                hint="use the version of Isthmus that made it, or a later one",
            )
        body = whole["backup"]
        return _backup(json.loads(_whole(body, whole["sha256"])))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(
            f"reading {where}: the document of this backup is damaged: {error}",
            hint="use another backup: `isthmus backup TARGET --list`",
        ) from error


def _whole(body: str, sha256: str) -> str:
    if hashlib.sha256(body.encode()).hexdigest() != sha256:
        raise ValueError("its bytes are not those that were written")
    return body


def _inside(path: str) -> str:
    """The path, which must not lead out of the folder that it is relative to."""
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"`{path}` leads out of the folder")
    return path


def _backup(body: dict[str, Any]) -> Backup:
    tables = tuple(
        CopiedTable(
            _inside(table["name"]),
            table["version"],
            table["schema"],
            tuple(table["partition"]),
            table["positions"],
            tuple(CopiedFile(_file(found["file"]), found["crc"]) for found in table["files"]),
        )
        for table in body.pop("tables")
    )
    things = tuple(
        Thing(**{**thing, "path": _inside(thing["path"])}) for thing in body.pop("things")
    )
    damaged = tuple(body.pop("damaged"))
    return Backup(**body, tables=tables, things=things, damaged=damaged)


def _file(body: dict[str, Any]) -> DataFile:
    _inside(body["path"])
    return DataFile(**{**body, "tags": tuple(body["tags"]), "times": tuple(body["times"])})


def points(store: Place) -> list[str]:
    """The points that can be gone back to, oldest first."""
    names = (name.removeprefix(f"{BACKUPS}/") for name in store.files(BACKUPS))
    return sorted(
        name.removesuffix(".json")
        for name in names
        if name.endswith(".json") and POINT.fullmatch(name.removesuffix(".json"))
    )


def load(store: Place, point: str) -> Backup:
    """The backup of a point; StorageError where it is damaged, ConfigError where there is none."""
    known = points(store)
    if point not in known:
        last = f"the newest is {known[-1]}" if known else "there are none"
        raise ConfigError(
            f"there is no backup `{point}` in {store.url}",
            hint=f"{last}; `isthmus backup {store.url} --list` shows all",
        )
    name = f"{BACKUPS}/{point}.json"
    return decode(read(store, name), f"{store.url}/{name}")


def newest(store: Place) -> Backup:
    """The newest backup; StorageError where it is damaged, ConfigError where there is none."""
    known = points(store)
    if not known:
        raise ConfigError(
            f"there is no backup in {store.url}", hint=f"make one: `isthmus backup {store.url}`"
        )
    return load(store, known[-1])
