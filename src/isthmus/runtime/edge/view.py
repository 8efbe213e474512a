"""A site's view of its edges: what they last said of themselves, and what silence means."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from isthmus.bus.edge import STATUS, EdgeAccess
from isthmus.model.errors import IsthmusError
from isthmus.model.event import Event
from isthmus.model.plant import Edge, Plant
from isthmus.model.ports import Address, Binding, SourceConfig
from isthmus.model.sample import Batch, Clock, Int32s, Nanoseconds, Status
from isthmus.model.tag import Namespace
from isthmus.runtime.collect.health import UNCERTAIN, Condition, Health
from isthmus.runtime.edge.status import EdgeStatus
from isthmus.runtime.live import Live

if TYPE_CHECKING:
    from isthmus.bus.port import Backbone, Keys
    from isthmus.runtime.intake import Intake

log = logging.getLogger(__name__)

LOOK = 0.5

Tell = Callable[[str, Event], Awaitable[object]]
"""Takes an event of an edge of this name."""


class Reach(StrEnum):
    """How an edge stands to its site."""

    STARTING = "starting"  # we have not listened long enough to say
    UP = "up"
    BEHIND = "behind"  # it sends what it buffered
    SILENT = "silent"


@dataclass(slots=True, eq=False)
class EdgeLink:
    """A link that an edge runs, as far as the site has heard of it."""

    config: SourceConfig
    bindings: Sequence[Binding[Address]]
    edge: str
    health: Health = field(default_factory=Health)
    queue: int = 0
    source: None = None

    @property
    def name(self) -> str:
        """The connection's name in the plant file."""
        return self.config.name

    @property
    def ids(self) -> Int32s:
        """The ids of all bound tags."""
        return np.array([binding.id for binding in self.bindings], np.int32)


class EdgeView:
    """One edge as its site sees it; `watch` keeps the view true."""

    def __init__(
        self, edge: Edge, plant: Plant, namespace: Namespace, folder: Path, now: Clock
    ) -> None:
        """`folder` keeps what the edge's ids mean."""
        self.edge, self.access = edge, EdgeAccess(edge.name)
        self.names_file = folder / f"{edge.name}.json"
        self.reach = Reach.STARTING
        self.status: EdgeStatus | None = None
        self.since: Nanoseconds = now()
        self.lag = 0.0  # seconds by which the site's history of this edge is behind
        self.links: dict[str, EdgeLink] = {}
        for name, connection in plant.run_by(edge.name).items():
            found = ((namespace.id(path), at) for path, at in connection.addresses.items())
            bindings = [Binding(id_, namespace[id_], at) for id_, at in found if id_ is not None]
            self.links[name] = EdgeLink(connection.config, bindings, edge.name)
            self.links[name].health.begun = self.since
        self.foreign = frozenset(
            word
            for name, connection in plant.connections.items()
            if connection.edge != edge.name
            for word in (name, *connection.addresses)
        )
        self._now = now
        self._alive = time.monotonic()
        self._spoke = False  # since we listen
        self._revision = -1

    @property
    def ids(self) -> Int32s:
        """The ids of all tags that the edge tells of."""
        found: list[Int32s] = [link.ids for link in self.links.values()]
        return np.concatenate(found) if found else np.zeros(0, np.int32)

    @property
    def silent(self) -> float:
        """Seconds since the edge last said how it is."""
        return time.monotonic() - self._alive

    @property
    def lost(self) -> int:
        """Samples that the edge knows to be lost."""
        return self.status.lost_samples if self.status else 0

    @property
    def lost_messages(self) -> int:
        """Messages, each of many samples, that the edge knows to be lost."""
        return self.status.lost - self.status.lost_samples if self.status else 0

    def heard(self, name: str, batch: Batch, now: Nanoseconds) -> None:
        """Samples of the link `name` have come."""
        link = self.links.get(name)
        if link is None or not len(batch):
            return
        link.health.received.add(len(batch), int(time.monotonic()))
        if link.health.judge(batch):
            _spoke_well(link, int(batch.time[batch.quality < UNCERTAIN].max()), now)
        link.health.lag(max(0.0, (now - int(batch.time.max())) / 1e9))

    # ------------------------------------------------------------------ watching
    async def watch(self, bus: Backbone, intake: Intake, live: Live, tell: Tell) -> None:
        """Keep to what the edge says of itself, for ever; cover its tags while it is away."""
        while True:
            try:
                await self._listen(await bus.bucket(self.access.bucket))
                self.lag = await intake.unread() + (self.status.age if self.status else 0.0)
            except IsthmusError as error:  # our own bus is away, or the edge talks nonsense
                log.debug("looking at %s: %s", self.edge.name, error)
            reach = self._judged()
            if reach is not self.reach:
                await self._turn(reach, live, tell)
            self._show()
            await asyncio.sleep(LOOK)

    async def _listen(self, keys: Keys) -> None:
        entry = await keys.get(STATUS)
        if entry is None or entry.value is None or entry.revision == self._revision:
            return
        old, self._revision = self._revision < 0, entry.revision
        self.status = EdgeStatus.decode(entry.value)
        if not old:  # what was there before us may have been there for days
            self._alive, self._spoke = time.monotonic(), True

    def _judged(self) -> Reach:
        limit = self.edge.silence
        if self.silent > limit:
            return Reach.SILENT
        if not self._spoke:
            return self.reach
        known = self.reach in (Reach.UP, Reach.STARTING)
        return Reach.BEHIND if self.lag > (limit if known else limit / 2) else Reach.UP

    async def _turn(self, reach: Reach, live: Live, tell: Tell) -> None:
        before, self.reach = self.reach, reach
        past = duration((self._now() - self.since) / 1e9)
        self.since = self._now()
        name = self.edge.name
        if reach is Reach.UP:
            live.uncover(self.ids)
            text = f"{name} is up" + ("" if before is Reach.STARTING else f" after {past}")
            log.info("%s", text)
            await tell(name, Event(self.since, name, "edge-up", text, 100))
            return
        live.cover(self.ids, Status.BAD_NO_COMMUNICATION)
        text, hint = self._trouble()
        log.warning("%s (%s)", text, hint)
        if before in (Reach.UP, Reach.STARTING):
            await tell(name, Event(self.since, name, "edge-down", text, 600))

    def _trouble(self) -> tuple[str, str]:
        name, site = self.edge.name, self.edge.site
        if self.reach is Reach.SILENT:
            return f"{name} is silent", (
                f"is it on, and does it reach {site}? it keeps what its devices say meanwhile"
            )
        return (
            f"{name} is {duration(self.lag)} behind: it sends what it kept",
            f"wait; {self._losses() or 'nothing is lost'}",
        )

    def _losses(self) -> str:
        parts = ((self.lost, "samples"), (self.lost_messages, "messages"))
        told = " and ".join(f"{count} {what}" for count, what in parts if count)
        return f"{told} are lost: see its log" if told else ""

    def _show(self) -> None:
        """Bring the links' health up to what is known."""
        told = self.status.links if self.status else {}
        for name, link in self.links.items():
            health = link.health
            if (status := told.get(name)) is not None:
                link.queue, health.missed = status.queue, status.lost
                if status.heard is not None and self._spoke:  # an old word may be days old
                    now = self._now()
                    ago = round((status.heard + self.silent) * 1e9)
                    _spoke_well(link, now - ago, now)
            if self.reach in (Reach.SILENT, Reach.BEHIND):
                down = self.reach is Reach.SILENT
                health.condition = Condition.DOWN if down else Condition.PARTLY
                health.since = self.since
                health.error, health.hint = self._trouble()
            elif status is not None and self.reach is Reach.UP:
                health.condition, health.since = status.condition, status.since
                health.error, health.hint = status.error, status.hint


def _spoke_well(link: EdgeLink, at: int, now: Nanoseconds) -> None:
    """Its device told a good value at `at`, by a clock that may be ahead of ours."""
    link.health.last_good = Nanoseconds(max(link.health.last_good or 0, min(at, now)))


def duration(seconds: float) -> str:
    """`seconds` for people: `12 s`, `5 min 3 s`, `2 h 7 min`."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
