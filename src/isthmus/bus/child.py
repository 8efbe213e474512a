"""A child process must not outlive us, nor two of them share a store."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from isthmus.model.errors import StorageError

_PR_SET_PDEATHSIG = 1  # prctl(2)


def bind_to_parent() -> Callable[[], None] | None:
    """What a child runs before it becomes the program, so that it ends when we do.

    Linux only; elsewhere `end_orphan` cleans up at the next start.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # we died in between
            os._exit(1)

    return bind


def record(file: Path, pid: int) -> None:
    """Write down who the child is and whose it is."""
    with contextlib.suppress(psutil.NoSuchProcess):
        facts = {
            "pid": pid,
            "born": psutil.Process(pid).create_time(),
            "parent": os.getpid(),
            "parent_born": psutil.Process().create_time(),
        }
        file.write_text(json.dumps(facts))


def end_orphan(file: Path, *, patience: float = 10.0) -> None:
    """End the child that an earlier run of ours left behind.

    Raises StorageError where its parent still lives: the store is in use.
    """
    try:
        facts = json.loads(file.read_text())
        child = _alive(int(facts["pid"]), float(facts["born"]))
        parent = _alive(int(facts["parent"]), float(facts["parent_born"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return
    if child is None:
        return
    if parent is not None:
        raise StorageError(
            f"opening {file.parent}: process {parent.pid} uses it",
            hint="stop the other one first, or choose another folder",
        )
    with contextlib.suppress(psutil.NoSuchProcess):
        child.terminate()
        try:
            child.wait(patience)
        except psutil.TimeoutExpired:
            child.kill()
            child.wait(patience)


def _alive(pid: int, born: float) -> psutil.Process | None:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process = psutil.Process(pid)
        if abs(process.create_time() - born) < 1 and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None
