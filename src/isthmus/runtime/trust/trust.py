"""What a running plant knows of identity, rights, permits, certificates and zones."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from isthmus.model.plant import Plant
from isthmus.model.record import Recorder, Unrecorded
from isthmus.model.sample import Clock


@dataclass(slots=True)
class Trust:
    """The parts of trust, opened in the order in which they need each other."""

    plant: Plant
    folder: Path
    now: Clock
    ledger: Recorder

    @classmethod
    def open(cls, plant: Plant, folder: Path, now: Clock) -> Self:
        """The parts whose files are below `folder`; StorageError where one is damaged."""
        return cls(plant, folder, now, Unrecorded())

    def work(self) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        """What goes on while the plant runs, each with its name; the caller starts and ends it."""
        return iter(())

    def close(self) -> None:
        """Close the files."""
