"""The rules of a running plant: judged each second, kept over a restart, tested, acted on."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
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
from isthmus.runtime.rule.kept import FILE, Kept, Seen
from isthmus.runtime.rule.present import Present
from isthmus.runtime.rule.resume import CATCH_UP, PIECE, between, fresh, resume
from isthmus.runtime.troubles import Troubles

if TYPE_CHECKING:
    from isthmus.runtime.app import App

LINK = "rules"  # the name under which they are told to the stream
EVERY = 1.0  # seconds between two looks
SETTLE = 2.0  # seconds for samples to come, before their moment is judged
AGAIN = 10.0  # seconds between two tries to begin
KEEP = 30.0  # seconds between two writes of the file where nothing changed


class Rules:
    """Judges all rules once a second; what they say is told, and what they may do is done."""

    def __init__(self, app: App) -> None:
        self.app, self.rules = app, dict(app.plant.rules)
        self.kept = Kept.open(app.settings.folder / FILE)
        self.acts = Acts(app, self.kept)
        self._troubles = Troubles("rules")
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
        self._deaf = False
        self._past = 0  # until when history is asked for samples, not what was heard
        self._read = [0] * len(self.benches)  # until when that was done

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
        if self.benches and len(batch) and not self._deaf:
            self.heard.hear(batch)

    async def run(self) -> None:
        """Look once a second, until cancelled; what was kept is written down then.

        A trouble of history is told once; what was not judged for it is judged later.
        """
        if not self.benches:
            return
        self._deaf = not self.app.judging.is_set()  # they begin with what history says then
        await self.app.judging.wait()
        self._deaf = False
        try:
            if any(bench.feeds for bench in self.benches):
                self.app.alarms.told.append(lambda _, event: self._tell_feeds(event))
            while not await self._attempt(self._begin):
                await asyncio.sleep(AGAIN)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._tell_for_ever(), name="rules told")
                while True:
                    await self._attempt(self.look)
                    await asyncio.sleep(EVERY)
        finally:
            self._save()

    async def _tell_for_ever(self) -> None:
        """A stream that waits holds up no look."""
        while True:
            if await self.flush():
                await asyncio.to_thread(self._save)
            await asyncio.sleep(EVERY)

    async def _attempt(self, work: Callable[[], Awaitable[object]]) -> bool:
        try:
            await work()
        except (IsthmusError, OSError) as error:
            self._troubles.note("history", f"they wait: {error}")
            return False
        self._troubles.note("history")
        return True

    async def _begin(self) -> None:
        now = int(self.app.now())
        self._clock.clear()
        self._clock.append((time.monotonic(), now))
        await asyncio.sleep(SETTLE)  # what was under way then is in history now
        await asyncio.to_thread(self._resume, now)

    async def look(self) -> list[Turned]:
        """Judge until a moment ago, and do what follows; StorageError leaves the rest for later."""
        began, until = time.monotonic(), self._settled()
        for event in self.counts.look(self.app):
            self.kept.tell(event)
            self._tell_feeds(event)
        if any(until - bench.judged > CATCH_UP + PIECE for bench in self.benches):
            await asyncio.to_thread(self._resume, until)
        found = []
        while (read := min(self._read)) < self._past:
            found += await self._judge(min(read + PIECE, self._past), past=True)
        found += await self._judge(until)
        self.took = time.monotonic() - began
        return found

    async def _judge(self, until: int, *, past: bool = False) -> list[Turned]:
        """Judge until then by what was heard, or by what history has of the `past`."""
        batches = await asyncio.to_thread(self._ask, until, past=past)
        if not past:  # only now: what was taken must be judged
            batches = [self.heard.take()] * len(self.benches)
        found = await asyncio.to_thread(self._advance, batches, until)
        await self._follow(found)
        return found

    def _ask(self, until: int, *, past: bool) -> list[Batch]:
        """All that may fail; where it does nothing is taken, and it can be asked again."""
        batches = []
        if past:
            each = zip(self.benches, self._read, strict=True)
            batches = [between(self.app.historian, bench, low, until) for bench, low in each]
        for feeds in self.feeds:
            feeds.ask(until)
        if past:
            self._read = [max(read, until) for read in self._read]
        return batches

    def _advance(self, batches: list[Batch], until: int) -> list[Turned]:
        found = [
            one
            for bench, feeds, batch in zip(self.benches, self.feeds, batches, strict=True)
            for one in bench.advance(batch, until, feeds.take())
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
        benches = [fresh(bench, self.app.namespace) for bench in self.benches]
        each = list(zip(benches, self.feeds, strict=True))
        read = [resume(self.app.historian, *one, self.kept, now) for one in each]
        self.benches, self._read, self._past = benches, read, now
        self.heard.forget(now)

    # ------------------------------------------------------------------ what follows
    async def _follow(self, found: list[Turned]) -> None:
        changed = bool(found)
        with self.kept.lock:
            for bench in self.benches:
                self.kept.keep(bench)
            for one in found:
                rule, turn = one.judge.rule, one.turn
                place = rule.places[turn.place]
                state = self.kept.state(rule.name, place.equipment)
                state.on, state.since = turn.began, turn.time
                if turn.began and not turn.spared:
                    state.fired = turn.time
                    self.fired[rule.name] += 1
        if changed or time.monotonic() - self._saved > KEEP:
            await asyncio.to_thread(
                self._save
            )  # before anything is done: what is done twice would be worse than once
        for one in found:
            values = {
                path: float(value) if np.isfinite(value) else None
                for path, value in self._values(one).items()
            }
            acting, _ = self.acting(one.judge.rule)
            await self.acts.follow(one.judge.rule, one.turn, values, acting=acting)
        if changed:
            await asyncio.to_thread(self._save)

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
            self._troubles.note("file", str(error))
        else:
            self._troubles.note("file")

    async def flush(self) -> int:
        """Give the stream what it does not have yet, how many; what fails waits for next time."""
        try:
            count = await self.kept.untold.hand_over(lambda event: self.app.tell(LINK, event))
        except IsthmusError as error:
            self._troubles.note("stream", f"the stream takes no events of rules: {error}")
            return 0
        self._troubles.note("stream")
        return count

    @property
    def trouble(self) -> str:
        """What is in the way now; empty where nothing is."""
        return self._troubles.first

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
        with self.kept.lock:
            states = dict(self.kept.states.get(rule.name, {}))
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
            with self.kept.lock:
                seen = Seen(rule.digest, by, time.time_ns(), count, days)
                self.kept.seen[rule.name] = seen
            self._save()
        return found

    def switch(self, rule: Rule, by: str, *, enabled: bool) -> None:
        """Let it act, or keep it from acting; recorded before it is so."""
        word = "enabled" if enabled else "disabled"
        self.app.trust.ledger.record(
            Kind.CONFIGURATION, by, f"{word} rule {rule.name}", about=rule.id
        )
        with self.kept.lock:
            if enabled:
                self.kept.disabled.pop(rule.name, None)
            else:
                self.kept.disabled[rule.name] = by
        self._save()
