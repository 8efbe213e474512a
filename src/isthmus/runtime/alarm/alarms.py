"""The alarms of a running plant: what they are, in which state, and what people do with them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from isthmus.insight.alarm.machine import UNKNOWN, Change, Int8s, Machine, Transition
from isthmus.insight.alarm.state import ASKING, UNSEEN, Standing, State
from isthmus.model.errors import IsthmusError, Refused
from isthmus.model.event import Event
from isthmus.model.path import join, nearest
from isthmus.model.plant import Plant
from isthmus.model.record import Kind, Recorder
from isthmus.model.sample import Clock
from isthmus.model.tag import Namespace
from isthmus.runtime.alarm.journal import LINK, SEVERITY, Kept
from isthmus.runtime.alarm.present import Alarm, Present, spelt
from isthmus.runtime.alarm.watch import Watch
from isthmus.runtime.live import Live
from isthmus.runtime.troubles import Troubles

if TYPE_CHECKING:
    from isthmus.runtime.app import App

EVERY = 0.5  # seconds between two looks
FILE = "alarms.json"
BY_ITSELF = "isthmus"
_UNSEEN = [standing for standing in Standing if State[standing.name] in UNSEEN]


class Alarms:
    """Judges all alarms twice a second; keeps their states, and tells what becomes of them."""

    def __init__(self, plant: Plant, namespace: Namespace, live: Live, now: Clock) -> None:
        self.all = [Alarm(each.path, alarm) for each in plant.walk() for alarm in each.alarms]
        self.places = {alarm.path: place for place, alarm in enumerate(self.all)}
        kinds = [alarm.definition for alarm in self.all]
        self.machine = Machine.of(
            [(each.on_delay, each.off_delay) for each in kinds], [each.latching for each in kinds]
        )
        size, paths = len(self.all), [alarm.equipment for alarm in self.all]
        whens = zip(paths, [each.when for each in kinds], strict=True)
        unlesses = zip(paths, [each.unless for each in kinds], strict=True)
        self.when = Watch.of(whens, namespace, size)
        self.unless = Watch.of(unlesses, namespace, size)
        self.live, self.now = live, now
        self.told: list[Callable[[Alarm, Event], None]] = []  # who wants to know at once
        self._troubles = Troubles("alarms")
        self._limits = frozenset(
            join(alarm.equipment, name)
            for alarm in self.all
            for name, group, _ in alarm.definition.when.bounds
            if group == "limits"
        )
        self._priority = np.array([int(each.priority) for each in kinds], np.int8)
        self._always = np.array([each.unless is None for each in kinds], bool)
        self._truth: Int8s = np.full(size, UNKNOWN, np.int8)
        self._kept = Kept(Path())
        self._record: Recorder | None = None

    @classmethod
    def open(cls, app: App) -> Alarms:
        """The alarms of a plant as they were when it stopped."""
        made = cls(app.plant, app.namespace, app.live, app.now)
        made._kept = Kept.open(app.settings.folder / FILE)
        made._record = app.trust.ledger
        made.go_on(made._kept.columns)
        return made

    def go_on(self, columns: Mapping[str, list[int]]) -> None:
        """Take the states of alarms, by path, as they were; others stay as they are."""
        for path, kept in columns.items():
            if (place := self.places.get(path)) is not None:
                self.machine.go_on(place, kept)

    # ------------------------------------------------------------------ time goes on
    async def run(self, app: App) -> None:
        """Look, and tell beside it, until cancelled: a stream that waits holds up no look."""
        await app.judging.wait()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell_for_ever(app), name="alarms told")
            while True:
                app.limits.look()
                self.look()
                await asyncio.sleep(EVERY)

    async def _tell_for_ever(self, app: App) -> None:
        while True:
            await self.flush(app)
            await asyncio.sleep(EVERY)

    def look(self) -> list[Transition]:
        """Judge everything once; what follows waits for `flush`."""
        now = int(self.now())
        nothing = np.zeros(len(self.all), bool)
        unless, _ = self.unless.look(self.live, nothing, now)
        unless = np.where(self._always, 0, unless).astype(np.int8)
        self._truth, time = self.when.look(self.live, self.machine.active, now)
        found = self.machine.step(now, self._truth, time, unless)
        if found:
            for change in found:
                self._tell(change, BY_ITSELF, "")
            self._keep()
        return found

    async def flush(self, app: App) -> None:
        """Give the stream what it does not have yet; what fails waits for the next time."""
        untold = self._kept.untold
        first = next(iter(untold.waiting), None)
        try:
            await untold.hand_over(lambda event: app.tell(LINK, event))
        except IsthmusError as error:
            self._troubles.note("stream", f"the stream takes no alarms: {error}")
        else:
            self._troubles.note("stream")
        if next(iter(untold.waiting), None) is not first:
            self._keep()

    def say(self, event: Event) -> None:
        """Keep what is no change of an alarm, as the journal is kept, until the stream has it."""
        self._kept.untold.tell(event)
        self._keep()

    @property
    def trouble(self) -> str:
        """What is in the way now; empty where nothing is."""
        return self._troubles.first

    @property
    def dropped(self) -> int:
        """Changes that could not wait for the stream any longer."""
        return self._kept.untold.dropped

    # ------------------------------------------------------------------ what people do
    def acknowledge(self, path: str, by: str, note: str = "") -> None:
        """`by` has seen it."""
        place = self._place(path)
        self._act(place, by, note, lambda: self.machine.acknowledge(place, int(self.now())))

    def reset(self, path: str, by: str, note: str = "") -> None:
        """A latched alarm is over."""
        place = self._place(path)
        self._act(place, by, note, lambda: self.machine.reset(place, int(self.now())))

    def shelve(self, path: str, by: str, reason: str, seconds: float) -> None:
        """Nobody is told of it for so long; Refused where that is too long, or for priority 1."""
        place = self._place(path)
        most = self.all[place].definition.shelve
        if not reason.strip():
            raise Refused("no reason is given", hint="say why nobody needs to see it")
        if most <= 0:
            raise Refused(f"{path} is never shelved", hint="act on it, or acknowledge it")
        if not 0 < seconds <= most:
            text = f"{path} is shelved for {most / 3600:g} h at most"
            raise Refused(text, hint="shelve it for less, or mend what raises it")
        now = int(self.now())
        until = now + round(seconds * 1e9)
        self._act(place, by, reason.strip(), lambda: self.machine.shelve(place, until, now))

    def unshelve(self, path: str, by: str, note: str = "") -> None:
        """It is told again."""
        place = self._place(path)
        self._act(place, by, note, lambda: self.machine.unshelve(place, int(self.now())))

    def remove(self, path: str, by: str, reason: str) -> None:
        """It is out of service."""
        place = self._place(path)
        if not reason.strip():
            raise Refused("no reason is given", hint="say what is being repaired")
        self._act(place, by, reason, lambda: self.machine.remove(place, int(self.now())))

    def restore(self, path: str, by: str, note: str = "") -> None:
        """It is in service again."""
        place = self._place(path)
        self._act(place, by, note, lambda: self.machine.restore(place, int(self.now())))

    def _act(self, place: int, by: str, note: str, do: Callable[[], list[Transition]]) -> None:
        path, before = self.all[place].path, self.machine.columns(place)
        found = do()
        if self._record is not None:
            facts = {"change": found[0].change.value, "state": found[-1].state.value}
            try:
                self._record.record(
                    Kind.ALARM, by, f"{found[0].change} {path}", about=path, facts=facts
                )
            except IsthmusError:  # what must not happen unrecorded does not happen
                self.machine.restore_columns(place, before)
                raise
        for number, change in enumerate(found):
            self._tell(change, by, note if not number else "")
        self._keep()

    def _place(self, path: str) -> int:
        place = self.places.get(path.strip("/"))
        if place is None:
            close = nearest(path, self.places)
            hint = f"did you mean `{close}`?" if close else "`isthmus alarm list --all` names them"
            raise Refused(f"there is no alarm {path[:200]}", hint=hint)
        return place

    # ------------------------------------------------------------------ what is so
    def present(self, paths: Iterable[str] | None = None) -> Iterator[Present]:
        """Each alarm as it is now; all of them where none is named."""
        places = range(len(self.all)) if paths is None else map(self._place, paths)
        for place in places:
            yield self._present(place)

    def asking(self, most: int | None = None) -> list[Present]:
        """The first `most` that ask for somebody: the most urgent, of equal ones the newest."""
        machine = self.machine
        free = (machine.standing > 0) & ~machine.suppressed & ~machine.removed
        places = np.flatnonzero(free & (machine.shelved == 0))
        seen = ~np.isin(machine.standing[places], _UNSEEN)
        order = np.lexsort((-machine.since[places], seen, self._priority[places]))
        return [self._present(place) for place in places[order][:most].tolist()]

    def limits(self) -> frozenset[str]:
        """The tags of which some alarm watches the limits."""
        return self._limits

    def _present(self, place: int) -> Present:
        machine, alarm, now = self.machine, self.all[place], int(self.now())
        note = self._kept.notes.get(alarm.path, {})
        state = machine.state(place)
        needed = state is not State.NORMAL
        return Present(
            alarm,
            state,
            int(machine.since[place]),
            int(machine.raised[place]),
            bool(machine.active[place]),
            bool(self._truth[place] != UNKNOWN),
            self.when.reading(place, self.live, now) if needed else None,
            int(machine.shelved[place]),
            note.get("by", ""),
            note.get("reason", ""),
            bool(alarm.group) and self._kept.firsts.get(alarm.group) == alarm.path,
        )

    # ------------------------------------------------------------------ what is told
    def _tell(self, change: Transition, by: str, note: str) -> None:
        alarm = self.all[change.place]
        kind, path = alarm.definition, alarm.path
        reading = self.when.reading(change.place, self.live, int(self.now()))
        self._first(alarm, change)
        if change.change is Change.RAISED:
            self._kept.notes.pop(path, None)
        elif by != BY_ITSELF:
            self._kept.notes[path] = {"by": by, "reason": note}
        until = int(self.machine.shelved[change.place])
        facts = {
            "change": change.change.value,
            "state": change.state.value,
            "priority": int(kind.priority),
            "by": by,
            "note": note or None,
            "value": reading.value if reading else None,
            "limit": reading.limit if reading else None,
            "unit": reading.unit if reading else None,
            "group": alarm.group or None,
            "first": self._kept.firsts.get(alarm.group) == path if alarm.group else None,
            "until": until or None,
        }
        text = f"{kind.title or kind.name} {change.change}{spelt(reading)}"
        event = self._kept.tell(change.time, path, text, SEVERITY[kind.priority], facts)
        for listener in self.told:
            listener(alarm, event)

    def _first(self, alarm: Alarm, change: Transition) -> None:
        """Of a group, which came first: until none of it asks for anybody."""
        group, firsts = alarm.group, self._kept.firsts
        if not group:
            return
        if change.change is Change.RAISED:
            firsts.setdefault(group, alarm.path)
        elif not any(
            self.machine.state(place) in ASKING
            for place, other in enumerate(self.all)
            if other.group == group
        ):
            firsts.pop(group, None)

    def _keep(self) -> None:
        for place, alarm in enumerate(self.all):
            self._kept.columns[alarm.path] = self.machine.columns(place)
        if self._kept.file == Path():
            return
        try:
            self._kept.save()
        except OSError as error:
            self._troubles.note("file", f"the states of alarms cannot be kept: {error}")
        else:
            self._troubles.note("file")
