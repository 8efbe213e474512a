"""What is done when a rule fires: an event, a message, proposed work, a write the guard allows."""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from isthmus.insight.rule.judge import Turn
from isthmus.model.access import Principal
from isthmus.model.errors import IsthmusError, Refused
from isthmus.model.event import Action, Event
from isthmus.model.notice import Notice
from isthmus.model.path import join
from isthmus.model.record import Kind
from isthmus.model.rule import Act, Notify, Place, Rule, Tell, WorkOrder, Write
from isthmus.model.sample import Nanoseconds
from isthmus.model.work import Decision, Proposal, WorkState
from isthmus.runtime.rule.kept import KIND, Kept

if TYPE_CHECKING:
    from isthmus.runtime.app import App

log = logging.getLogger(__name__)

STALE = 600 * 10**9  # ns: what happened longer ago is told and no longer acted on
MOST = 60  # actions of all rules in a minute
MINUTE = 60.0
MOST_VALUES = 5  # in a message

Values = dict[str, float | None]


@dataclass(slots=True)
class Acts:
    """Does what rules say, within bounds; each step is an event of the journal."""

    app: App
    kept: Kept
    done: int = 0
    refused: int = 0
    held_back: int = 0  # beyond what a minute may hold
    last_refusal: str = ""
    _recent: deque[float] = field(default_factory=deque)

    async def follow(self, rule: Rule, turn: Turn, values: Values, *, acting: bool) -> None:
        """Tell the journal of `turn`, and act where the rule fires and may."""
        place = rule.places[turn.place]
        fires = turn.began and not turn.spared
        told: list[str] = []
        if fires and acting:
            stale = int(self.app.now()) - turn.time > STALE
            told = [
                await self._act(act, rule, place, turn, values, stale=stale) for act in place.acts
            ]
        elif fires:
            told = [f"would {wish(act)}" for act in place.acts]
        change = "spared" if turn.spared else "began" if turn.began else "over"
        text = f"{rule.title} {change}" + (f": {'; '.join(told)}" if told else "")
        data = {
            "rule": rule.name,
            "change": change,
            "acting": acting,
            "number": f"{rule.name}:{turn.place}:{turn.time}:{change}",
            **{f"value {path}": value for path, value in list(values.items())[:10]},
        }
        self.kept.tell(Event(Nanoseconds(turn.time), place.equipment, KIND, text, 200, data))

    async def _act(
        self, act: Act, rule: Rule, place: Place, turn: Turn, values: Values, *, stale: bool
    ) -> str:
        """What became of it."""
        if stale and not isinstance(act, Tell | WorkOrder):
            return f"did not {wish(act)}: it was told too late"
        if not self._room():
            self.held_back += 1
            return f"did not {wish(act)}: more than {MOST} actions a minute"
        self.done += 1
        if isinstance(act, Tell):
            words = place.equipment, "rule-event", act.text, act.severity
            self.kept.tell(Event(Nanoseconds(turn.time), *words, {"rule": rule.name}))
            return f"told {act.text}"
        if isinstance(act, WorkOrder):
            what = act.title, act.priority, act.text
            wanted = Proposal(0, rule.name, place.equipment, *what, turn.time, dict(values))
            made = self.kept.propose(wanted)
            if made is wanted:
                self.kept.tell(made.event(Nanoseconds(turn.time)))
            again = f", for the {made.times}th time" if made.times > 1 else ""
            return f"proposed work {made.number}{again}"
        if isinstance(act, Notify):
            return self._notify(act, rule, place, turn, values)
        return await self._write(act, rule)

    def _notify(self, act: Notify, rule: Rule, place: Place, turn: Turn, values: Values) -> str:
        said = [f"{path} = {value:g}" for path, value in values.items() if value is not None]
        text = act.text or "; ".join([place.when.text, *said[:MOST_VALUES]])
        notice = Notice(
            f"{rule.id}:{place.equipment}:{turn.time}:{place.acts.index(act)}",
            "rule",
            rule.title,
            text,
            Nanoseconds(turn.time),
            join(place.equipment, rule.name),  # as alarms do: routes name them by the last level
            int(act.priority),
            f"/rules?rule={rule.name}",
        )
        self.app.notify.tell(notice, act.to)
        return f"told {', '.join(act.to)}" if act.to else "told those whom the routes name"

    async def _write(self, act: Write, rule: Rule) -> str:
        """Ask the guard, as the rule itself: it may do what the policy grants it, no more."""
        guard, tag = self.app.trust.guard, self.app.namespace.id(act.path)
        if guard is None or tag is None:
            return f"did not {wish(act)}: the site is starting"
        wanted = Action(tag, act.value, act.reason or rule.title, rule.id)
        who = Principal(rule.id, name=rule.title, how="rule")
        try:
            outcome = await guard.ask(wanted, who, permit=act.permit)
        except IsthmusError as error:
            self._refuse(rule, str(error))
            return f"did not {wish(act)}: {error}"
        if outcome.state in ("written", "simulated"):
            return f"{outcome.state} {act.value:g} to {act.path}"
        self._refuse(rule, outcome.text or outcome.state)
        return f"{outcome.state}: {outcome.text}"

    def _refuse(self, rule: Rule, text: str) -> None:
        self.refused += 1
        self.last_refusal = f"{rule.name}: {text}"

    def _room(self) -> bool:
        now = time.monotonic()
        while self._recent and now - self._recent[0] >= MINUTE:
            self._recent.popleft()
        if len(self._recent) >= MOST:
            return False
        self._recent.append(now)
        return True

    def decide(self, number: int, by: str, note: str, *, accept: bool) -> Proposal:
        """Accept or reject proposed work; recorded before it is so."""
        word = WorkState.ACCEPTED if accept else WorkState.REJECTED
        with self.kept.lock:
            found = next((one for one in self.kept.proposals if one.number == number), None)
            if found is None:
                hint = "`isthmus rule proposals` lists them"
                raise Refused(f"there is no proposal {number}", hint=hint)
            before = list(found.versions)
            found.decide(Decision(word, by, time.time_ns(), note.strip()))
            try:
                self._record(found, by, note)
            except IsthmusError:  # what must not happen unrecorded does not happen
                found.versions = before
                raise
            self.kept.tell(found.event(self.app.now(), by, note.strip()))
        self.kept.save()
        return found

    def _record(self, found: Proposal, by: str, note: str) -> None:
        self.app.trust.ledger.record(
            Kind.ACTION,
            by,
            f"{found.state} work {found.number}: {found.title}",
            about=found.equipment,
            facts={"rule": found.rule, "note": note.strip(), "version": len(found.versions)},
        )


def wish(act: Act) -> str:
    """What an action does, after `would`."""
    if isinstance(act, Tell):
        return f"tell {act.text}"
    if isinstance(act, Notify):
        return f"notify {', '.join(act.to)}" if act.to else "notify those whom the routes name"
    if isinstance(act, WorkOrder):
        return f"propose work: {act.title}"
    return f"write {act.value:g} to {act.path}"
