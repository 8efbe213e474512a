"""Acknowledgements between our alarms and those of devices that they rest on, both ways."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from isthmus.insight.alarm.machine import Change
from isthmus.insight.alarm.state import State
from isthmus.model.errors import IsthmusError, LinkError
from isthmus.model.event import Event
from isthmus.model.path import join
from isthmus.model.ports import Acknowledges
from isthmus.model.record import Kind
from isthmus.model.sample import TagId
from isthmus.runtime.alarm.alarms import EVERY
from isthmus.runtime.alarm.present import Alarm
from isthmus.runtime.collect.link import Link

if TYPE_CHECKING:
    from isthmus.runtime.app import App

log = logging.getLogger(__name__)

CONDITION = "condition"  # the kind of event with which a link tells an alarm of its device
FAILED = "acknowledge-failed"
THERE = "at the device"
PATIENCE = 10.0  # seconds for a device to take one, and for one to wait for its turn
MOST = 1_000  # acknowledgements that wait for a link
_WAITING = frozenset({State.UNACKNOWLEDGED, State.LATCHED_UNACKNOWLEDGED})


class Wish(NamedTuple):
    """One of our alarms that was acknowledged, and the tag by which its device knows it."""

    alarm: Alarm
    tag: TagId
    text: str
    by: str
    raised: int  # when it came
    asked: float  # when it was acknowledged, on the monotonic clock


class AtDevice:
    """What is acknowledged here is acknowledged at the device that says so, and the reverse.

    An alarm rests on the tags of its condition; those that a device tells as its own alarms count.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self._waiting: dict[Link, deque[Wish]] = {}
        self._carrying: dict[Link, asyncio.Task[None]] = {}
        self._tags: dict[str, tuple[TagId, ...]] = {}
        self._alarms: dict[str, list[str]] = {}  # by the path of a tag
        self._links: dict[TagId, Link] = {}  # that acknowledge at their device
        self._last: dict[str, Event] = {}  # what a device said last, by the path of the tag
        for alarm in app.alarms.all:
            paths = [join(alarm.equipment, name) for name in alarm.definition.when.inputs]
            ids = [app.namespace.id(path) for path in paths]
            self._tags[alarm.path] = tuple(each for each in ids if each is not None)
            for path in paths:
                self._alarms.setdefault(path, []).append(alarm.path)

    async def run(self) -> None:
        """Carry, until cancelled; a device that hangs holds up its own alone."""
        self.app.alarms.told.append(self.told)
        for intake in self.app.intakes:
            intake.heard = self.hear
        async with asyncio.TaskGroup() as tasks:
            while True:
                await asyncio.sleep(EVERY)
                self.look()
                self.settle()
                for link, waiting in tuple(self._waiting.items()):
                    busy = self._carrying.get(link)
                    if waiting and (busy is None or busy.done()):
                        self._carrying[link] = tasks.create_task(self._carry_all(link, waiting))

    def told(self, alarm: Alarm, event: Event) -> None:
        """Take what became of an alarm of ours."""
        by, note = (str(event.data.get(key) or "") for key in ("by", "note"))
        if event.data.get("change") != Change.ACKNOWLEDGED or by.endswith(THERE):
            return
        text = f"{by}: {note}" if note else by
        for tag in self._tags[alarm.path]:
            link = self._links.get(tag)
            if link is None:
                continue
            wish = Wish(alarm, tag, text, by, self._raised(alarm), time.monotonic())
            waiting = self._waiting.setdefault(link, deque())
            if len(waiting) < MOST:
                waiting.append(wish)
            else:
                self._failed(wish, link, LinkError(f"{MOST:,} wait for it already"))

    def hear(self, event: Event) -> None:
        """Take what a device said of an alarm of its own, not of an earlier one (a branch)."""
        if event.kind != CONDITION or event.data.get("branch"):
            return
        if event.path in self._alarms:
            self._last[event.path] = event

    def look(self) -> None:
        """Learn which links acknowledge which tags; one that is down keeps those it had."""
        for link in self.app.collector.links.values():
            source: object = link.source
            if isinstance(source, Acknowledges):
                self._links |= dict.fromkeys(source.acknowledgeable, link)

    def settle(self) -> None:
        """Acknowledge here what stands and was acknowledged at the device."""
        for path, event in self._last.items():
            if not (event.data.get("active") and event.data.get("acknowledged")):
                continue
            for present in self.app.alarms.present(self._alarms[path]):
                if present.state not in _WAITING or not present.active:
                    continue
                by = f"{event.data.get('by') or 'somebody'} {THERE}"
                note = str(event.data.get("comment") or "")
                try:
                    self.app.alarms.acknowledge(present.alarm.path, by, note)
                except IsthmusError as error:  # the ledger takes nothing: the next look tries again
                    log.warning("%s was acknowledged %s: %s", path, THERE, error)

    # ------------------------------------------------------------------ to the device
    async def _carry_all(self, link: Link, waiting: deque[Wish]) -> None:
        while waiting:
            await self._carry(waiting.popleft(), link)

    async def _carry(self, wish: Wish, link: Link) -> None:
        """Try it once, and in time: what the device says later may be another alarm."""
        path = wish.alarm.path
        try:
            if time.monotonic() - wish.asked > PATIENCE:
                raise LinkError(f"it has not answered others for {PATIENCE:g} s")
            if self._raised(wish.alarm) != wish.raised:
                raise LinkError("it came again meanwhile")
            text = f"acknowledge {path} at {link.name}"
            self.app.trust.ledger.record(Kind.ALARM, wish.by, text, about=path)
            source: object = link.source
            if not isinstance(source, Acknowledges):
                raise LinkError("it is down")
            async with asyncio.timeout(PATIENCE):
                await source.acknowledge(wish.tag, wish.text)
        except TimeoutError:
            self._failed(wish, link, LinkError(f"no answer in {PATIENCE:g} s"))
        except IsthmusError as error:
            self._failed(wish, link, error)

    def _raised(self, alarm: Alarm) -> int:
        alarms = self.app.alarms
        return int(alarms.machine.raised[alarms.places[alarm.path]])

    def _failed(self, wish: Wish, link: Link, error: IsthmusError) -> None:
        """Say that the device does not know: people who stand before it see it unacknowledged."""
        path = wish.alarm.path
        text = f"{path} is acknowledged here, and not at {link.name}: {error}"
        log.warning("%s", text)
        self.app.alarms.say(Event(self.app.now(), path, FAILED, text, 600))
