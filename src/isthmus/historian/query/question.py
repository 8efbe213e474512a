"""One question to history, and its answer as a table: what API, command line and Python ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from isthmus.historian.port import Samples
from isthmus.historian.query.aggregate import Progress, Wish, aggregate
from isthmus.historian.query.grid import MOST_CELLS, Fill, grid, union
from isthmus.historian.query.reading import AT_ONCE, pieces
from isthmus.historian.query.reduce import REDUCTIONS, minmax
from isthmus.historian.query.rules import Rules
from isthmus.historian.query.states import states
from isthmus.historian.query.step import Intervals, Step
from isthmus.historian.query.table import answer_table, grid_table, samples_table, states_table
from isthmus.historian.query.words import STATES, USUAL, chosen
from isthmus.model.errors import Refused
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Tag

MOST_ROWS = 5_000_000
MOST_FLOW = 10_000_000_000  # samples of an answer that is not held in memory
MOST_POINTS = 100_000
Reduce = Literal["minmax", "lttb"]
SHIFT, UNION = "shift", "union"
Stretches = Sequence[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of some tags between `start` and `end` (ns UTC).

    One of: `aggregate` in intervals of `every` (`1h`, `1d`, `shift`; of the whole time if there
    is none); a `grid` of times (a step, or `union` of all times at which a tag spoke); `points`
    that draw the same line; or, with none of them, the samples as they are, at most `rows`.
    """

    start: Nanoseconds
    end: Nanoseconds
    aggregate: Sequence[str] = ()
    every: str = ""
    grid: str = ""
    points: int | None = None
    reduce: Reduce = "minmax"
    fill: Fill = "hold"
    most_age: int | None = None  # ns
    sloped: bool = False
    rules: Rules = field(default_factory=Rules)
    wide: bool = False
    rows: int = MOST_ROWS

    @property
    def raw(self) -> bool:
        """Whether the samples are asked for as they are."""
        return not (self.aggregate or self.every or self.grid) and self.points is None

    def __post_init__(self) -> None:
        """Refuse what cannot be answered at once."""
        if self.start >= self.end:
            raise Refused("the end is not after the start", hint="give a start before the end")
        ways = {
            "aggregate": bool(self.aggregate or self.every),
            "grid": bool(self.grid),
            "points": self.points is not None,
        }
        asked = [name for name, wanted in ways.items() if wanted]
        if len(asked) > 1:
            raise Refused(
                f"{' and '.join(asked)} are different questions", hint="ask one at a time"
            )
        if self.wide and not (ways["aggregate"] or ways["grid"]):
            raise Refused(
                "samples have times of their own, so there is no row with one of each tag",
                hint="ask for a `grid`, or for aggregates `every` 1min",
            )
        if self.reduce not in REDUCTIONS:
            raise Refused(f"there is no reduction `{self.reduce}`", hint="minmax or lttb")
        if self.points is not None and self.points > MOST_POINTS:
            raise Refused(f"{self.points:,} points", hint=f"{MOST_POINTS:,} a tag are allowed")


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a question is asked: the plant's zone and time, and its shifts."""

    zone: ZoneInfo
    now: Nanoseconds
    shifts: Stretches = ()


def answer(
    samples: Samples,
    tags: Mapping[TagId, Tag],
    question: Question,
    place: Place,
    told: Progress = lambda _: None,
) -> pa.Table:
    """The answer as a table; Refused where it is too large or contradicts itself."""
    if not tags:
        raise Refused("no tag is asked for", hint="name one, or a pattern such as `**/power`")
    if question.aggregate or question.every:
        return _aggregated(samples, tags, question, place, told)
    if question.grid:
        return _gridded(samples, tags, question, place)
    if question.points is not None:
        return _reduced(samples, tags, question, told)
    return samples_table(read(samples, tags, question), tags)


def read(samples: Samples, tags: Mapping[TagId, Tag], question: Question) -> Batch:
    """The samples themselves, by time; Refused where there are too many."""
    ids = np.array(sorted(tags), np.int32)
    parts, found, most = [], 0, min(question.rows, MOST_ROWS)
    for rows in pieces(samples, ids, question.start, question.end):
        found += len(rows)
        if found > most:
            raise Refused(
                f"there are more than {most:,} samples",
                hint="ask for less time or fewer tags, for `points`, or aggregates `every` 1min;"
                " as an Arrow stream an answer may be of any length, with `rows`",
            )
        parts.append(rows)
    whole = Batch.concat(parts)
    return whole.where(np.argsort(whole.time, kind="stable"))


def intervals_of(question: Question, place: Place) -> Intervals:
    """The intervals that `every` means."""
    if not question.every:
        return Intervals.whole(question.start, question.end)
    if question.every == SHIFT:
        return Intervals.named(place.shifts, question.start, question.end)
    step = Step.parse(question.every)
    return Intervals.every(step, question.start, question.end, place.zone)


def _aggregated(
    samples: Samples,
    tags: Mapping[TagId, Tag],
    question: Question,
    place: Place,
    told: Progress,
) -> pa.Table:
    names = chosen(question.aggregate or USUAL)
    wish = Wish(names, question.rules, sloped=question.sloped, now=place.now)
    intervals = intervals_of(question, place)
    if names == [STATES]:
        return states_table(states(samples, tags, intervals, wish, told), intervals, tags)
    return answer_table(aggregate(samples, tags, intervals, wish, told), tags, wide=question.wide)


def _gridded(
    samples: Samples, tags: Mapping[TagId, Tag], question: Question, place: Place
) -> pa.Table:
    start, end, age = question.start, question.end, question.most_age
    if question.grid == UNION:
        made = union(samples, tags, start, end, fill=question.fill, most_age=age)
        return grid_table(made, tags, wide=question.wide)
    step = Step.parse(question.grid)
    if (end - start) // step.about > MOST_CELLS:
        raise Refused(
            f"a grid of {(end - start) // step.about:,} times",
            hint=f"{MOST_CELLS:,} cells are allowed: ask for a longer step or less time",
        )
    times = step.times(start, end, place.zone)
    made = grid(samples, tags, times, fill=question.fill, most_age=age, now=place.now)
    return grid_table(made, tags, wide=question.wide)


def _reduced(
    samples: Samples, tags: Mapping[TagId, Tag], question: Question, told: Progress
) -> pa.Table:
    """Each tag by itself; what is too much to hold keeps its extremes, then it is reduced."""
    reduce, points = REDUCTIONS[question.reduce], question.points or 0
    if len(tags) * points > MOST_ROWS:
        raise Refused(
            f"{points:,} points of {len(tags):,} tags", hint=f"{MOST_ROWS:,} are allowed in all"
        )
    parts = []
    for number, tag in enumerate(sorted(tags)):
        held = Batch.empty()
        for rows in pieces(samples, np.array([tag], np.int32), question.start, question.end):
            held = Batch.concat([held, rows])
            held = minmax(held, AT_ONCE // 2) if len(held) > AT_ONCE else held
        parts.append(reduce(held, points))
        told((number + 1) / len(tags))
    return samples_table(Batch.concat(parts), tags)
