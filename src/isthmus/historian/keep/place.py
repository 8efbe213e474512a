"""Places for copies of history: a folder, or a bucket of a store that speaks S3.

A file that is put there appears whole or not at all. Names are relative, with `/` between levels.
"""

from __future__ import annotations

import os
import secrets
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from isthmus.historian.durable import fsync
from isthmus.model.errors import StorageError
from isthmus.model.secret import Secret

PIECE = 1 << 20
WRITING = ".writing"


@dataclass(frozen=True, slots=True)
class Lies:
    """One file at a place: its bytes, and when it came there (seconds since 1970)."""

    size: int
    time: float


@dataclass(frozen=True, slots=True)
class Target:
    """Which place, as a plant file says it; secrets are named here, not held."""

    to: str
    endpoint: str = ""
    region: str = ""
    key: Secret | None = None
    secret: Secret | None = None

    @classmethod
    def of(cls, entry: Mapping[str, object]) -> Target:
        """The place that a section of a plant describes."""
        texts = {name: str(entry.get(name) or "") for name in ("to", "endpoint", "region")}
        return cls(**texts, key=_secret(entry.get("key")), secret=_secret(entry.get("secret")))

    def told(self) -> dict[str, object]:
        """The same for a file: nothing secret is in it."""
        named = {"key": self.key, "secret": self.secret}
        return {
            "to": self.to,
            "endpoint": self.endpoint,
            "region": self.region,
            **{name: _where(where) for name, where in named.items() if where},
        }

    def below(self, name: str) -> Target:
        """The place `name` inside this one."""
        return Target(f"{self.to.rstrip('/')}/{name}", *self._rest())

    def _rest(self) -> tuple[str, str, Secret | None, Secret | None]:
        return self.endpoint, self.region, self.key, self.secret


class Place(Protocol):
    """Where copies lie; every method raises StorageError where the place does not do it."""

    url: str  # for people

    def files(self, below: str = "") -> dict[str, Lies]:
        """All files below a folder, by name; none where there is no such folder."""
        ...

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """Make a file, durable when this returns."""
        ...

    def pieces(self, name: str) -> Iterator[bytes]:
        """What is in a file, front to back."""
        ...

    def delete(self, name: str) -> None:
        """Take a file away, if it is there."""
        ...


def place(target: Target) -> Place:
    """The place that `target` names; StorageError where it cannot be used."""
    if target.to.startswith("s3://"):
        from isthmus.historian.keep.bucket import Bucket  # noqa: PLC0415 - its library is large

        return Bucket(target)
    return Folder(Path(target.to.removeprefix("file://")).expanduser().absolute())


class Folder:
    """A folder of this machine, or one that is mounted."""

    def __init__(self, root: Path) -> None:
        self.root, self.url = root, str(root)

    def files(self, below: str = "") -> dict[str, Lies]:
        """All files below a folder, by name; none where there is no such folder."""
        found = {}
        start = self.root / below
        with _told(f"listing {start}"):
            for folder, inner, names in os.walk(start, onerror=_complain):
                inner[:] = [name for name in inner if name != WRITING]
                for name in names:
                    path = Path(folder, name)
                    state = path.stat()
                    found[path.relative_to(self.root).as_posix()] = Lies(
                        state.st_size, state.st_mtime
                    )
        return found

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """Make a file that only its owner can read, durable when this returns."""
        target, writing = self.root / name, self.root / WRITING
        with _told(f"writing {target}"):
            _durable_folder(target.parent)
            writing.mkdir(exist_ok=True, mode=0o700)
            draft = writing / secrets.token_hex(8)
            try:
                with os.fdopen(
                    os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
                ) as out:
                    for piece in pieces:
                        out.write(piece)
                    out.flush()
                    os.fsync(out.fileno())
                draft.rename(target)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
            fsync(target.parent)

    def pieces(self, name: str) -> Iterator[bytes]:
        """What is in a file, front to back."""
        with _told(f"reading {self.root / name}"), (self.root / name).open("rb") as source:
            while piece := source.read(PIECE):
                yield piece

    def delete(self, name: str) -> None:
        """Take a file away, if it is there."""
        with _told(f"deleting {self.root / name}"):
            (self.root / name).unlink(missing_ok=True)


class _told:  # noqa: N801 - reads as a word
    """Turns what the system says into an error that names what was done."""

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise StorageError(
                f"{self._doing}: {error.strerror or error}",
                hint="is the place there, may this user write it, has it space?",
            ) from error


def read(store: Place, name: str, *, most: int = 1 << 30) -> bytes:
    """All that is in a file of at most so many bytes."""
    data = bytearray()
    for piece in store.pieces(name):
        data += piece
        if len(data) > most:
            raise StorageError(f"reading {store.url}/{name}: it has more than {most:,} bytes")
    return bytes(data)


def checked(
    pieces: Iterable[bytes], told: Callable[[int], object] = lambda _bytes: None
) -> Iterator[tuple[bytes, int, int]]:
    """The pieces, each with the bytes and the CRC-32 of all up to it."""
    size = crc = 0
    for piece in pieces:
        size, crc = size + len(piece), zlib.crc32(piece, crc)
        told(len(piece))
        yield piece, size, crc


def file_pieces(path: Path) -> Iterator[bytes]:
    """What is in a local file, front to back."""
    with path.open("rb") as source:
        while piece := source.read(PIECE):
            yield piece


def _durable_folder(folder: Path) -> None:
    """Make a folder and those above it, each entry durable."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        made.mkdir(exist_ok=True, mode=0o700)
        fsync(made.parent)


def _complain(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _secret(found: object) -> Secret | None:
    if isinstance(found, Mapping):
        return Secret.model_validate({key: text for key, text in found.items() if text})
    return None


def _where(secret: Secret) -> dict[str, str]:
    return {"env": secret.env} if secret.env else {"file": secret.file}
