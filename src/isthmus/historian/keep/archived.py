"""Files of history that lie at another place, fetched into a bounded cache when they are read.

`history/archive.json` says which they are and where, so that a start needs no store. A store that
does not answer is an error of the question that needs it, never fewer rows.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.durable import fsync
from isthmus.historian.keep.archive_plan import CACHE_BYTES
from isthmus.historian.keep.place import Place, Target, place
from isthmus.model.errors import LinkError, StorageError

log = logging.getLogger(__name__)

INDEX = "archive.json"
CACHE = "cache"


class Archived:
    """The archived samples of the history in `root`; any thread reads them."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / CACHE
        self.files: tuple[DataFile, ...] = ()
        self.target: Target | None = None
        self.cache_bytes = CACHE_BYTES
        self._by_path: dict[str, DataFile] = {}
        self._fetching: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._stamp = (0, 0)
        self._place: Place | None = None
        self.refresh()

    def __contains__(self, path: str) -> bool:
        return path in self._by_path

    def refresh(self) -> bool:
        """Take in what the writer moved since; whether there was anything."""
        try:
            state = (self.root / INDEX).stat()
            stamp = state.st_mtime_ns, state.st_size
            if stamp == self._stamp:
                return False
            body = json.loads((self.root / INDEX).read_bytes())
            files = tuple(_file(found) for found in body["files"])
            target = Target.of(body["target"])
        except FileNotFoundError:
            return False
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"reading {self.root / INDEX}: {error}",
                hint="it names the days that lie in the archive; restore it from a backup",
            ) from error
        self._take(files, target, int(body.get("cache", CACHE_BYTES)))
        self._stamp = stamp
        return True

    def write(self, files: Iterable[DataFile], target: Target) -> None:
        """Make it durable which files lie at `target`. Raises OSError."""
        held = tuple(sorted(files, key=lambda file: (file.seq, file.path)))
        body = {
            "format": 1,
            "target": target.told(),
            "cache": self.cache_bytes,
            "files": [asdict(file) for file in held],
        }
        draft = self.root / f"{INDEX}.new"
        with draft.open("w", encoding="utf-8") as out:
            json.dump(body, out)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(self.root / INDEX)
        fsync(self.root)
        self._take(held, target, self.cache_bytes)
        state = (self.root / INDEX).stat()
        self._stamp = state.st_mtime_ns, state.st_size

    def _take(self, files: tuple[DataFile, ...], target: Target, cache: int) -> None:
        with self._lock:
            if target != self.target:
                self.target, self._place = target, None
            self.files, self.cache_bytes = files, cache
            self._by_path = {file.path: file for file in files}

    def beside(self, local: Sequence[DataFile]) -> tuple[DataFile, ...]:
        """Local and archived files in the order of their seals; one that is both is local."""
        if not self.files:
            return tuple(local)
        here = {file.path for file in local}
        every = [*local, *(file for file in self.files if file.path not in here)]
        return tuple(sorted(every, key=lambda file: (file.seq, file.path)))

    def local(self, path: str) -> Path:
        """Where an archived file can be read now, fetched if need be; raises StorageError."""
        file, cached = self._by_path[path], self.folder / path
        with self._lock:
            turn = self._fetching.setdefault(path, threading.Lock())
        with turn:
            try:
                if cached.stat().st_size == file.size:
                    os.utime(cached)
                    return cached
            except FileNotFoundError:
                pass
            self._fetch(file, cached)
        self.trim(spare=cached)
        return cached

    def _fetch(self, file: DataFile, cached: Path) -> None:
        draft = cached.with_name(f"{cached.name}.new")
        try:
            cached.parent.mkdir(parents=True, exist_ok=True)
            self._copy(file, draft)
            draft.replace(cached)
        except (StorageError, LinkError, OSError) as error:
            draft.unlink(missing_ok=True)
            raise StorageError(
                f"reading {file.date} from the archive: {error}",
                hint=getattr(error, "hint", "")
                or "what is younger can be asked; the archive must answer for the rest",
            ) from error

    def _copy(self, file: DataFile, draft: Path) -> None:
        name, size, crc = f"samples/{file.path}", 0, 0
        with draft.open("wb") as out:
            for piece in self.place().pieces(name):
                size, crc = size + len(piece), zlib.crc32(piece, crc)
                out.write(piece)
        if size != file.size or f"{crc:08x}" != named_crc(file.path):
            raise StorageError(
                f"{name} in the archive is not what was written there ({size:,} bytes)",
                hint="look after the archive; a backup may have this file",
            )

    def place(self) -> Place:
        """The archive; raises StorageError or LinkError where it cannot be used."""
        with self._lock:
            if self._place is None:
                if self.target is None:
                    raise StorageError("there is no archive", hint="`history: {archive}`")
                self._place = place(self.target)
            return self._place

    def trim(self, *, to: int | None = None, spare: Path | None = None) -> int:
        """Delete what was read longest ago until `to` bytes are left; how many were freed."""
        limit, freed = self.cache_bytes if to is None else to, 0
        found = []
        for path in self.folder.rglob("*.parquet"):
            try:
                state = path.stat()
            except FileNotFoundError:
                continue
            found.append((state.st_mtime_ns, state.st_size, path))
        held = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if held <= limit:
                break
            if path != spare:
                path.unlink(missing_ok=True)
                held, freed = held - size, freed + size
        return freed


def named_crc(path: str) -> str:
    """The checksum in the name of a sealed file."""
    return path.rpartition("/")[2].split("-")[2][:8]


def _file(body: dict[str, Any]) -> DataFile:
    return DataFile(**{**body, "tags": tuple(body["tags"]), "times": tuple(body["times"])})
