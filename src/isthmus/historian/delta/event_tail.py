"""Events that wait for a seal, beside the files that hold the others."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.event import weight
from isthmus.model.event import Event


class EventTail:
    """Events that no file holds yet, beside the files that hold the others.

    `view` changes in one assignment, so that a reader sees every event exactly once. The lake
    holds its lock around all but `view` and `all`.
    """

    __slots__ = ("_open", "bytes", "view")

    def __init__(self, files: Sequence[DataFile]) -> None:
        self._open: list[Event] = []
        self.view: tuple[Sequence[DataFile], tuple[list[Event], ...]] = (files, (self._open,))
        self.bytes = 0

    def append(self, events: Sequence[Event]) -> None:
        """Publish `events` after those before."""
        self._open.extend(events)
        self.bytes += sum(map(weight, events))

    def freeze(self) -> list[Event]:
        """All events that wait for a seal; what follows goes into a new list."""
        files, waiting = self.view
        if self._open:
            self._open = []
            self.view = (files, (*waiting, self._open))
        return [event for part in waiting for event in part]

    def sealed(self, files: Sequence[DataFile]) -> None:
        """What was frozen is in `files` now."""
        self.view = (files, (self._open,))
        self.bytes = sum(map(weight, self._open))

    def all(self) -> tuple[Sequence[DataFile], list[Event]]:
        """The files, and the events that are in none of them."""
        files, waiting = self.view
        return files, [event for part in waiting for event in list(part)]
