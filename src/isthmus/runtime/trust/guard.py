"""The one way to write to a machine: wish, guards, record, write, read back, record.

People, rules and optimisers all ask here. What is not recorded is not written.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from isthmus.model.access import Decision, Principal, Right
from isthmus.model.errors import ConfigError, Refused, StorageError
from isthmus.model.event import Action
from isthmus.model.record import Fact
from isthmus.model.sample import TagId
from isthmus.model.write import WriteMode
from isthmus.runtime.trust.circumstances import Surroundings
from isthmus.runtime.trust.doubt import Doubts
from isthmus.runtime.trust.far import Far
from isthmus.runtime.trust.last_step import Step, ended, longest, take
from isthmus.runtime.trust.records import WriteRecords, why
from isthmus.trust.ledger.ledger import Ledger
from isthmus.trust.permit.book import PermitBook
from isthmus.trust.permit.guards import judged
from isthmus.trust.permit.verdict import Circumstances, Verdict

if TYPE_CHECKING:
    from isthmus.runtime.app import App

log = logging.getLogger(__name__)

MINUTE = 60.0
TURN = 5.0  # seconds to wait for another write to the same tag
SHOWN = 5.0  # seconds for a value to come back where the device is not asked

Decide = Callable[[Principal, Right, str], Decision]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a wish.

    `state` is `refused`, `possible` (only asked), `simulated`, `written`, `mismatch` (the device
    holds another value), `failed` (it was not written) or `unknown` (nobody can tell).
    """

    number: str
    state: str
    path: str
    value: float
    verdicts: tuple[Verdict, ...]
    before: float | None = None
    after: float | None = None
    text: str = ""
    seconds: float = 0.0
    record: int = 0

    @property
    def allowed(self) -> bool:
        """Whether every guard let it pass."""
        return all(verdict.ok for verdict in self.verdicts)


@dataclass(slots=True)
class Guard:
    """Judges wishes and carries out those that all guards let pass; one write a tag at a time."""

    app: App
    ledger: Ledger
    book: PermitBook
    decide: Decide
    around: Surroundings = field(init=False)
    records: WriteRecords = field(init=False)
    doubts: Doubts = field(default_factory=Doubts)
    _turns: dict[int, asyncio.Lock] = field(default_factory=dict)
    _moves: dict[int, list[tuple[float, float]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.around = Surroundings(self.app, self.book)
        self.records = WriteRecords(self.ledger)

    def preview(self, action: Action, principal: Principal, permit: int | None = None) -> Outcome:
        """What every guard would say now; nothing is recorded, nothing written."""
        case = self._case(action, principal, permit, simulate=False)
        return self._outcome("", "possible", case, judged(case))

    async def ask(
        self,
        action: Action,
        principal: Principal,
        *,
        permit: int | None = None,
        simulate: bool = False,
    ) -> Outcome:
        """What became of the wish; every guard is asked, and each step is in the ledger.

        Raises StorageError where it cannot be recorded: then nothing was written.
        """
        if not 0 <= action.tag < len(self.app.namespace):
            raise ConfigError(f"there is no tag {action.tag}", hint="see `isthmus list tags`")
        turn = self._turns.setdefault(action.tag, asyncio.Lock())
        try:
            async with asyncio.timeout(TURN):
                await turn.acquire()
        except TimeoutError as error:
            path = self.app.path(action.tag)
            raise Refused(f"{path} is being written", hint="try again") from error
        try:
            return await self._ask(action, principal, permit, simulate=simulate)
        finally:
            turn.release()

    async def _ask(
        self, action: Action, principal: Principal, permit: int | None, *, simulate: bool
    ) -> Outcome:
        began, number = time.monotonic(), secrets.token_hex(6)
        case = self._case(action, principal, permit, simulate=simulate)
        verdicts = judged(case)
        record = await asyncio.to_thread(self.records.wished, number, case, verdicts)
        if not all(verdict.ok for verdict in verdicts):
            return self._outcome(number, "refused", case, verdicts, record=record)
        if case.mode is WriteMode.SIMULATE:
            return self._outcome(number, "simulated", case, verdicts, record=record)
        again = judged(self._case(action, principal, permit, simulate=simulate))
        if not all(verdict.ok for verdict in again):  # what changed while the wish was recorded
            await asyncio.to_thread(
                self.records.ended, number, case, "refused", None, why(again), began
            )
            return self._outcome(number, "refused", case, again, record=record)
        if case.permit is not None:
            await asyncio.to_thread(self.book.use, case.permit.number, number)
        state, after, text = await self._write(action, case, number)
        if state in ("written", "mismatch", "unknown"):
            moves = self._moves.setdefault(action.tag, [])
            moves.append((time.monotonic(), abs(action.value - case.present.value)))
        told: dict[str, Fact] = {"action": number, "state": state, "value": action.value}
        self.doubts.ended(case.tag.path, case.by, {**told, "after": after}, time.time_ns())
        try:
            args = number, case, state, after, text, began
            record = await asyncio.to_thread(self.records.ended, *args)
        except StorageError as error:
            log.error("what became of write %s is not recorded: %s", number, error)  # noqa: TRY400
            text = f"{text} It is not recorded how it ended: {error}".strip()
        done = self._outcome(number, state, case, verdicts, after=after, text=text, record=record)
        return replace(done, seconds=time.monotonic() - began)

    # ------------------------------------------------------------------ the last step
    async def _write(
        self, action: Action, case: Circumstances, number: str
    ) -> tuple[str, float | None, str]:
        """How the write ended, what the device holds then, and what it said."""
        step = await self._step(action, case, number)
        if step.state != "sent":
            return step.state, step.after, step.said
        after = await self._shown(action.tag) if step.blind else step.after
        return ended(action.value, case.present.value, after, step.said)

    async def _step(self, action: Action, case: Circumstances, number: str) -> Step:
        path = case.tag.path
        if not case.edge:
            return await take(self.around.link(path), action)
        view, local = self.app.edges.get(case.edge), self.app.local
        connection = self.around.connection(path)
        if view is None or local is None or connection is None:
            return Step("refused", said=f"there is no way to {case.edge}")
        far = Far(view.access, local.bus)
        return await far.take(action, path, number, longest(connection.config.timeout))

    async def _shown(self, tag: TagId) -> float | None:
        """The first value that comes in after the write."""
        live, before = self.app.live, int(self.app.live.stamp)
        until = time.monotonic() + SHOWN
        while time.monotonic() < until:
            fresh = live.since(before, self.around.ids(tag))
            if len(fresh):
                return float(fresh.value[-1])
            await asyncio.sleep(0.02)
        return None

    # ------------------------------------------------------------------ what is looked at
    def _case(
        self, action: Action, principal: Principal, permit: int | None, *, simulate: bool
    ) -> Circumstances:
        path = self.app.path(action.tag)
        decision = self.decide(principal, Right.WRITE, path)
        return self.around.case(
            action, principal.id, decision, permit, moved=self._moved(action.tag), simulate=simulate
        )

    def _moved(self, tag: TagId) -> float:
        """The sum of changes of the last minute, also those before a restart."""
        if tag not in self._moves:
            self._moves[tag] = self.records.moves(self.app.path(tag), MINUTE)
        limit = time.monotonic() - MINUTE
        kept = self._moves[tag] = [each for each in self._moves[tag] if each[0] > limit]
        return sum(change for _, change in kept)

    def _outcome(
        self,
        number: str,
        state: str,
        case: Circumstances,
        verdicts: list[Verdict],
        *,
        after: float | None = None,
        text: str = "",
        record: int = 0,
    ) -> Outcome:
        before = case.present.value if case.present.good else None
        if state == "refused":
            text = text or why(verdicts)
        return Outcome(
            *(number, state, case.tag.path, case.value, tuple(verdicts)),
            before=before,
            after=after,
            text=text,
            record=record,
        )
