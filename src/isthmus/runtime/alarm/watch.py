"""What holds now: the conditions of a plant over its live values, equal ones evaluated at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np

from isthmus.insight.alarm.machine import NO, UNKNOWN, YES, Int8s
from isthmus.model.condition.condition import Condition
from isthmus.model.condition.node import Compared, Frame, Joined, Lasting, Opposite, Proposition
from isthmus.model.condition.reader import bound
from isthmus.model.path import join
from isthmus.model.sample import Bools, Floats, Int32s, Int64s, Status, TagId
from isthmus.model.tag import Namespace
from isthmus.runtime.live import Live


class Reading(NamedTuple):
    """The number that a condition judges, and what it is compared with, in the unit of the tag."""

    value: float
    limit: float
    unit: str


@dataclass(slots=True, eq=False)
class Group:
    """One condition at many places."""

    condition: Condition
    places: Int64s
    tags: Int32s  # a row an input, a column a place
    bounds: Floats
    units: list[str]
    since: Int64s = field(init=False)
    compared: Compared | None = field(init=False)

    def __post_init__(self) -> None:
        self.compared = _compared(self.condition.root)
        self.since = np.zeros((self.condition.lasting, len(self.places)), np.int64)

    def frame(self, live: Live, active: Bools, now: int) -> Frame:
        """What the condition needs to know of the present."""
        value = live.value[self.tags]
        known = (live.quality[self.tags] < Status.UNCERTAIN) & np.isfinite(value)
        slack = active[self.places].astype(np.float64)
        return Frame(value, known, live.time[self.tags], self.bounds, slack, self.since, now)

    def alone(self, column: int, live: Live, now: int) -> Frame:
        """What the condition needs to know of the present at one place."""
        here = slice(column, column + 1)
        tags, bounds = self.tags[:, here], self.bounds[:, here]
        value = live.value[tags]
        known = (live.quality[tags] < Status.UNCERTAIN) & np.isfinite(value)
        since = self.since[:, here]
        return Frame(value, known, live.time[tags], bounds, np.zeros(1), since, now)


@dataclass(slots=True, eq=False)
class Watch:
    """Conditions by place; one that names no tag of the plant is never known."""

    size: int
    groups: list[Group]
    _columns: dict[int, tuple[Group, int]] = field(init=False)

    def __post_init__(self) -> None:
        self._columns = {
            place: (group, column)
            for group in self.groups
            for column, place in enumerate(group.places.tolist())
        }

    @classmethod
    def of(
        cls, asked: Iterable[tuple[str, Condition | None]], namespace: Namespace, size: int
    ) -> Self:
        """The watch of `asked`: for each place its equipment and its condition."""
        places: defaultdict[Condition, list[tuple[int, str]]] = defaultdict(list)
        for place, (path, condition) in enumerate(asked):
            if condition is not None:
                places[condition].append((place, path))
        groups = []
        for condition, found in places.items():
            bound_here = [
                (place, path)
                for place, path in found
                if all(namespace.id(join(path, name)) is not None for name in condition.inputs)
            ]
            if bound_here:
                groups.append(_group(condition, bound_here, namespace))
        return cls(size, groups)

    def look(self, live: Live, active: Bools, now: int) -> tuple[Int8s, Int64s]:
        """Whether each condition holds, and when the newest sample it rests on was taken."""
        truth, time = np.full(self.size, UNKNOWN, np.int8), np.full(self.size, now, np.int64)
        for group in self.groups:
            frame = group.frame(live, active, now)
            holds, known = group.condition.root.test(frame)
            truth[group.places] = np.where(known, np.where(holds, YES, NO), UNKNOWN)
            if len(frame.time) and not group.condition.lasting:
                time[group.places] = frame.time.max(axis=0)
        return truth, time

    def reading(self, place: int, live: Live, now: int) -> Reading | None:
        """The first comparison of a condition, None where it compares no numbers."""
        if place not in self._columns:
            return None
        group, column = self._columns[place]
        if group.compared is None:
            return None
        frame = group.alone(column, live, now)
        value, known = group.compared.left.number(frame)
        limit, also = group.compared.right.number(frame)
        if not (known[0] and also[0]):
            return None
        return Reading(float(value[0]), float(limit[0]), group.units[column])


def _group(condition: Condition, found: list[tuple[int, str]], namespace: Namespace) -> Group:
    def number(path: str, name: str) -> TagId:
        known = namespace.id(join(path, name))
        if known is None:
            raise LookupError(join(path, name))  # left out before
        return known

    tags = [[number(path, name) for _, path in found] for name in condition.inputs]
    bounds = [
        [_bound(namespace, number(path, name), group, word) for _, path in found]
        for name, group, word in condition.bounds
    ]
    units = [
        namespace[number(path, condition.inputs[0])].unit if condition.inputs else ""
        for _, path in found
    ]
    size = len(found)
    return Group(
        condition,
        np.array([place for place, _ in found], np.int64),
        np.array(tags, np.int32).reshape(len(tags), size),
        np.array(bounds, np.float64).reshape(len(bounds), size),
        units,
    )


def _bound(namespace: Namespace, tag: TagId, group: str, word: str) -> float:
    found = bound(namespace[tag], group, word)
    return np.nan if found is None else found


def _compared(part: Proposition) -> Compared | None:
    if isinstance(part, Compared):
        return part
    if isinstance(part, Joined):
        return _compared(part.left) or _compared(part.right)
    if isinstance(part, Opposite | Lasting):
        return _compared(part.of)
    return None
