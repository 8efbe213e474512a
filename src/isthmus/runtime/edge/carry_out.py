"""The edge's side of a write: it does what its site asks, once, in time, within its own bounds.

The site has judged the wish. What the edge's own plant file says is held against it all the same,
so that neither a mistake at the site nor whoever takes it over reaches past that.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from isthmus.bus.answering import answer
from isthmus.bus.client import Bus
from isthmus.bus.edge import EdgeAccess
from isthmus.model.errors import ProtocolError
from isthmus.model.event import Action
from isthmus.model.ports import Writer
from isthmus.model.sample import TagId
from isthmus.model.tag import Namespace
from isthmus.model.write import WriteMode
from isthmus.runtime.collect.health import Condition
from isthmus.runtime.collect.link import Link
from isthmus.runtime.edge.command import LIFE, Ask, Command, Reply
from isthmus.runtime.trust.last_step import Step, take
from isthmus.trust.permit.guards import within

log = logging.getLogger(__name__)

REMEMBERED = 1_000  # numbers of actions; each is forgotten when its time is over


def since_boot() -> float:
    """Seconds that passed since the computer started, also those in which it slept."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@dataclass(slots=True)
class CarryOut:
    """Answers the site's commands over its bus; `run` in a task."""

    access: EdgeAccess
    namespace: Namespace
    links: Mapping[str, Link]
    mode: WriteMode
    clock: Callable[[], float] = since_boot
    session: str = field(default_factory=lambda: secrets.token_hex(8))
    _done: dict[str, float] = field(default_factory=dict)  # until when each may be asked again
    _turns: dict[int, asyncio.Lock] = field(default_factory=dict)

    async def run(self, site: Bus) -> None:
        """Answer what `site` asks, for ever."""
        await answer(site, self.access.writes, self.answered)

    async def answered(self, data: bytes) -> bytes:
        """The reply to an encoded command."""
        try:
            asked = Command.decode(data)
        except ProtocolError as error:
            log.warning("the site asks for nonsense: %s", error)
            return self._reply(Step("refused", said=str(error)))
        if asked.ask is Ask.READY:
            wrong = self._wrong(asked)
            return self._reply(Step("refused", said=wrong) if wrong else Step("ready"))
        step = await self._carried_out(asked)
        log.log(
            logging.INFO if step.state == "sent" else logging.WARNING,
            "write %s for %s: %s = %g: %s%s",
            *(asked.number, asked.by, asked.path, asked.value, step.state),
            f", {step.said}" if step.said else "",
        )
        return self._reply(step)

    async def _carried_out(self, asked: Command) -> Step:
        if wrong := self._late(asked) or self._again(asked) or self._wrong(asked):
            return Step("refused", said=wrong)
        self._done[asked.number] = asked.until
        link, tag = self._at(asked.path)
        async with self._turns.setdefault(tag, asyncio.Lock()):
            if wrong := self._late(asked) or self._wrong(asked):  # after waiting for another
                return Step("refused", said=wrong)
            return await take(link, Action(tag, asked.value, asked.reason, asked.by))

    def _late(self, asked: Command) -> str:
        """Why it is not to be done any more; empty where it is in time."""
        if asked.session != self.session:
            return "this edge was started again since it said that it is ready"
        now = self.clock()
        if now > asked.until:
            return f"it expired {now - asked.until:.1f} s ago"
        return "it would expire too late" if asked.until > now + LIFE + 1 else ""

    def _again(self, asked: Command) -> str:
        """Why its number is not to be carried out; empty where it is new."""
        now = self.clock()
        self._done = {number: until for number, until in self._done.items() if until >= now}
        if not asked.number or asked.number in self._done:
            return f"action {asked.number} was carried out before"
        return "more is asked than can be remembered" if len(self._done) >= REMEMBERED else ""

    def _wrong(self, asked: Command) -> str:
        """What speaks against it by our own plant file, or by the link; else empty."""
        number = self.namespace.id(asked.path)
        tag = self.namespace[number] if number is not None else None
        if tag is None or tag.write is None:
            return f"{asked.path} has no `write:` in the edge's own plant file"
        bounds = within(tag, asked.value, tag.write)
        if not bounds.ok:
            return f"by the edge's own plant file {bounds.reason}"
        if self.mode is not WriteMode.LIVE:
            return "the edge's own plant file says `writes: {mode: simulate}`"
        link, _ = self._at(asked.path)
        source: object = link.source if link else None
        if link is None or link.health.condition is not Condition.UP:
            return f"{link.name if link else 'its connection'} is not up"
        return "" if isinstance(source, Writer) else f"{link.name} cannot be written to"

    def _at(self, path: str) -> tuple[Link | None, TagId]:
        """The link that serves the tag at `path`, and the tag's id."""
        number = self.namespace.id(path)
        for link in self.links.values():
            if any(each.id == number for each in link.bindings):
                return link, TagId(number or 0)
        return None, TagId(number or 0)

    def _reply(self, step: Step) -> bytes:
        told = step.after, step.said, step.blind
        return Reply(step.state, self.session, self.clock(), *told).encode()
