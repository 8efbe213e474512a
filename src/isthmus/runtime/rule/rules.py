"""The rules of a running plant: judged each second, kept over a restart, tested, acted on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from isthmus.insight.rule.bench import Bench, Turned
from isthmus.insight.rule.past import Past
from isthmus.model.errors import IsthmusError, Refused
from isthmus.model.event import Event
from isthmus.model.path import nearest
from isthmus.model.record import Kind
from isthmus.model.rule import Rule, RuleMode
from isthmus.model.sample import Batch, Bools, Int64s, Nanoseconds
from isthmus.runtime.rule.act import Acts
from isthmus.runtime.rule.backtest import Source, backtest
from isthmus.runtime.rule.during import during
from isthmus.runtime.rule.heard import Counts, Feeds, Samples
from isthmus.runtime.rule.heard import past as past_events
from isthmus.runtime.rule.kept import FILE, Kept, Seen, State

if TYPE_CHECKING:
    from isthmus.runtime.app import App

log = logging.getLogger(__name__)

LINK = "rules"  # the name under which they are told to the stream
EVERY = 1.0  # seconds between two looks
SETTLE = 2.0  # seconds for samples to come, before their moment is judged
CATCH_UP = 86_400 * 10**9  # how far back it looks after a standstill
KEEP = 30.0  # seconds between two writes of the file where nothing changed
PIECE = 1_800 * 10**9


@dataclass(frozen=True, slots=True)
class Present:
    """A rule as it is now; times in ns, 0 where there is none."""

    rule: Rule
    acting: bool
    why: str  # it does not act
    on: tuple[str, ...]
    last: int
    fired: int
    seen: Seen | None


class Rules:
    """Judges all rules once a second; what they say is told, and what they may do is done."""

    def __init__(self, app: App) -> None:
        self.app, self.rules = app, dict(app.plant.rules)
        self.kept = Kept.open(app.settings.folder / FILE)
        self.acts = Acts(app, self.kept)
        self.trouble = ""
        self.took = 0.0  # seconds, the last look
        self.fired: defaultdict[str, int] = defaultdict(int)  # since the start
        self._clock: deque[tuple[float, int]] = deque()
        self._saved = 0.0
        self._active: dict[tuple[str, int, int], Bools] = {}
        by_step: defaultdict[float, list[Rule]] = defaultdict(list)
        for rule in self.rules.values():
            by_step[rule.step].append(rule)
        self.benches = [Bench.of(rules, app.namespace, self._during) for rules in by_step.values()]
        self.heard, self.counts = Samples(self.benches), Counts(self.benches)
        self.feeds = [Feeds(app, bench) for bench in self.benches]

    def _during(self, rule: Rule, moments: Int64s) -> Bools:
        """As `during` says; the answer for one calendar is kept for the rules that share it."""
        if not rule.during or not len(moments):
            return np.ones(len(moments), bool)
        key = rule.during, int(moments[0]), len(moments)
        if key not in self._active:
            if len(self._active) > 100:  # noqa: PLR2004 - calendars, times steps
                self._active.clear()
            self._active[key] = during(self.app.plant, rule, moments)
        return self._active[key]

    # ------------------------------------------------------------------ time goes on
    def hear(self, batch: Batch) -> None:
        """Take samples as history takes them."""
        if self.benches and len(batch):
            self.heard.hear(batch)

    async def run(self) -> None:
        """Look once a second, until cancelled; what was kept is written down then."""
        if not self.benches:
            return
        try:
            if any(bench.feeds for bench in self.benches):
                self.app.alarms.told.append(lambda _, event: self._tell_feeds(event))
            now = int(self.app.now())
            await asyncio.sleep(SETTLE)  # what was under way then is in history now
            await asyncio.to_thread(self._resume, now)
            while True:
                await self.look()
                await self.flush()
                await asyncio.sleep(EVERY)
        finally:
            self._save()

    async def look(self) -> list[Turned]:
        """Judge until a moment ago, and do what follows."""
        began, until = time.monotonic(), self._settled()
        for event in self.counts.look(self.app):
            self.kept.tell(event)
            self._tell_feeds(event)
        batch = self.heard.take()
        found = await asyncio.to_thread(self._advance, batch, until)
        self.took = time.monotonic() - began
        await self._follow(found)
        return found

    def _advance(self, batch: Batch, until: int) -> list[Turned]:
        found = [
            one
            for bench, feeds in zip(self.benches, self.feeds, strict=True)
            for one in bench.advance(batch, until, feeds.more(until))
        ]
        return sorted(found, key=lambda one: one.turn.time)

    def _tell_feeds(self, event: Event) -> None:
        for feeds in self.feeds:
            feeds.tell(event)

    def _settled(self) -> int:
        """The plant's time as it was a moment ago: the demonstration's runs faster."""
        now = time.monotonic()
        self._clock.append((now, int(self.app.now())))
        while len(self._clock) > 1 and self._clock[1][0] <= now - SETTLE:
            self._clock.popleft()
        return self._clock[0][1]

    def _resume(self, now: int) -> None:
        """Learn from history what came before `now`, and what happened while nobody judged."""
        samples = self.app.historian
        self._clock.append((time.monotonic() - SETTLE, now))
        past = []
        for bench, feeds in zip(self.benches, self.feeds, strict=True):
            kept = self.kept.judged.get(f"{bench.step:g}", now)
            judged = min(max(kept, now - CATCH_UP), now)
            first = judged - round(bench.reach * 1e9)
            tags = bench.held.tags
            before = samples.before(tags, Nanoseconds(first)) if len(tags) else Batch.empty()
            bench.start(first, before, feeds.begin(first))
            for low in range(first, judged, PIECE):
                high = Nanoseconds(min(low + PIECE, judged))
                batch = samples.raw(tags, Nanoseconds(low + 1), Nanoseconds(high + 1))
                bench.advance(batch, high, feeds.more(high))
            feeds.live(judged, now)
            for judge in bench.judges:
                states = self.kept.states.get(judge.rule.name, {})
                places = [states.get(place.equipment, State()) for place in judge.rule.places]
                judge.hold(np.array([one.on for one in places], bool))
                judge.fired[:] = [one.fired for one in places]
            past.append(samples.raw(tags, Nanoseconds(judged + 1), Nanoseconds(now + 1)))
        self.heard.catch_up(Batch.concat(past), now)

    # ------------------------------------------------------------------ what follows
    async def _follow(self, found: list[Turned]) -> None:
        changed = bool(found)
        for bench in self.benches:
            self.kept.judged[f"{bench.step:g}"] = bench.judged
        for one in found:
            rule, turn = one.judge.rule, one.turn
            place = rule.places[turn.place]
            state = self.kept.state(rule.name, place.equipment)
            state.on, state.since = turn.began, turn.time
            if turn.began and not turn.spared:
                state.fired = turn.time
                self.fired[rule.name] += 1
        if changed or time.monotonic() - self._saved > KEEP:
            self._save()  # before anything is done: what is done twice would be worse than once
        for one in found:
            values = {
                path: float(value) if np.isfinite(value) else None
                for path, value in self._values(one).items()
            }
            acting, _ = self.acting(one.judge.rule)
            await self.acts.follow(one.judge.rule, one.turn, values, acting=acting)
        if changed:
            self._save()

    def _values(self, one: Turned) -> dict[str, float]:
        bench = next(bench for bench in self.benches if one.judge in bench.judges)
        found = {}
        for path in one.judge.rule.places[one.turn.place].inputs():
            if (row := bench.where.get(path)) is not None:
                found[path] = float(one.value[row])
        return found

    def _save(self) -> None:
        self._saved = time.monotonic()
        try:
            self.kept.save()
        except IsthmusError as error:
            self._note(str(error))

    async def flush(self) -> None:
        """Give the stream what it does not have yet; what fails waits for the next time."""
        try:
            await self.kept.untold.hand_over(lambda event: self.app.tell(LINK, event))
        except IsthmusError as error:
            self._note(f"the stream takes no events of rules: {error}")
        else:
            self.trouble = ""

    def _note(self, trouble: str) -> None:
        if not self.trouble:
            log.warning("rules: %s", trouble)
        self.trouble = trouble

    # ------------------------------------------------------------------ what people ask and do
    def acting(self, rule: Rule) -> tuple[bool, str]:
        """Whether it does what it says, and why not."""
        if by := self.kept.disabled.get(rule.name):
            return False, f"disabled by {by}"
        if rule.mode is RuleMode.TEST:
            return False, "its mode is `test`"
        seen = self.kept.seen.get(rule.name)
        if seen is None or seen.digest != rule.digest:
            return False, f"nobody has seen its back-test: `isthmus rule test {rule.name}`"
        return True, ""

    def find(self, name: str) -> Rule:
        """The rule of this name; Refused where there is none."""
        found = self.rules.get(name)
        if found is None:
            close = nearest(name, self.rules)
            hint = f"did you mean `{close}`?" if close else "`isthmus rule list` names them"
            raise Refused(f"there is no rule `{name[:100]}`", hint=hint)
        return found

    def present(self, rule: Rule) -> Present:
        """The rule as it is now."""
        states = self.kept.states.get(rule.name, {})
        here = {place.equipment for place in rule.places}
        on = tuple(path for path, state in states.items() if state.on and path in here)
        last = max((state.fired for path, state in states.items() if path in here), default=0)
        acting, why = self.acting(rule)
        seen = self.kept.seen.get(rule.name)
        return Present(rule, acting, why, on, last, self.fired[rule.name], seen)

    def test(self, rule: Rule, seconds: float, by: str = "") -> Past:
        """Its back-test until now; it is recorded that `by` has seen it. For a thread."""
        end = int(self.app.now()) // 10**9 * 10**9
        span = Nanoseconds(end - round(seconds * 1e9)), Nanoseconds(end)
        source = Source(
            self.app.plant,
            self.app.namespace,
            self.app.historian,
            self.app.records if any(place.feeds for place in rule.places) else None,
            partial(past_events, self.app),
        )
        found = backtest(rule, source, span)
        if by:  # not where another text is only tried
            count, days = len(found.firings), seconds / 86_400
            self.app.trust.ledger.record(
                Kind.CONFIGURATION,
                by,
                f"saw the back-test of rule {rule.name}: {count} firings in {days:g} days",
                about=rule.id,
                facts={"digest": rule.digest, "firings": count, "days": days},
            )
            self.kept.seen[rule.name] = Seen(rule.digest, by, time.time_ns(), count, days)
            self._save()
        return found

    def switch(self, rule: Rule, by: str, *, enabled: bool) -> None:
        """Let it act, or keep it from acting; recorded before it is so."""
        word = "enabled" if enabled else "disabled"
        self.app.trust.ledger.record(
            Kind.CONFIGURATION, by, f"{word} rule {rule.name}", about=rule.id
        )
        if enabled:
            self.kept.disabled.pop(rule.name, None)
        else:
            self.kept.disabled[rule.name] = by
        self._save()
