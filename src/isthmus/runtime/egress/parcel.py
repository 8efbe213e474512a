"""Messages of a stream as parcels for a sink: decoded, in our own ids, of the tags it asked for."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np

from isthmus.bus import document, frame
from isthmus.bus.port import Message
from isthmus.model.errors import ProtocolError
from isthmus.model.event import Event
from isthmus.model.path import Pattern
from isthmus.model.sample import Batch, Bools, Int64s, TagId
from isthmus.model.sink import Parcel, SinkConfig
from isthmus.runtime.collect.transform import dated
from isthmus.runtime.intake import Intake
from isthmus.runtime.names import Names
from isthmus.runtime.subject import CATALOGUE, EVENT, FRAME, level, link_of


class Packer:
    """Gathers what one sink shall have of one stream; it never runs ahead of the intake."""

    def __init__(
        self, intake: Intake, config: SinkConfig, root: str, folder: Path, position: int
    ) -> None:
        """`position` is the last message that the sink holds; `root` may begin its patterns."""
        self.position = self.sent = position
        self.rows = 0
        self.since = 0.0  # monotonic time of the first message that waits
        self._intake, self._config, self._root = intake, config, root
        self._patterns = [Pattern.parse(text) for text in config.tags]
        self._wanted: Bools = np.zeros(0, np.bool_)
        self._batches: list[Batch] = []
        self._written: list[Int64s] = []
        self._events: list[tuple[int, int, Event]] = []
        self._names = self._names_of(folder / level(config.name))

    def _names_of(self, folder: Path) -> Names | None:
        """What an edge's ids mean where this sink is; at first what the intake knows of them."""
        edge, namespace = self._intake.edge, self._intake.namespace
        if edge is None:
            return None
        file = folder / edge.names_file.name
        if not file.exists() and edge.names_file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(edge.names_file, file)
        names = Names(file, self._intake.epoch, namespace.id, foreign=edge.foreign)
        names.open(self.position)
        return names

    @property
    def empty(self) -> bool:
        """Whether nothing waits that the sink asked for."""
        return not self.rows and not self._events

    def take(self, message: Message) -> None:
        """Add a message; one that makes no sense is left out, the intake has counted it."""
        was_empty = self.empty
        try:
            contract, _ = link_of(message.subject)
            if contract == FRAME:
                self._frame(message)
            elif contract == EVENT and self._config.events:
                self._take_events(message)
            elif contract == CATALOGUE and self._names is not None:
                named = document.decode_catalogue(message.data)
                paths = {int(number): tag.path for number, tag in named}
                self._names.learn(message.seq, paths, stored=self.sent)
        except (ProtocolError, ValueError, OverflowError):
            pass
        self.position = message.seq
        if was_empty and not self.empty:
            self.since = time.monotonic()

    def _frame(self, message: Message) -> None:
        batch = frame.decode(message.data)
        if self._names is not None:
            batch, _ = dated(self._names.local(batch), self._intake.now())
        size = len(self._intake.namespace)
        if len(batch) and not 0 <= int(batch.tag.min()) <= int(batch.tag.max()) < size:
            raise ProtocolError("a frame names a tag that no catalogue names")
        chosen = batch.where(self._selection(size)[batch.tag])
        if len(chosen):
            self._batches.append(chosen)
            self._written.append(np.full(len(chosen), message.time, np.int64))
            self.rows += len(chosen)

    def _selection(self, size: int) -> Bools:
        """Which of the tags the sink asked for."""
        if len(self._wanted) != size:
            paths = self._intake.namespace.paths()
            self._wanted = np.array([self._selects(path) for path in paths], np.bool_)
        return self._wanted

    def _selects(self, path: str) -> bool:
        return any(pattern.matches(path, self._root) for pattern in self._patterns)

    def _take_events(self, message: Message) -> None:
        foreign = self._intake.edge.foreign if self._intake.edge is not None else ()
        self._events += [
            (message.time, message.seq, event)
            for event in document.decode_events(message.data)
            if event.path not in foreign and self._selects(event.path)
        ]

    def parcel(self) -> Parcel:
        """All that waits, up to the last message; nothing waits from here on."""
        batch = Batch.concat(self._batches)
        written = np.concatenate(self._written) if self._written else np.empty(0, np.int64)
        namespace = self._intake.namespace
        ids = [TagId(int(id_)) for id_ in np.unique(batch.tag)]
        made = Parcel(
            *(self._intake.epoch, self.position, batch, written, tuple(self._events)),
            {id_: namespace[id_] for id_ in ids},
        )
        self._batches, self._written, self._events, self.rows = [], [], [], 0
        return made
