"""A bucket of a store that speaks S3, through Arrow's file system.

An object appears whole when its upload ends, which is what the rest builds on. Without `key` and
`secret` the usual places of credentials are asked (environment, profile, role of the machine).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pyarrow.fs as pafs

from isthmus.historian.keep.place import PIECE, Lies, Target
from isthmus.model.errors import StorageError

SECONDS = 20.0


class Bucket:
    """All objects below `s3://bucket/prefix`."""

    def __init__(self, target: Target) -> None:
        self.url = target.to.rstrip("/")
        self._base = self.url.removeprefix("s3://")
        self._store = _store(target)

    def files(self, below: str = "") -> dict[str, Lies]:
        """All objects below a folder, by name."""
        base = self._path(below)
        try:
            found = self._store.get_file_info(
                pafs.FileSelector(base, allow_not_found=True, recursive=True)
            )
        except OSError as error:
            raise self._trouble("listing", below, error) from error
        start = len(self._base) + 1
        return {
            info.path[start:]: Lies(info.size, info.mtime.timestamp() if info.mtime else 0.0)
            for info in found
            if info.type == pafs.FileType.File
        }

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """Make an object; one that did not become whole is taken away again."""
        size = 0
        try:
            with self._store.open_output_stream(self._path(name)) as out:
                for piece in pieces:
                    out.write(piece)
                    size += len(piece)
            has = self._store.get_file_info(self._path(name)).size
        except BaseException as error:  # closing the stream may have made an object of a part
            with suppress(StorageError):
                self.delete(name)
            if isinstance(error, OSError):
                raise self._trouble("writing", name, error) from error
            raise
        if has != size:
            self.delete(name)
            raise StorageError(f"writing {self.url}/{name}: the store has {has} of {size} bytes")

    def pieces(self, name: str) -> Iterator[bytes]:
        """What is in an object, front to back."""
        try:
            with self._store.open_input_stream(self._path(name)) as source:
                while piece := source.read(PIECE):
                    yield piece
        except OSError as error:
            raise self._trouble("reading", name, error) from error

    def delete(self, name: str) -> None:
        """Take an object away, if it is there."""
        try:
            self._store.delete_file(self._path(name))
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._trouble("deleting", name, error) from error

    def _path(self, name: str) -> str:
        return f"{self._base}/{name}".rstrip("/")

    def _trouble(self, doing: str, name: str, error: OSError) -> StorageError:
        said = " ".join(str(error).split())[:300]
        return StorageError(
            f"{doing} {self.url}/{name}: {said}",
            hint="does the store answer, is the bucket there, may this key use it?",
        )


def _store(target: Target) -> pafs.S3FileSystem:
    """The file system; StorageError where the address cannot be one."""
    address = urlsplit(target.endpoint)
    if target.endpoint and address.scheme not in ("http", "https"):
        raise StorageError(
            f"using {target.to}: `{target.endpoint}` is no address of a store",
            hint="write `endpoint: https://s3.plant.example:9000`",
        )
    if bool(target.key) != bool(target.secret):
        raise StorageError(
            f"using {target.to}: a key without its secret, or the other way round",
            hint="name both, `key: {env: NAME}` and `secret: {env: NAME}`, or neither",
        )
    return pafs.S3FileSystem(
        access_key=target.key.reveal() if target.key else None,
        secret_key=target.secret.reveal() if target.secret else None,
        region=target.region or ("us-east-1" if target.endpoint else None),
        scheme=address.scheme or "https",
        endpoint_override=address.netloc or None,
        connect_timeout=SECONDS,
        request_timeout=SECONDS,
        background_writes=False,
    )
