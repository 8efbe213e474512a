"""Checkpoints kept elsewhere: they show what was cut off the end, which the chain alone cannot."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from isthmus.model.errors import StorageError
from isthmus.trust.ledger.seal import Checkpoint


@dataclass(frozen=True, slots=True)
class AnchorFile:
    """A file in another place, best on another machine, that takes each checkpoint as a line."""

    path: Path

    def add(self, checkpoint: Checkpoint) -> None:
        """Append `checkpoint`; OSError where the place is away."""
        line = json.dumps(checkpoint.facts(), sort_keys=True) + "\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, line.encode("ascii"))
            os.fsync(handle)
        finally:
            os.close(handle)


def read_anchor(path: Path) -> list[Checkpoint]:
    """The checkpoints in an anchor file; StorageError where it cannot be read.

    A last line that a crash tore is left out.
    """
    try:
        text = path.read_text("ascii", errors="replace")
    except OSError as error:
        raise StorageError(
            f"reading the anchor {path}: {error.strerror or error}",
            hint="name the file of `ledger: {anchor: PATH}`",
        ) from error
    found = []
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        try:
            found.append(Checkpoint.of(json.loads(line)))
        except ValueError as error:
            if not line.endswith("\n"):
                break
            raise StorageError(f"reading the anchor {path}: line {number} is damaged") from error
    return found


def signed(checkpoints: Iterable[Checkpoint]) -> list[Checkpoint]:
    """Those that their key signed, by count."""
    return sorted((each for each in checkpoints if each.holds()), key=lambda each: each.count)
