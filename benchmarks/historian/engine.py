"""What the benchmark asks of every history, ours or another's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.historian.data import Span
from isthmus.model.sample import Batch

Question = Callable[[], object]


class Engine(ABC):
    """A history that takes batches and answers questions; one thread at a time."""

    name: str
    durability: str  # of a batch that was taken, in words
    remarks: tuple[str, ...] = ()  # what one must know to judge it
    loads = True  # whether it holds all samples and is asked
    server = True  # a process of its own

    @abstractmethod
    def begin(self) -> None:
        """An empty history in place of what there was."""

    def prepare(self, batch: Batch) -> object:
        """The batch as `send` takes it: as text or in the protocol's bytes, if it must be."""
        return batch

    @abstractmethod
    def send(self, prepared: object) -> None:
        """Have a batch acknowledged."""

    def flush(self) -> None:  # noqa: B027 - most have nothing to do
        """Return when all that was acknowledged is where it stays; part of writing's time."""

    def settle(self) -> None:  # noqa: B027 - not every one has any
        """Whatever the engine does in its quiet hours: merging, statistics."""

    @abstractmethod
    def count(self) -> int:
        """How many samples there are."""

    @abstractmethod
    def size(self) -> int:
        """Bytes on disk of all samples and what finds them."""

    @abstractmethod
    def rss_mb(self) -> float:
        """Resident memory of the process that answers."""

    @abstractmethod
    def questions(self, span: Span) -> Mapping[str, Question]:
        """The questions that it can answer, by the name of their figure."""

    def address(self) -> str:
        """How another process asks it (see `crowd`); empty where none can."""
        return ""

    @abstractmethod
    def close(self) -> None:
        """End it."""


def on_disk(folder: Path) -> int:
    """Bytes that the files of a folder take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
