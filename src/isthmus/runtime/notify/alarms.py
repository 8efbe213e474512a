"""From what becomes of alarms to notices and incidents, and from step to step."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from isthmus.insight.alarm.machine import Change
from isthmus.insight.alarm.state import State as AlarmState
from isthmus.insight.notify.escalation import due, ends
from isthmus.model.event import Event
from isthmus.model.notice import Notice
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.alarm.present import Alarm, spelt
from isthmus.runtime.notify.incident import Incident

if TYPE_CHECKING:
    from isthmus.runtime.app import App
    from isthmus.runtime.notify.notify import Notify

log = logging.getLogger(__name__)

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
        for incident in list(self.notify.outbox.incidents.values()):
            if waiting.get(incident.path) != incident.raised and not self._goes_on(incident):
                self.notify.outbox.end(incident)

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
        """Take what was heard, and tell the steps that are due."""
        while self.heard:
            self._take(self.heard[0])
            self.heard.popleft()
        now = self.notify.wall()
        for incident in list(self.notify.outbox.incidents.values()):
            self._go_on(incident, now)

    def _take(self, changed: Changed) -> None:
        for incident in [
            each
            for each in self.notify.outbox.incidents.values()
            if each.path == changed.alarm.path
        ]:
            escalation = self.notify.entry.escalation.get(incident.escalation)
            if escalation is None or ends(escalation, changed.change):
                self._end(incident, changed)
        if changed.change is Change.RAISED:
            self._begin(changed)

    def _begin(self, changed: Changed) -> None:
        notice, notify = self._notice(changed), self.notify
        open_ = {
            each.escalation
            for each in notify.outbox.incidents.values()
            if each.path == changed.alarm.path
        }
        for route in notify.routes.of(notice):
            when = notify.routes.due(route, notice, changed.heard)
            plain = [name for name in route.to if name not in notify.entry.escalation]
            if plain:
                to = notify.whom.addresses(plain, when)
                notify.put(notice, to, changed.heard, due=when)
            for name in route.to:
                if name in notify.entry.escalation and name not in open_:
                    open_.add(name)
                    self._go_on(self._incident(notice, name, when), changed.heard, begun=True)

    def _incident(self, notice: Notice, escalation: str, begun: int) -> Incident:
        return Incident(
            *(notice.about, escalation, int(notice.at), begun),
            *(notice.title, notice.text, notice.priority, notice.link),
        )

    def _go_on(self, incident: Incident, now: int, *, begun: bool = False) -> None:
        escalation = self.notify.entry.escalation.get(incident.escalation)
        if escalation is None:  # taken out of the plant file
            self.notify.outbox.end(incident)
            return
        steps = due(escalation, incident.begun, incident.told, now)
        if not steps and not begun:
            return
        messages = []
        for step in steps:
            to = self.notify.whom.addresses(escalation.steps[step.step].to, now)
            size, rounds = len(escalation.steps), escalation.repeat + 1
            text = f"Step {step.step + 1} of {size} of the escalation {incident.escalation}"
            text += f", round {step.round + 1} of {rounds}" if step.round else ""
            messages += self.notify.messages(incident.notice, to, now, due=step.at, step=text)
        told = steps[-1].number + 1 if steps else incident.told
        self.notify.outbox.put(messages, replace(incident, told=told))

    def _end(self, incident: Incident, changed: Changed) -> None:
        """It is over; who was told hears so, where that is wished."""
        notify = self.notify
        escalation = notify.entry.escalation.get(incident.escalation)
        messages = []
        if escalation is not None and escalation.tell_end and incident.told:
            told = {name for step in escalation.steps[: incident.told] for name in step.to}
            by = f" by {changed.by}" if changed.by not in ("", "isthmus") else ""
            title = f"{incident.title}: {changed.change}{by}"
            notice = Notice(
                f"{incident.notice.key}:over",
                *("alarm", title, changed.text, Nanoseconds(changed.time)),
                about=incident.path,
                priority=incident.priority,
                link=incident.link,
            )
            to = notify.whom.addresses(sorted(told), changed.heard)
            messages = notify.messages(notice, to, changed.heard)
        notify.outbox.end(incident, messages)

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


def _lines(changed: Changed) -> Iterator[str]:
    kind = changed.alarm.definition
    yield changed.text
    if kind.advice:
        yield f"What to do: {kind.advice}"
    if kind.consequence:
        yield f"If nobody does: {kind.consequence}"
    if kind.response is not None:
        yield f"Time to act: {kind.response / 60:g} min"
