"""What all instruments show at one instant."""

from __future__ import annotations

from dataclasses import dataclass

from isthmus.demo.signal import PATHS
from isthmus.model.sample import Nanoseconds

_AT = {path: place for place, path in enumerate(PATHS)}


@dataclass(frozen=True, slots=True)
class Moment:
    """Numbers in the order of `signal.PATHS`, texts by path; `time` is the plant's."""

    time: Nanoseconds
    numbers: list[float]
    text: dict[str, str]

    def value(self, path: str) -> float:
        """The number shown at `path`."""
        return self.numbers[_AT[path]]
