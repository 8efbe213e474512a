"""How the plant's time follows the wall's: the same, except in a demonstration that runs faster."""

from __future__ import annotations

from dataclasses import dataclass

from isthmus.model.sample import Nanoseconds


@dataclass(frozen=True, slots=True)
class Pace:
    """Plant time as a straight line over wall time: at `wall` it was `plant`, `rate` to one."""

    wall: Nanoseconds
    plant: Nanoseconds
    rate: float = 1.0

    def at(self, wall: int) -> Nanoseconds:
        """The plant's time (ns UTC) when the wall clock shows `wall` (ns UTC)."""
        return Nanoseconds(self.plant + round((wall - self.wall) * self.rate))

    def text(self) -> str:
        """This pace as one word for a command line: `wall:plant:rate`."""
        return f"{self.wall}:{self.plant}:{self.rate}"

    @classmethod
    def parse(cls, text: str) -> Pace:
        """The pace that `text` wrote; ValueError where it is none."""
        wall, plant, rate = text.split(":")
        return cls(Nanoseconds(int(wall)), Nanoseconds(int(plant)), float(rate))
