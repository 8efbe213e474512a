"""Rules side by side over one stream of samples: from pieces of time to what begins and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np

from isthmus.insight.rule.bind import feeds_of, judge_of, rows_of, tags_of
from isthmus.insight.rule.grid import Held, moments
from isthmus.insight.rule.judge import Judge, Turn
from isthmus.model.condition.told import Feed
from isthmus.model.rule import Rule
from isthmus.model.sample import Batch, Bools, Floats, Int64s
from isthmus.model.tag import Namespace

MOST_AHEAD = 200_000  # samples that wait for their moment
CELLS = 400_000  # values looked at in one piece
LEAST = 60  # moments of a piece, however many values that are

Active = Callable[[Rule, Int64s], Bools]


class Turned(NamedTuple):
    """What became of a rule, and what each tag said at that moment (a column each)."""

    judge: Judge
    turn: Turn
    value: Floats


@dataclass(slots=True, eq=False)
class Bench:
    """Rules of one step; `judged` is until when they are judged, `feeds` what no tag tells them.

    A sample that comes after its moment was judged is `late`: it holds from the next moment on.
    """

    step: float
    held: Held
    judges: list[Judge]
    active: Active
    feeds: list[Feed] = field(default_factory=list)
    where: dict[str, int] = field(default_factory=dict)  # the row of each path and feed
    judged: int = 0
    late: int = 0
    dropped: int = 0
    _ahead: Batch = field(default_factory=Batch.empty)

    @classmethod
    def of(cls, rules: Iterable[Rule], namespace: Namespace, active: Active) -> Self:
        """The bench of rules whose steps are equal; nothing is judged yet."""
        found = list(rules)
        tags, feeds = tags_of(found, namespace), feeds_of(found)
        where = rows_of(tags, feeds, namespace)
        judges = [judge_of(rule, where, namespace) for rule in found]
        step = found[0].step if found else 1.0
        return cls(step, Held(tags, len(feeds)), judges, active, feeds, where)

    @property
    def reach(self) -> float:
        """How far back it must look to know what it would have known, in seconds."""
        return max((judge.rule.reach for judge in self.judges), default=0.0)

    @property
    def width(self) -> int:
        """How many values each moment has: those that are held, and those that rules look at."""
        places = (place for judge in self.judges for place in judge.rule.places)
        return len(self.where) + sum(len(place.when.inputs) for place in places) + 1

    @property
    def most(self) -> int:
        """How many moments are judged at once."""
        return max(LEAST, CELLS // self.width)

    def start(self, time: int, before: Batch, fed: Batch | None = None) -> None:
        """Judge from `time` on, where `before` holds, and what is `fed` (by place in `feeds`)."""
        self.judged = time
        self.held.take(self._rows(before, fed))

    def _rows(self, batch: Batch, fed: Batch | None) -> Batch:
        rows = self.held.asked(batch)
        if fed is None or not len(fed):
            return rows
        tag = (fed.tag + len(self.held.tags)).astype(np.int32)
        return Batch.concat([rows, Batch(tag, fed.time, fed.value, fed.quality)])

    def advance(self, batch: Batch, until: int, fed: Batch | None = None) -> list[Turned]:
        """Judge what is not judged until `until`, with `batch` besides what came before.

        However long that is, it is judged in pieces of bounded size.
        """
        rows = self._rows(batch, fed)
        self.late += int((rows.time <= self.judged).sum())
        wide, found = self.most * round(self.step * 1e9), []
        for high in range(self.judged + wide, until, wide):
            inside = rows.time <= high
            found += self._piece(rows.where(inside), high)
            rows = rows.where(~inside)
        return found + self._piece(rows, until)

    def _piece(self, rows: Batch, until: int) -> list[Turned]:
        when = moments(self.judged, until, self.step)
        rows = Batch.concat([self._ahead, rows])
        now = rows.time <= (int(when[-1]) if len(when) else self.judged)
        self._ahead = rows.where(~now)
        if len(self._ahead) > MOST_AHEAD:
            self.dropped += len(self._ahead) - MOST_AHEAD
            self._ahead = self._ahead.slice(len(self._ahead) - MOST_AHEAD, len(self._ahead))
        rows = rows.where(now)
        if not len(when):
            self.held.take(rows)
            return []
        grid = self.held.at(rows, when)
        self.judged = int(when[-1])
        found = []
        for judge in self.judges:
            for turn in judge.judge(grid, when, self.active(judge.rule, when)):
                row = (turn.time - int(when[0])) // round(self.step * 1e9)
                found.append(Turned(judge, turn, grid.value[row].copy()))  # the grid may go
        return sorted(found, key=lambda one: one.turn.time)
