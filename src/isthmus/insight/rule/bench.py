"""Rules side by side over one stream of samples: from pieces of time to what begins and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from isthmus.insight.rule.bind import judge_of, tags_of
from isthmus.insight.rule.grid import Held, moments
from isthmus.insight.rule.judge import Judge, Turn
from isthmus.model.rule import Rule
from isthmus.model.sample import Batch, Bools, Floats, Int64s
from isthmus.model.tag import Namespace

MOST_AHEAD = 200_000  # samples that wait for their moment

Active = Callable[[Rule, Int64s], Bools]


class Turned(NamedTuple):
    """What became of a rule, and what each tag said at that moment (a column each)."""

    judge: Judge
    turn: Turn
    value: Floats


@dataclass(slots=True, eq=False)
class Bench:
    """Rules of one step; `judged` is until when they are judged.

    A sample that comes after its moment was judged is `late`: it holds from the next moment on.
    """

    step: float
    held: Held
    judges: list[Judge]
    active: Active
    judged: int = 0
    late: int = 0
    dropped: int = 0
    _ahead: Batch = field(default_factory=Batch.empty)

    @classmethod
    def of(cls, rules: Iterable[Rule], namespace: Namespace, active: Active) -> Self:
        """The bench of rules whose steps are equal; nothing is judged yet."""
        found = list(rules)
        tags = tags_of(found, namespace)
        judges = [judge_of(rule, tags, namespace) for rule in found]
        return cls(found[0].step if found else 1.0, Held(tags), judges, active)

    @property
    def reach(self) -> float:
        """How far back it must look to know what it would have known, in seconds."""
        return max((judge.rule.reach for judge in self.judges), default=0.0)

    def start(self, time: int, before: Batch) -> None:
        """Judge from `time` on, where `before` holds."""
        self.judged = time
        self.held.take(self.held.asked(before))

    def advance(self, batch: Batch, until: int) -> list[Turned]:
        """Judge what is not judged until `until`, with `batch` besides what came before."""
        when = moments(self.judged, until, self.step)
        rows = self.held.asked(batch)
        self.late += int((rows.time <= self.judged).sum())
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
        value, known = self.held.at(rows, when)
        self.judged = int(when[-1])
        found = []
        for judge in self.judges:
            for turn in judge.judge(value, known, when, self.active(judge.rule, when)):
                row = (turn.time - int(when[0])) // round(self.step * 1e9)
                found.append(Turned(judge, turn, value[row]))
        return sorted(found, key=lambda one: one.turn.time)
