"""What a rule would have done: its firings over a time that is over, told for a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from isthmus.insight.rule.judge import Turn


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing at one place; `end` is None where it still held at the end."""

    equipment: str
    start: int
    end: int | None = None
    spared: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """What became of [start, end): each firing, how long it was quiet, how much was not known."""

    start: int
    end: int
    firings: tuple[Firing, ...]
    spared: int
    quiet: float  # the longest time without a firing, seconds
    held: float  # seconds for which it held, all places together
    unknown: float  # share of the time of which nothing was known
    step: float
    samples: int = 0


@dataclass(slots=True)
class Story:
    """Turns put together to firings."""

    equipment: list[str]
    _open: dict[int, Turn] = field(default_factory=dict)
    _done: list[Firing] = field(default_factory=list)

    def add(self, turns: Iterable[Turn]) -> None:
        """What follows what was added before."""
        for turn in turns:
            if turn.began:
                self._open[turn.place] = turn
            elif (began := self._open.pop(turn.place, None)) is not None:
                self._close(began, turn.time)

    def firings(self) -> list[Firing]:
        """All so far, by time."""
        still = [
            Firing(self.equipment[place], turn.time, None, turn.spared)
            for place, turn in self._open.items()
        ]
        return sorted([*self._done, *still], key=lambda one: (one.start, one.equipment))

    def _close(self, began: Turn, end: int) -> None:
        name = self.equipment[began.place]
        self._done.append(Firing(name, began.time, end, began.spared))


def past(
    firings: list[Firing], start: int, end: int, *, unknown: float, step: float, samples: int
) -> Past:
    """The figures of `firings` in [start, end)."""
    told = [one for one in firings if not one.spared]
    marks = [start, *(one.start for one in told), end]
    quiet = max(after - before for before, after in pairwise(marks))
    held = sum((one.end or end) - one.start for one in firings) / 1e9
    return Past(
        *(start, end, tuple(told), len(firings) - len(told), quiet / 1e9, held, unknown),
        step=step,
        samples=samples,
    )
