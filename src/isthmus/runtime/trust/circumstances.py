"""What the guards look at, gathered from the running plant at one moment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from isthmus.model.access import Decision
from isthmus.model.errors import ConfigError
from isthmus.model.event import Action
from isthmus.model.plant import Connection
from isthmus.model.ports import Writer
from isthmus.model.sample import Int32s, TagId
from isthmus.model.tag import Tag
from isthmus.model.write import Condition as Wanted
from isthmus.model.write import WriteMode
from isthmus.runtime.collect.health import Condition
from isthmus.runtime.collect.link import Link
from isthmus.runtime.edge.view import Reach
from isthmus.trust.permit.book import PermitBook
from isthmus.trust.permit.permit import Permit
from isthmus.trust.permit.verdict import Circumstances, Seen

if TYPE_CHECKING:
    from isthmus.runtime.app import App


class Surroundings:
    """Asks the plant for the present, the links, the permits and the locks."""

    def __init__(self, app: App, book: PermitBook) -> None:
        self._app, self._book = app, book

    def case(
        self,
        action: Action,
        by: str,
        decision: Decision,
        permit: int | None,
        *,
        moved: float,
        simulate: bool,
    ) -> Circumstances:
        """Everything about the wish that a guard may look at."""
        tag = self._app.namespace[action.tag]
        connection = self.connection(tag.path)
        found, fault = self._permit(permit, tag.path, by, action.value)
        conditions = tag.write.interlocks if tag.write else ()
        return Circumstances(
            tag=tag,
            value=action.value,
            by=by,
            reason=action.reason,
            wall=time.time_ns(),
            present=self.seen(action.tag),
            moved=moved,
            conditions=[(each, self._resolved(each, tag)) for each in conditions],
            state=self._state(tag.equipment),
            locks=self._book.locked(tag.path),
            decision=decision,
            permit=found,
            permit_fault=fault,
            reach=self.reach(tag.path),
            mode=WriteMode.SIMULATE if simulate else self._app.plant.writes,
            edge=connection.edge if connection else "",
        )

    def ids(self, tag: TagId) -> Int32s:
        """The id as a column."""
        return np.array([tag], np.int32)

    def seen(self, number: TagId) -> Seen:
        """What is known of a tag now.

        A device that is asked, or that tells each change, vouches for an old value as long as its
        link is up and speaks; elsewhere a value is as old as it says.
        """
        row = self._app.live.last(self.ids(number))
        tag, now = self._app.namespace[number], self._app.now()
        heard = int(row.time[0])
        link = self.link(tag.path)
        if link is not None and link.config.vouches and link.health.condition is Condition.UP:
            heard = max(heard, int(link.health.last_good or 0))
        rate = self._app.pace.rate if self._app.pace else 1.0
        age = max(0.0, (now - heard) / 1e9 / rate)
        if link is None and (told := self._told(tag.path)) is not None:
            age = min(age, told)
        return Seen(tag.path, float(row.value[0]), int(row.quality[0]), age, tag.legend)

    def link(self, path: str) -> Link | None:
        """Our own link that serves the tag at `path`; None where an edge does, or nobody."""
        name, _ = self._served(path) or ("", None)
        found = self._app.links.get(name)
        return found if isinstance(found, Link) else None

    def connection(self, path: str) -> Connection | None:
        """The connection that serves the tag at `path`; None where none does."""
        found = self._served(path)
        return found[1] if found else None

    def _served(self, path: str) -> tuple[str, Connection] | None:
        every = self._app.plant.connections.items()
        return next((each for each in every if path in each[1].addresses), None)

    def reach(self, path: str) -> str:
        """Why the machine cannot be written to now; empty where it can."""
        name, connection = self._served(path) or ("", None)
        if connection is None:
            return "no connection serves it"
        if connection.edge:
            return self._reach_by(connection.edge, name)
        link = self.link(path)
        if link is None or link.health.condition is not Condition.UP:
            return f"{name} is not up"
        source: object = link.source
        return "" if isinstance(source, Writer) else f"{name} cannot be written to"

    def _reach_by(self, edge: str, name: str) -> str:
        """Why the edge cannot write through its connection `name` now; empty where it can."""
        view = self._app.edges.get(edge)
        if view is None or view.reach is not Reach.UP:
            return f"{edge} is {view.reach if view else 'not known'}: a write never waits for it"
        if view.links[name].health.condition is not Condition.UP:
            return f"{name} of {edge} is not up"
        told = view.status.links.get(name) if view.status else None
        return "" if told is not None and told.writes else f"{edge} cannot write through {name}"

    def _told(self, path: str) -> float | None:
        """How old a value of an edge is at most, by what the edge says of its link."""
        name, connection = self._served(path) or ("", None)
        view = self._app.edges.get(connection.edge) if connection else None
        if connection is None or view is None or view.reach is not Reach.UP or not view.status:
            return None
        told = view.status.links.get(name)
        if told is None or told.heard is None or told.condition is not Condition.UP:
            return None
        return max(told.heard + view.silent, view.lag) if connection.config.vouches else None

    def _resolved(self, condition: Wanted, tag: Tag) -> Seen | None:
        """The value of the condition's tag, the nearest of that path: beside it, or above."""
        known = self._app.namespace.id
        path = condition.nearest(tag.equipment, lambda path: known(path) is not None)
        number = known(path) if path is not None else None
        return None if number is None else self.seen(number)

    def _state(self, equipment: str) -> Seen | None:
        """The state of the machine, or of the one that the module belongs to."""
        while equipment:
            found = self._app.plant.equipment(equipment)
            tag = found.tag("state") if found else None
            number = self._app.namespace.id(tag.path) if tag else None
            if number is not None:
                return self.seen(number)
            equipment = equipment.rpartition("/")[0]
        return None

    def _permit(
        self, number: int | None, path: str, by: str, value: float
    ) -> tuple[Permit | None, str]:
        """The permit that was named, else one of `by` that covers the wish."""
        if number is not None:
            try:
                return self._book.find(number), ""
            except ConfigError as error:
                return None, str(error)
        now = time.time_ns()
        for found in self._book.all():
            mine = found.holder == by and found.state(now).value == "active"
            if mine and found.low <= value <= found.high and found.covers(path):
                return found, ""
        return None, ""
