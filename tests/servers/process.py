"""Servers that tests run: in a folder of their own, on the loopback, never as root."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NOBODY = "nobody"


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def other_user() -> Mapping[str, Any]:
    """What lets `subprocess` run a program that refuses root; nothing for a plain user."""
    return {"user": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def own_folder(prefix: str) -> Path:
    """A new folder, outside pytest's own, which that other user may enter and write."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, NOBODY)
    return folder


def tail(log: Path, lines: int = 20) -> str:
    """The end of a log, for the message of a failure."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def ended(process: subprocess.Popen[bytes], *, within: float) -> None:
    """Wait for the end of a process; kill it where it takes too long."""
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
