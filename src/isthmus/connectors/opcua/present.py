"""What a server says first is true now, however long ago the device changed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from isthmus.connectors.opcua.setting import OpcUaAddress
from isthmus.model.event import Event
from isthmus.model.ports import Binding, Reading
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.tag import Kind


class Present:
    """Adds to each tag's first value, if it is older than `begun`, that it holds at `begun`.

    A text that is older is told as of `begun`. While nobody listened, nothing was known. A value
    that did not change since has a source time before that gap and would leave the tag unknown
    until it changes; but a server's first notification is the current value, whatever its time
    (OPC UA Part 4, MonitoredItems).
    """

    def __init__(self, bindings: Sequence[Binding[OpcUaAddress]], begun: Nanoseconds) -> None:
        self._begun = begun
        self._ids = {int(each.id) for each in bindings if each.tag.kind is not Kind.TEXT}
        self._texts = {each.tag.path for each in bindings if each.tag.kind is Kind.TEXT}

    def __call__(self, reading: Reading) -> Reading:
        """The reading, with a row more for each first value that is old."""
        if not (self._ids or self._texts):
            return reading
        batch, events = reading.batch, reading.events
        if self._ids and len(batch):
            first = np.isin(batch.tag, list(self._ids))
            self._ids.difference_update(batch.tag.tolist())
            held = batch.where(first).latest() if first.any() else Batch.empty()
            held = held.where(held.time < self._begun)
            time = np.full(len(held), self._begun, np.int64)
            batch = Batch.concat([Batch(held.tag, time, held.value, held.quality), batch])
        if self._texts and events:
            told = {event.path for event in events} & self._texts
            self._texts -= told
            events = tuple(self._held(event) if event.path in told else event for event in events)
        return Reading(batch, events)

    def _held(self, event: Event) -> Event:
        return event if event.time >= self._begun else replace(event, time=self._begun)
