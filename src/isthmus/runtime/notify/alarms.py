"""From what becomes of alarms to notices and incidents, and from step to step."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from isthmus.insight.alarm.machine import Change
from isthmus.insight.alarm.state import State as AlarmState
from isthmus.insight.notify.escalation import due, ends
from isthmus.model.errors import IsthmusError
from isthmus.model.event import Event
from isthmus.model.notice import Notice
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.alarm.present import Alarm, spelt
from isthmus.runtime.notify.incident import Incident
from isthmus.runtime.notify.message import Message

if TYPE_CHECKING:
    from isthmus.runtime.app import App
    from isthmus.runtime.notify.notify import Notify

MOST_HEARD = 10_000  # changes that wait for the next look


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of an alarm, and when that was heard (ns of the wall)."""

    alarm: Alarm
    change: Change
    text: str
    time: int  # on the plant's clock
    by: str
    heard: int


@dataclass(slots=True)
class Draft:
    """What follows from one look, before it is kept: messages, and incidents by path and key."""

    open: dict[str, dict[str, Incident]]
    messages: list[Message] = field(default_factory=list)
    changed: dict[str, Incident] = field(default_factory=dict)
    over: dict[str, Incident] = field(default_factory=dict)
    failed: list[Exception] = field(default_factory=list)

    @classmethod
    def of(cls, incidents: Iterable[Incident]) -> Draft:
        """A draft in which nothing has followed yet."""
        made = cls({})
        for each in incidents:
            made.open.setdefault(each.path, {})[each.key] = each
        return made

    def every(self) -> list[Incident]:
        """All that are open."""
        return [each for found in self.open.values() for each in found.values()]

    def at(self, path: str) -> list[Incident]:
        """Those open at `path`."""
        return list(self.open.get(path, {}).values())

    def put(self, incident: Incident) -> None:
        """It is open, as it is told here."""
        self.open.setdefault(incident.path, {})[incident.key] = incident
        self.changed[incident.key] = incident
        self.over.pop(incident.key, None)

    def end(self, incident: Incident, messages: Iterable[Message]) -> None:
        """It is over; `messages` tell so."""
        self.open.get(incident.path, {}).pop(incident.key, None)
        self.changed.pop(incident.key, None)
        self.over[incident.key] = incident
        self.messages += messages


@dataclass(slots=True)
class Watchman:
    """Sees to it that somebody comes: begins, goes on with and ends incidents."""

    app: App
    notify: Notify
    lost: int = 0
    heard: deque[Changed] = field(default_factory=deque)

    def hear(self, alarm: Alarm, event: Event) -> None:
        """Take a change of an alarm; never waits, never raises."""
        if not self.notify.entry.routes:
            return
        if len(self.heard) >= MOST_HEARD:
            self.lost += 1
            return
        change, by = Change(str(event.data["change"])), str(event.data.get("by") or "")
        now = self.notify.wall()
        self.heard.append(Changed(alarm, change, event.text, int(event.time), by, now))

    def resume(self) -> None:
        """Make up for what was not heard before a crash: alarms that nobody has seen."""
        if not self.notify.entry.routes:
            return
        waiting = {}
        for each in self.app.alarms.present():
            if each.state is AlarmState.UNACKNOWLEDGED:
                kind = each.alarm.definition
                text = f"{kind.title or kind.name} {Change.RAISED}{spelt(each.reading)}"
                changed = Changed(
                    each.alarm, Change.RAISED, text, each.raised, "", self.notify.wall()
                )
                self.heard.append(changed)
                waiting[each.alarm.path] = each.raised
        known = self.notify.outbox.incidents.values()
        self.notify.outbox.keep(
            over=[
                each
                for each in known
                if waiting.get(each.path) != each.raised and not self._goes_on(each)
            ]
        )

    def _goes_on(self, incident: Incident) -> bool:
        """Whether an incident lasts although its alarm is over: nobody has acknowledged it."""
        place = self.app.alarms.places.get(incident.path)
        escalation = self.notify.entry.escalation.get(incident.escalation)
        if place is None or escalation is None or escalation.on_return == "stop":
            return False
        present = next(self.app.alarms.present([incident.path]))
        over = (AlarmState.RETURNED, AlarmState.LATCHED_UNACKNOWLEDGED)
        return present.state in over and present.raised == incident.raised

    # ------------------------------------------------------------------ time goes on
    def look(self) -> None:
        """Take what was heard, and tell the steps that are due; kept as one, or not at all.

        What fails at one incident keeps none from the others, and is raised when they are kept.
        """
        draft = Draft.of(self.notify.outbox.incidents.values())
        heard = len(self.heard)
        for number in range(heard):
            try:
                self._take(self.heard[number], draft)
            except IsthmusError:
                raise  # the disk does not take it: all is tried again
            except Exception:
                self.lost += 1
                del self.heard[number]
                raise
        now = self.notify.wall()
        for incident in draft.every():
            self._go_on(incident, now, draft)
        self.notify.outbox.keep(draft.messages, draft.changed.values(), draft.over.values())
        for _ in range(heard):
            self.heard.popleft()
        if draft.failed:
            raise draft.failed[0]

    def _take(self, changed: Changed, draft: Draft) -> None:
        raised = changed.change is Change.RAISED
        for incident in draft.at(changed.alarm.path):
            escalation = self.notify.entry.escalation.get(incident.escalation)
            if raised and incident.raised != changed.time:  # it goes on, and came again: a new one
                draft.end(incident, [])
            elif escalation is None or ends(escalation, changed.change):
                draft.end(incident, self._words_of_end(incident, changed))
        if raised:
            self._begin(changed, draft)

    def _begin(self, changed: Changed, draft: Draft) -> None:
        notice, notify = self._notice(changed), self.notify
        open_ = {each.escalation for each in draft.at(changed.alarm.path)}
        begins: dict[str, int] = {}  # of several routes to an escalation the earliest counts
        for route in notify.routes.of(notice):
            when = notify.routes.due(route, notice, changed.heard)
            plain = [name for name in route.to if name not in notify.entry.escalation]
            if plain:
                to = notify.whom.addresses(plain, when)
                draft.messages += notify.messages(notice, to, changed.heard, due=when)
            for name in route.to:
                if name in notify.entry.escalation and name not in open_:
                    begins[name] = min(when, begins.get(name, when))
        for name, when in begins.items():
            incident = _incident(notice, name, when)
            draft.put(incident)
            self._go_on(incident, changed.heard, draft)

    def _go_on(self, incident: Incident, now: int, draft: Draft) -> None:
        try:
            self._steps(incident, now, draft)
        except Exception as error:  # noqa: BLE001 - raised when the others are kept
            draft.failed.append(error)

    def _steps(self, incident: Incident, now: int, draft: Draft) -> None:
        escalation = self.notify.entry.escalation.get(incident.escalation)
        if escalation is None:  # taken out of the plant file
            draft.end(incident, [])
            return
        steps = due(escalation, incident.begun, incident.told, now)
        if not steps:
            return
        messages: list[Message] = []
        told = list(incident.to)
        for step in steps:
            to = self.notify.whom.addresses(escalation.steps[step.step].to, now)
            size, rounds = len(escalation.steps), escalation.repeat + 1
            text = f"Step {step.step + 1} of {size} of the escalation {incident.escalation}"
            text += f", round {step.round + 1} of {rounds}" if step.round else ""
            messages += self.notify.messages(incident.notice, to, now, due=step.at, step=text)
            told += to
        draft.messages += messages
        to = list(dict.fromkeys(told))
        draft.put(replace(incident, told=steps[-1].number + 1, to=to))

    def _words_of_end(self, incident: Incident, changed: Changed) -> list[Message]:
        """What those who were told hear when it is over, where that is wished.

        Whoever is on call now may be somebody else, who knows nothing of it.
        """
        notify = self.notify
        escalation = notify.entry.escalation.get(incident.escalation)
        if escalation is None or not escalation.tell_end or not incident.told:
            return []
        whom = incident.to
        if not whom:  # of an incident that an earlier version began, which kept no addresses
            names = {name for step in escalation.steps[: incident.told] for name in step.to}
            whom = notify.whom.addresses(sorted(names), incident.begun)
        to = [each for each in whom if each.channel in notify.entry.channels]
        if not to:
            return []
        by = f" by {changed.by}" if changed.by not in ("", "isthmus") else ""
        notice = Notice(
            f"{incident.notice.key}:over",
            *("alarm", f"{incident.title}: {changed.change}{by}", changed.text),
            Nanoseconds(changed.time),
            about=incident.path,
            priority=incident.priority,
            link=incident.link,
        )
        return notify.messages(notice, to, changed.heard)

    def _notice(self, changed: Changed) -> Notice:
        alarm, kind = changed.alarm, changed.alarm.definition
        return Notice(
            f"alarm:{alarm.path}:{changed.time}",
            "alarm",
            f"{kind.title or kind.name}, {alarm.equipment}",
            "\n".join(_lines(changed)),
            Nanoseconds(changed.time),
            about=alarm.path,
            priority=int(kind.priority),
            link=f"/alarms?alarm={quote(alarm.path, safe='')}",
        )


def _incident(notice: Notice, escalation: str, begun: int) -> Incident:
    return Incident(
        *(notice.about, escalation, int(notice.at), begun),
        *(notice.title, notice.text, notice.priority, notice.link),
    )


def _lines(changed: Changed) -> Iterator[str]:
    kind = changed.alarm.definition
    yield changed.text
    if kind.advice:
        yield f"What to do: {kind.advice}"
    if kind.consequence:
        yield f"If nobody does: {kind.consequence}"
    if kind.response is not None:
        yield f"Time to act: {kind.response / 60:g} min"
