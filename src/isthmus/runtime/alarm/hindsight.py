"""The journal that alarms would have had over a time that is known only afterwards.

Conditions are judged each second by the code of rules, then delays and states by that of alarms;
only moments at which something changes are looked at, so a day takes a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from isthmus.insight.alarm.machine import NO, UNKNOWN, YES, Change, Int8s, Machine, Transition
from isthmus.insight.alarm.state import UNSEEN
from isthmus.insight.rule.bind import judge_of
from isthmus.insight.rule.grid import Grid, Held, moments
from isthmus.insight.rule.judge import Look
from isthmus.model.condition.condition import Condition
from isthmus.model.event import Event
from isthmus.model.path import join
from isthmus.model.plant import Plant
from isthmus.model.rule import Place, Rule
from isthmus.model.sample import Batch, Int64s, Nanoseconds, TagId
from isthmus.model.tag import Namespace
from isthmus.runtime.alarm.journal import KIND, SEVERITY
from isthmus.runtime.alarm.present import Alarm

Seen = Callable[[Alarm, int], tuple[int, str] | None]
"""When somebody acknowledges an alarm that came at a time, and who; None where nobody does."""

STEP = 1.0  # seconds between two looks
PIECE = 6 * 3_600 * 10**9  # ns that are looked at together


class Came(NamedTuple):
    """What became of an alarm, and by whom."""

    alarm: Alarm
    transition: Transition
    by: str


@dataclass(slots=True)
class Conditions:
    """Conditions at their alarms, looked at as if none was active and as if all were."""

    inactive: list[tuple[Int64s, Look]]  # the numbers of alarms that have it, and the condition
    active: list[tuple[Int64s, Look]]

    @classmethod
    def of(
        cls,
        asked: Iterable[tuple[int, Alarm, Condition]],
        where: Mapping[str, int],
        namespace: Namespace,
    ) -> Self:
        """The conditions of `asked`, each with the number of its alarm and the alarm."""
        found = list(asked)
        numbers = np.array([number for number, _, _ in found], np.int64)
        rule = Rule("alarms", tuple(_place(alarm, when) for _, alarm, when in found))
        inactive, active = [], []
        for group in judge_of(rule, where, namespace).groups:
            look, own = group.rise, numbers[group.places]
            inactive.append((own, look))
            more = look.condition, look.condition.root, look.rows, look.bounds
            active.append((own, Look.of(*more, STEP, slack=1.0)))
        return cls(inactive, active)

    def test(self, grid: Grid, when: Int64s, size: int, *, active: bool) -> Int8s:
        """Whether each holds: a row a moment, a column an alarm; NO where there is none."""
        truth = np.full((len(when), size), NO, np.int8)
        for numbers, look in self.active if active else self.inactive:
            holds, known = look.test(grid, when)
            truth[:, numbers] = np.where(known, np.where(holds, YES, NO), UNKNOWN)
        return truth

    def told(self, grid: Grid, row: int, size: int) -> Int64s:
        """When the newest sample was taken that each rests on."""
        time = np.zeros(size, np.int64)
        for numbers, look in self.inactive:
            time[numbers] = grid.heard[row][look.rows].max(axis=0, initial=0)
        return time


class Hindsight:
    """Alarms over what was: `more` samples in pieces of time, in order, however long each is."""

    def __init__(self, plant: Plant, namespace: Namespace, seen: Seen | None = None) -> None:
        every = [Alarm(each.path, alarm) for each in plant.walk() for alarm in each.alarms]
        self.alarms = [each for each in every if _known(each, namespace)]
        kinds = [each.definition for each in self.alarms]
        self.machine = Machine.of(
            [(each.on_delay, each.off_delay) for each in kinds], [each.latching for each in kinds]
        )
        when = [(n, one, one.definition.when) for n, one in enumerate(self.alarms)]
        unless = [
            (n, one, one.definition.unless)
            for n, one in enumerate(self.alarms)
            if one.definition.unless is not None
        ]
        paths = {
            join(one.equipment, name)
            for _, one, condition in [*when, *unless]
            for name in condition.inputs
        }
        tags = sorted(number for path in paths if (number := namespace.id(path)) is not None)
        self.held = Held(np.array(tags, np.int32))
        where = {namespace[TagId(tag)].path: row for row, tag in enumerate(tags)}
        self.when = Conditions.of(when, where, namespace)
        self.unless = Conditions.of(unless, where, namespace)
        self.seen = seen or (lambda _alarm, _time: None)
        self._until, self._ahead = 0, Batch.empty()
        self._waiting: list[tuple[int, int, str]] = []  # when, which alarm, by whom it is seen
        size = len(self.alarms)
        self._last = np.full((3, size), UNKNOWN, np.int8), np.zeros(size, np.int64)

    def start(self, time: int, before: Batch) -> None:
        """Begin at `time`, where `before` holds and all alarms are normal."""
        self._until = time
        self.held.take(self.held.asked(before))

    def more(self, batch: Batch, until: int) -> list[Came]:
        """What becomes of the alarms until `until`, whose samples are `batch`."""
        found: list[Came] = []
        rows = self.held.asked(batch)
        rows = rows.where(np.argsort(rows.time, kind="stable").astype(np.int64))
        for end in [*range(self._until + PIECE, until, PIECE), until]:
            first, last = np.searchsorted(rows.time, [self._until, end], side="right").tolist()
            found += self._piece(rows.slice(first, last), end)
        return found

    def columns(self) -> dict[str, list[int]]:
        """How each alarm is at the end, by path, as `Alarms.go_on` takes it."""
        return {one.path: self.machine.columns(place) for place, one in enumerate(self.alarms)}

    def _piece(self, rows: Batch, until: int) -> list[Came]:
        when, size = moments(self._until, until, STEP), len(self.alarms)
        self._until = until
        rows = Batch.concat([self._ahead, rows])
        now = rows.time <= (int(when[-1]) if len(when) else 0)
        self._ahead = rows.where(~now)
        if not len(when) or not size:
            return []
        grid = self.held.at(rows.where(now), when)
        truth = np.stack(
            [
                self.when.test(grid, when, size, active=False),
                self.when.test(grid, when, size, active=True),
                self.unless.test(grid, when, size, active=False),
            ],
            axis=1,
        )
        before = np.concatenate([self._last[0][None], truth[:-1]])
        found: list[Came] = []
        for row in np.flatnonzero((truth != before).any(axis=(1, 2))).tolist():
            found += self._due(int(when[row]) - 1)
            self._last = truth[row], self.when.told(grid, row, size)
            found += self._step(int(when[row]))
        return found + self._due(int(when[-1]))

    def _due(self, until: int) -> list[Came]:
        """What delays and people bring until `until`, each at its own time."""
        found: list[Came] = []
        machine, never = self.machine, np.iinfo(np.int64).max
        while True:
            delay = np.where(machine.active, machine.off_delay, machine.on_delay)
            due = int(np.where(machine.pending > 0, machine.pending + delay, never).min())
            seen = min(self._waiting, default=(never, 0, ""))
            if min(due, seen[0]) > until:
                return found
            if seen[0] <= due:
                self._waiting.remove(seen)
                found += self._acknowledge(*seen)
            else:
                found += self._step(due)

    def _step(self, now: int) -> list[Came]:
        found = []
        (inactive, active, unless), told = self._last
        truth = np.where(self.machine.active, active, inactive)
        for change in self.machine.step(now, truth, told, unless):
            alarm = self.alarms[change.place]
            found.append(Came(alarm, change, ""))
            if change.change is Change.RAISED and (seen := self.seen(alarm, change.time)):
                self._waiting.append((seen[0], change.place, seen[1]))
        return found

    def _acknowledge(self, time: int, place: int, by: str) -> Iterator[Came]:
        if self.machine.state(place) in UNSEEN:
            for change in self.machine.acknowledge(place, time):
                yield Came(self.alarms[place], change, by)


def journal(came: Iterable[Came], *, by: str) -> list[Event]:
    """The events of a journal; their numbers are below zero, which no running site gives."""
    return [
        Event(
            Nanoseconds(one.transition.time),
            one.alarm.path,
            KIND,
            f"{one.alarm.definition.title or one.alarm.definition.name} {one.transition.change}",
            SEVERITY[one.alarm.definition.priority],
            {
                "change": one.transition.change.value,
                "state": one.transition.state.value,
                "priority": int(one.alarm.definition.priority),
                "by": one.by or by,
                "group": one.alarm.group or None,
                "number": -number,
            },
        )
        for number, one in enumerate(came, start=1)
    ]


def _known(alarm: Alarm, namespace: Namespace) -> bool:
    conditions = filter(None, (alarm.definition.when, alarm.definition.unless))
    names = (name for each in conditions for name in each.inputs)
    return all(namespace.id(join(alarm.equipment, name)) is not None for name in names)


def _place(alarm: Alarm, condition: Condition) -> Place:
    paths = {name: join(alarm.equipment, name) for name in condition.inputs}
    return Place(alarm.equipment, condition, paths=paths)
