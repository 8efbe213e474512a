"""What a counter grew while nobody looked, put where its unit most likely made it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from isthmus.insight.accounting.accounts import RUNNING
from isthmus.insight.accounting.partition import Partition
from isthmus.insight.accounting.rules import TimeElement
from isthmus.insight.counter import Growth
from isthmus.model.counter import HEARTBEAT
from isthmus.model.sample import Bools, Floats, Int64s
from isthmus.model.state import State

SEEN = HEARTBEAT  # ns: what grew within so long is taken for straight
NEAR = 900 * 10**9  # ns on both sides of an unseen stretch in which its pace is looked up
TRUSTED = 10 * 10**9  # ns of time near it that a pace taken for granted is worth


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What a unit did: stretches from each `start` (ns) to the next one, the last until `until`.

    `stood` and `ran` say that it is known to have; where neither holds, nothing is known.
    """

    start: Int64s
    until: int
    stood: Bools
    ran: Bools
    planned: Bools

    @classmethod
    def of(cls, partition: Partition) -> Course:
        """What the machine told, beside what was planned."""
        ran = np.isin(partition.state, list(RUNNING))
        known = partition.state != State.UNKNOWN
        planned = partition.operation & (partition.element != TimeElement.PMT)
        return cls(partition.start, int(partition.end[-1]), known & ~ran, ran, planned)

    def blind(self) -> Course:
        """The same for another unit: only what was planned is known of it."""
        never = np.zeros(len(self.start), np.bool_)
        return replace(self, stood=never, ran=never)

    def covers(self, start: int, end: int) -> bool:
        """Whether it tells of all of [start, end)."""
        return int(self.start[0]) <= start and end <= self.until

    def cut(self, start: int, end: int) -> tuple[Int64s, Int64s]:
        """Edges of the stretches inside [start, end], and the place of each stretch."""
        first = int(self.start.searchsorted(start, "right"))
        last = max(first, int(self.start.searchsorted(end, "left")))
        edges = np.empty(last - first + 2, np.int64)
        edges[0], edges[1:-1], edges[-1] = start, self.start[first:last], end
        return edges, np.arange(len(edges) - 1) + max(0, first - 1)


def unseen(growth: Growth) -> Int64s:
    """The stretches of `growth`, by the place of their beginning, that are long and not level."""
    if not growth.known:
        return np.zeros(0, np.int64)
    return np.flatnonzero((np.diff(growth.time) > SEEN) & (np.diff(growth.total) > 0))


def doubtful(growth: Growth, course: Course) -> Int64s:
    """The unseen stretches, and those in which planned time begins or ends, however short."""
    if not growth.known:
        return np.zeros(0, np.int64)
    turns = course.start[1:][np.diff(course.planned)]
    at = np.searchsorted(growth.time, turns, side="right") - 1
    at = at[(at >= 0) & (at < len(growth.time) - 1)]
    grew = growth.total[at + 1] > growth.total[at]
    return np.union1d(unseen(growth), at[grew])


def shared(growth: Growth, course: Course) -> Growth:
    """The same growth, what grew unseen shared out by what its unit did meanwhile.

    Nothing grew while the unit is known to have stood. The rest goes by the pace that the counter
    had just before and after, in planned time and outside of it, each by its own; where the pace
    outside was not seen, none is taken for granted unless the unit told that it ran.
    """
    times, totals, places = [], [], []
    found = doubtful(growth, course)
    first = course.start.searchsorted(growth.time[found], "right")
    found = found[course.start.searchsorted(growth.time[found + 1]) > first]  # the unit changed
    for at, near in zip(found.tolist(), _near(growth, course, found), strict=True):
        begin, end = int(growth.time[at]), int(growth.time[at + 1])
        edges, place = course.cut(begin, end)
        if not course.covers(begin, end):
            continue
        usual = (growth.total[at + 1] - growth.total[at]) / (end - begin)
        weight = np.diff(edges) * _pace(course, place, near, usual)
        if not weight.any():  # it stood all the while, and yet the counter grew
            continue
        part = np.cumsum(weight)[:-1] / weight.sum()
        times.append(edges[1:-1])
        totals.append(growth.total[at] + part * (growth.total[at + 1] - growth.total[at]))
        places.append(np.full(len(part), at + 1))
    if not times:
        return growth
    into = np.concatenate(places)
    return replace(
        growth,
        time=np.insert(growth.time, into, np.concatenate(times)),
        total=np.insert(growth.total, into, np.concatenate(totals)),
    )


def straddled(growth: Growth, edges: Int64s) -> float:
    """How much grew in those unseen stretches that an edge (ns) lies in: where is not known."""
    at = unseen(growth)
    inside = np.searchsorted(edges, growth.time[at], side="right") < np.searchsorted(
        edges, growth.time[at + 1]
    )
    return float((growth.total[at + 1] - growth.total[at])[inside].sum())


def _pace(course: Course, place: Int64s, near: Floats, usual: float) -> Floats:
    """How fast it grew in each stretch `place` of an unseen stretch, in any unit."""
    pace = np.zeros(len(place))
    for planned in (True, False):
        rows = course.planned[place] == planned
        made, spent = near[int(planned)]
        granted = np.where(planned | course.ran[place], usual, 0.0)
        pace[rows] = ((made + granted * TRUSTED) / (spent + TRUSTED))[rows]
    return np.where(course.stood[place], 0.0, pace)


def _near(growth: Growth, course: Course, at: Int64s) -> Floats:
    """Growth and ns near each of the stretches `at`, outside of planned time and in it.

    What the unit is known to have stood is left out. It is the difference of what adds up from the
    beginning on, so that it is added up once.
    """
    found = np.zeros((len(at), 2, 2))
    if not len(at):
        return found
    begin, end = growth.time[at], growth.time[at + 1]
    sides = (
        (np.maximum(begin - NEAR, growth.time[0]), begin),
        (end, np.minimum(end + NEAR, growth.time[-1])),
    )
    edges = np.append(course.start, course.until)
    level = growth.until(edges)
    for planned in (False, True):
        counts = (course.planned == planned) & ~course.stood
        made = np.concatenate([[0.0], np.cumsum(np.diff(level) * counts)])
        spent = np.concatenate([[0], np.cumsum(np.diff(edges) * counts)])
        for first, last in sides:
            since = np.maximum(first, edges[0])
            for times, sign in ((since, -1), (np.maximum(since, np.minimum(last, edges[-1])), 1)):
                row = np.clip(np.searchsorted(course.start, times, "right") - 1, 0, None)
                inside = counts[row]
                grown = made[row] + inside * (growth.until(times) - level[row])
                found[:, int(planned), 0] += sign * grown
                found[:, int(planned), 1] += sign * (spent[row] + inside * (times - edges[row]))
    return found
