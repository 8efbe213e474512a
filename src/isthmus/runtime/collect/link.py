"""Keeps one source open: retry, back-off, log-once, health, gaps; so no connector has them."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from isthmus.model.errors import AuthError, IsthmusError, LinkError, ProtocolError
from isthmus.model.event import Event
from isthmus.model.ports import (
    Address,
    Backfill,
    Binding,
    Counts,
    Reading,
    Resumes,
    Source,
    SourceConfig,
    Subscription,
)
from isthmus.model.sample import Batch, Clock, Int32s, Nanoseconds, Status
from isthmus.runtime.collect.ending import end
from isthmus.runtime.collect.health import Condition, Health
from isthmus.runtime.history.backfill import Filled, fill

log = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0
REFUSED_PAUSE = 300.0
HELD = 1.0  # seconds for which a reading must wait to count as held back
STEADY = 30.0  # seconds up after which a link that falls is tried again without delay
MILLISECOND = 10**6
HOUR = 3_600 * 10**9
WRONG_ANSWERS = 5
MOST_GAPS = 64  # that wait to be filled

Emit = Callable[["Link", Reading], Awaitable[None]]
"""Takes a reading; returns when more may come (`emit`), or when it is on disk (`store`)."""


@dataclass(slots=True, eq=False)
class Link:
    """One source, kept alive; what it says goes to `emit`, which may hold it back.

    An outage is data: at its start every tag gets one sample of bad quality, and each outage and
    each recovery is one log line and one event.
    """

    config: SourceConfig
    bindings: Sequence[Binding[Address]]
    emit: Emit
    store: Emit
    now: Clock
    state: str
    health: Health = field(default_factory=Health)
    source: Source | Subscription | None = None
    gaps: list[int] = field(default_factory=list)  # when our bad samples say that gaps began
    since: int = 0  # from when the first gap may lack samples
    _filling: asyncio.Task[None] | None = None
    _dumb: bool = False  # it was said that the device keeps no history
    _pause: float = 0.0
    _resumes: bool = False
    _wrong: int = 0
    _counted: int = 0
    _spoke: bool = False  # it has told us anything, good or bad
    _newest: int = 0  # the newest time that was told, ahead of ours by an hour at most
    _risen: float = 0.0
    _chance: random.Random = field(default_factory=random.Random)
    _now: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def name(self) -> str:
        """The connection's name in the plant file."""
        return self.config.name

    @property
    def ids(self) -> Int32s:
        """The ids of all bound tags."""
        return np.array([binding.id for binding in self.bindings], np.int32)

    async def run(self) -> None:
        """Keep the source open until cancelled."""
        self.health.begun = self.health.since = self.now()
        while True:
            try:
                await self._session()
            except AuthError as error:
                await self._fell(error, Condition.REFUSED)
                self._pause = REFUSED_PAUSE
            except (LinkError, ProtocolError) as error:
                await self._fell(error, Condition.DOWN)
            except Exception as error:
                log.exception("%s failed in an unexpected way", self.name)
                wrapped = ProtocolError(
                    f"{type(error).__name__}: {error}", hint="please report this with the log"
                )
                await self._fell(wrapped, Condition.DOWN)
            finally:
                await self._end_filling()
                await self._close()
            await self._wait()

    def retry(self) -> None:
        """Try again at once, for a person who has mended something."""
        self._pause = 0.0
        self._now.set()

    # ------------------------------------------------------------------ one session
    async def _session(self) -> None:
        self.source = source = self.config.build(self.bindings, now=self.now, state=self.state)
        anything: object = source
        self._resumes = isinstance(anything, Resumes) and anything.resumes
        await source.open()
        if isinstance(source, Subscription):
            await self._listen(source)
        else:
            await self._poll(source)

    async def _listen(self, source: Subscription) -> None:
        readings = source.listen()
        quiet = self.config.quiet
        try:
            if quiet is None:
                await self._rose()
            while True:
                async with asyncio.timeout(quiet):
                    reading = await anext(readings)
                await self._rose()
                await self._take(reading)
        except StopAsyncIteration:
            raise LinkError(f"listening to {self.config.endpoint}: the source ended") from None
        except TimeoutError as error:
            raise LinkError(
                f"listening to {self.config.endpoint}: silent for {quiet:g} s",
                hint="is the machine on? `quiet` in the plant file sets how long silence may last",
            ) from error
        finally:
            if close := getattr(readings, "aclose", None):
                with suppress(Exception):
                    await close()

    async def _poll(self, source: Source) -> None:
        every = self.config.every
        clock = asyncio.get_running_loop().time
        beat = clock()
        while True:
            try:
                reading = await source.read()
            except ProtocolError as error:
                self._wrong += 1
                self.health.protocol_errors += 1
                if self._wrong >= WRONG_ANSWERS:
                    raise
                self._note(error)
                reading = Reading(self._all(Status.BAD_DECODING_ERROR))
            else:
                self._wrong = 0
                await self._rose()
            heard = clock()
            await self._take(reading)
            kept = clock() - heard
            # readings not taken as nobody could keep them; less is a busy moment, not a full stream
            held = int(kept // every) if kept >= HELD else 0
            self.health.missed += held * len(self.bindings)
            late = int((clock() - beat) // every)
            self.health.overruns += max(0, late - held - 1)
            beat += max(1, late) * every
            await asyncio.sleep(max(0.0, beat - clock()))

    async def _take(self, reading: Reading) -> None:
        if len(reading.batch) or reading.events:
            second = int(time.monotonic())
            self.health.received.add(len(reading.batch) + len(reading.events), second)
            if len(reading.batch):
                newest = min(int(reading.batch.time.max()), self.now() + HOUR)
                self._newest = max(self._newest, newest)
            if self.health.judge(reading.batch) or any(e.kind == "text" for e in reading.events):
                self.health.last_good = self.now()
            self._spoke = True
            await (self.store if self._resumes else self.emit)(self, reading)
            if second != self._counted:
                self._count(second)

    def _count(self, second: int) -> None:
        """Ask the connector for its counters, at most once a second."""
        self._counted = second
        source: object = self.source
        if isinstance(source, Counts):
            self.health.counts = source.counts()

    # ------------------------------------------------------------------ rise and fall
    async def _rose(self) -> None:
        if self.health.condition is Condition.UP:
            return
        before, health = self.health.condition, self.health
        past = self._span()
        health.condition, health.error, health.hint, health.next_try = Condition.UP, "", "", None
        health.since, self._risen = self.now(), time.monotonic()
        after = "" if before is Condition.STARTING else f" after {past}"
        log.info("%s is up with %d tags%s", self.name, len(self.bindings), after)
        text = f"{self.name} is up{after}"
        await self.emit(self, Reading(Batch.empty(), (self._event("link-up", text, 100),)))
        source: object = self.source
        if self.gaps and isinstance(source, Backfill):
            self._filling = asyncio.create_task(self._fill(source), name=f"fill {self.name}")

    async def _fill(self, source: Backfill) -> None:
        """Close the gaps with what the device recorded; it is told once that it does not."""
        gaps, now = tuple(self.gaps), self.now()
        try:
            found = await self.fill(source, Nanoseconds(self.since or gaps[0]), now, gaps)
        except ProtocolError as error:
            if not self._dumb:
                loud = getattr(self.config, "history", "") == "always"
                level = logging.WARNING if loud else logging.INFO
                log.log(level, "%s fills no gap: %s", self.name, error)
            self._dumb = True
        except LinkError:
            return  # it fell again: the gaps stay to be filled
        except Exception:
            log.exception("filling the gaps of %s", self.name)
        else:
            if found.samples:
                log.info("%s filled a gap with %d samples", self.name, found.samples)
        self.gaps, self.since = self.gaps[len(gaps) :], 0

    async def fill(
        self, source: Backfill, start: Nanoseconds, end: Nanoseconds, gaps: Sequence[int] = ()
    ) -> Filled:
        """Tell what the device recorded in [start, end]; an event says how much it was."""
        tags = [binding.id for binding in self.bindings]
        found = await fill(source, tags, start, end, gaps, lambda told: self.emit(self, told))
        self.health.backfilled += found.samples
        if found.samples:
            text = f"{self.name} backfilled {found.samples:,} samples of {len(found.tags)} tags"
            if not found.whole:
                text += "; the device may know more than one filling takes"
                log.warning("%s", text)
            data = {
                "samples": found.samples,
                "tags": len(found.tags),
                "closed": found.closed,
                "whole": found.whole,
            }
            event = replace(self._event("backfill", text, 100), data=data)
            await self.emit(self, Reading(Batch.empty(), (event,)))
        return found

    async def _end_filling(self) -> None:
        """Stop asking for the past; what was told stays."""
        filling, self._filling = self._filling, None
        if filling is not None:
            await end([filling])

    async def _fell(self, error: IsthmusError, condition: Condition) -> None:
        self._note(error)
        if self.health.condition is condition:
            return
        log.warning("%s is down: %s%s", self.name, error, f" ({error.hint})" if error.hint else "")
        self.health.condition, self.health.since = condition, self.now()
        self._wrong = 0
        code = Status.BAD_NO_COMMUNICATION if self._spoke else Status.BAD_NOT_CONNECTED
        event = self._event("link-down", f"{self.name} is down: {error}", 600)
        marked = self._all(code)
        if len(marked) and self._spoke:
            self.gaps = [*self.gaps, int(marked.time[0])][-MOST_GAPS:]
            self.since = self.since or self._newest
        await self.emit(self, Reading(marked, (event,)))

    def _note(self, error: IsthmusError) -> None:
        self.health.error, self.health.hint = str(error), error.hint

    def _all(self, code: Status) -> Batch:
        """One row a tag, after all that the device told, though its clock be ahead of ours."""
        ids = self.ids
        at = Nanoseconds(max(self.now(), self._newest + MILLISECOND))
        return Batch.of(ids, at, np.full(len(ids), np.nan), int(code))

    def _event(self, kind: str, text: str, severity: int) -> Event:
        return Event(self.now(), self.name, kind, text, severity)

    def _span(self) -> str:
        seconds = (self.now() - (self.health.since or self.now())) / 1e9
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"

    async def _close(self) -> None:
        if self.source is not None:
            self._count(0)
            self.health.carry()
            try:
                async with asyncio.timeout(10):
                    await self.source.close()
            except Exception:
                log.debug("closing %s", self.name, exc_info=True)
            self.source = None

    async def _wait(self) -> None:
        if self._risen and time.monotonic() - self._risen > STEADY:
            self._pause = 0.0
        self._risen = 0.0
        longest = REFUSED_PAUSE if self.health.condition is Condition.REFUSED else LONGEST_PAUSE
        self._pause = min(max(self._pause * 2, self.config.every, 0.5), longest)
        pause = self._pause * self._chance.uniform(0.8, 1.2)  # many links must not return as one
        self.health.next_try = time.monotonic() + pause
        self._now.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._now.wait(), pause)
        self.health.next_try = None


def gap(ids: Int32s, at: Nanoseconds) -> Batch:
    """One row of bad quality for each of `ids`: from here on nothing is known."""
    return Batch.of(ids, at, np.full(len(ids), np.nan), int(Status.BAD_NOT_CONNECTED))
