"""Keeping files where they are while something reads them, across processes.

Whoever needs the files of a version, a backup for one, holds a pin; clean-up waits for it. The
operating system drops a pin with its process.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PIN = "pin"


@contextmanager
def pinned(root: Path) -> Iterator[None]:
    """While this lasts no file goes from the tables in `root`; many may hold one."""
    handle = _open(root)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


@contextmanager
def unpinned(root: Path) -> Iterator[bool]:
    """Whether nobody holds a pin; while this lasts nobody gets one."""
    handle = _open(root)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)


def _open(root: Path) -> int:
    return os.open(root / PIN, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
