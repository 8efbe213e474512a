"""One writer per folder, by a lock that the operating system drops with the process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from isthmus.model.errors import StorageError


class Lock:
    """Held from construction until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.read(self._handle, 32).decode(errors="replace").strip() or "unknown"
            os.close(self._handle)
            raise StorageError(
                f"opening the history in {path.parent}: process {pid} is writing it",
                hint="stop that process, or read with `isthmus query`, which needs no lock",
            ) from error
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next writer in."""
        if self._handle >= 0:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = -1
