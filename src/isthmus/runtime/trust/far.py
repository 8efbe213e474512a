"""The last step of a write at an edge: asked for over the bus, never queued, known or unknown."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from isthmus.bus.client import Bus
from isthmus.bus.edge import EdgeAccess
from isthmus.model.errors import AbsentError, LinkError, ProtocolError
from isthmus.runtime.edge.command import LIFE, Ask, Command, Reply
from isthmus.runtime.trust.last_step import Step

if TYPE_CHECKING:
    from isthmus.model.event import Action

SOON = 2.0  # seconds in which an edge says that it is ready
LOOK = 1.0  # between two questions whether it is still there
MISSES = 2  # of them without an answer, and it is gone


class Far:
    """One edge that is asked to write for us."""

    def __init__(self, access: EdgeAccess, bus: Bus) -> None:
        self._access, self._bus = access, bus

    async def take(self, action: Action, path: str, number: str, longest: float) -> Step:
        """How the step went at the edge, where it takes `longest` seconds at most.

        The edge is asked first whether it is ready, and says what its clock shows; what it is asked
        to write counts for seconds of that clock. Only an answer says what became of it.
        """
        name = self._access.name
        try:
            ready = await self._asked(Command(Ask.READY, path, action.value), SOON)
        except AbsentError:
            return Step("refused", said=f"{name} is not there: nothing was sent")
        except (LinkError, ProtocolError) as error:
            return Step("refused", said=f"{name} does not answer: nothing was sent ({error})")
        if ready.state != "ready":
            return Step("refused", said=f"{name} refuses: {ready.said}")
        command = Command(
            *(Ask.WRITE, path, action.value, number, ready.session, ready.clock + LIFE),
            *(action.reason, action.by),
        )
        try:
            done = await self._watched(command, LIFE + longest)
        except AbsentError:
            return Step("refused", said=f"{name} went away: nothing was sent")
        except (LinkError, ProtocolError) as error:
            return Step("unknown", said=f"{name} did not say what became of it: {error}")
        said = f"{name} refuses: {done.said}" if done.state == "refused" else done.said
        return Step(done.state, done.after, said, done.blind)

    async def _asked(self, command: Command, seconds: float) -> Reply:
        answer = await self._bus.request(self._access.writes, command.encode(), within=seconds)
        return Reply.decode(answer.data)

    async def _watched(self, command: Command, seconds: float) -> Reply:
        """The answer to `command`; LinkError as soon as the edge can give none any more."""
        asking = asyncio.create_task(self._asked(command, seconds))
        still, misses = Command(Ask.READY, command.path, command.value), 0
        try:
            while not (await asyncio.wait({asking}, timeout=LOOK))[0]:
                try:
                    seen = await self._asked(still, LOOK)
                except LinkError as error:
                    misses += MISSES if isinstance(error, AbsentError) else 1
                else:
                    misses = 0 if seen.session == command.session else MISSES
                if misses >= MISSES and not asking.done():
                    raise LinkError("it stopped, or the way to it was cut")
            return asking.result()
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
