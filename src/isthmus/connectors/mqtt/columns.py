"""Rows that a connector collects one by one, on their way to a batch of columns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from isthmus.model.event import Event
from isthmus.model.ports import Reading
from isthmus.model.sample import Batch


@dataclass(slots=True)
class Columns:
    """Rows on their way to a `Batch`, and what is not a number."""

    tag: list[int] = field(default_factory=list)
    time: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def add(self, tag: int, time: int, value: float, quality: int) -> None:
        """One more row."""
        self.tag.append(tag)
        self.time.append(time)
        self.value.append(value)
        self.quality.append(quality)

    def reading(self) -> Reading:
        """All rows and events so far, as columns."""
        return Reading(
            Batch(
                np.array(self.tag, np.int32),
                np.array(self.time, np.int64),
                np.array(self.value, np.float64),
                np.array(self.quality, np.uint32),
            ),
            tuple(self.events),
        )

    def __bool__(self) -> bool:
        return bool(self.tag or self.events)
