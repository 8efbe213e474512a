"""Random numbers that depend on the seed and on what they are for, never on who asked before.

So a plant that was saved and read again goes on as if it had never stopped.
"""

from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt

HOUR = 3600
LUCK = 5  # uniform numbers a second: one a machine, whether a piece is scrap
DRIFT = 6  # normal numbers a second: what makes pressures and offsets wander

_LUCK, _DRIFT, _SENSOR = 0, 1, 2


class Chance:
    """All randomness of one plant."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._hour = -1
        self._luck: list[list[float]] = []
        self._drift: list[list[float]] = []

    def second(self, now: int) -> tuple[list[float], list[float]]:
        """The `LUCK` uniform and `DRIFT` normal numbers of the second `now` (s, UTC)."""
        hour, place = divmod(now, HOUR)
        if hour != self._hour:
            self._luck = self._stream(hour, _LUCK).random((HOUR, LUCK)).tolist()
            self._drift = self._stream(hour, _DRIFT).standard_normal((HOUR, DRIFT)).tolist()
            self._hour = hour
        return self._luck[place], self._drift[place]

    def sensors(self, hour: int, channels: int) -> npt.NDArray[np.float32]:
        """What the sensors add in that hour since 1970: (3600, channels), standard normal."""
        stream = self._stream(hour, _SENSOR)
        return stream.standard_normal((HOUR, channels), dtype=np.float32)

    def draw(self, name: str, number: int) -> random.Random:
        """The source of the `number`th decision about `name`, such as how long a stop lasts."""
        return random.Random(f"{self._seed}/{name}/{number}")

    def _stream(self, hour: int, stream: int) -> np.random.Generator:
        key = np.array([self._seed % 2**64, (hour * 4 + stream) % 2**64], np.uint64)
        return np.random.Generator(np.random.Philox(key=key))
