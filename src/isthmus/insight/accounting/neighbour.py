"""What the other units of a line did around a stop: who stood, and who waited."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.insight.accounting.accounts import Accounts, Look
from isthmus.model.sample import Floats, Int64s

AROUND = 3_600 * 10**9  # ns before and after a stop in which waiting is compared
TOLD = 2 * 10**9  # ns by which two machines may tell one moment apart
_FAULTS = (Look.STOP, Look.SETUP)
_WAITS = (Look.STARVED, Look.BLOCKED)


@dataclass(frozen=True, slots=True, eq=False)
class Neighbour:
    """A unit of the same line: what it is called, when it stood by itself and why, and waited.

    `start` and `end` (ns) are those of stops by own fault and of setups, `why` their causes;
    `edge` are moments, `wait` and `run` the ns that it had waited and run up to each.
    """

    title: str
    start: Int64s
    end: Int64s
    why: tuple[str, ...]
    edge: Int64s
    wait: Floats
    run: Floats

    @classmethod
    def of(cls, title: str, accounts: Accounts) -> Neighbour:
        """The same of a unit's accounts."""
        episodes = accounts.episodes()
        faults = [each for each in episodes if each.look in _FAULTS]
        why = []
        for each in faults:
            causes = accounts.cause[each.first : each.last].tolist()
            told = next((accounts.words.get(cause, "") for cause in causes if cause), "")
            why.append(told.replace("_", " "))
        edge = np.array([*(each.start for each in episodes), episodes[-1].end], np.int64)
        wait, run = (
            np.cumsum(
                [0, *(each.end - each.start if each.look in looks else 0 for each in episodes)]
            )
            for looks in (_WAITS, (Look.RUN,))
        )
        return cls(
            title,
            np.array([each.start for each in faults], np.int64),
            np.array([each.end for each in faults], np.int64),
            tuple(why),
            edge,
            wait.astype(np.float64),
            run.astype(np.float64),
        )

    def stood(self, moment: int, near: int) -> str | None:
        """How long it had stood by itself at `moment` (ns), or less than `near` before, and why."""
        at = int(np.searchsorted(self.start, moment, side="right")) - 1
        if at < 0 or self.end[at] <= moment - near:
            return None
        since = (moment - int(self.start[at])) / 60e9
        why = f" ({self.why[at]})" if self.why[at] else ""
        return f"{self.title} had stood for {since:.1f} min{why}"

    def held(self, start: int, end: int) -> bool:
        """Whether it stood by itself at `start` and no longer than until `end`, or still does.

        Who waits for it does not go on before it does.
        """
        at = int(np.searchsorted(self.start, start, side="right")) - 1
        if at < 0 or self.end[at] <= start:
            return False
        return bool(self.end[at] <= end + TOLD or self.end[at] == self.edge[-1])

    def waited(self, start: int, end: int) -> float:
        """How long it waited for others around [start, end), in ns."""
        return self._around(self.wait, start, end)

    def ran(self, start: int, end: int) -> float:
        """How long it ran around [start, end), in ns."""
        return self._around(self.run, start, end)

    def _around(self, spent: Floats, start: int, end: int) -> float:
        edges = np.array([start - AROUND, end + AROUND], np.float64)
        return float(np.diff(np.interp(edges, self.edge.astype(np.float64), spent))[0])
