"""Keeps derived values true: new windows as they close, old ones when late samples touch them."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from isthmus.historian.port import Historian
from isthmus.model.errors import IsthmusError
from isthmus.model.kpi import NEVER, KpiResult
from isthmus.model.plant import Equipment
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Kind
from isthmus.runtime.derive.compute import inputs, places, results
from isthmus.runtime.derive.dirt import FILE, Dirt
from isthmus.runtime.derive.formula import FORMULAS
from isthmus.runtime.derive.window import DAY, HOUR, Interval, closed
from isthmus.runtime.figures.read import Records

log = logging.getLogger(__name__)

SETTLE = 60 * 10**9  # ns of the plant's time after which a window counts as closed
FIRST = 10.0  # seconds after the start: pages come before
LOOK = 5.0
DARK = 60.0  # seconds between looks at what edges had not told yet
MOST = 1_000_000  # results of the windows of a day
REST = 3.0  # times as long as it worked
RETRY = 10.0
LOOK_BACK = 7 * DAY  # for which a value may hold: as far as a late one can reach


@dataclass(slots=True, eq=False)
class Deriver:
    """Computes the lines' figures into the kpi table; `run` until cancelled.

    A late sample changes its own window and all in which its value still holds. Work is the
    newest first, and rests three times as long as it works.
    """

    records: Records
    historian: Historian
    dirt: Dirt
    trouble: str = ""
    computed: int = 0  # results since the start
    _asked: float = 0.0
    _lines: dict[str, Equipment] = field(default_factory=dict)
    _of: dict[int, list[str]] = field(default_factory=dict)
    _words: dict[int, str] = field(default_factory=dict)  # paths of tags that are told in words

    @classmethod
    def of(cls, records: Records, historian: Historian, folder: Path) -> Deriver:
        """What derives for the installation whose data is in `folder`."""
        return cls(records, historian, Dirt.open(folder / FILE))

    def __post_init__(self) -> None:
        for line in places(self.records.plant):
            for formula in FORMULAS:
                for number, tag in inputs(self.records, line, formula).items():
                    self._lines[line.path] = line
                    self._of.setdefault(number, []).append(line.path)
                    if tag.kind is Kind.TEXT:
                        self._words[number] = tag.path
        self._of = {number: sorted(set(lines)) for number, lines in self._of.items()}
        self.dirt.watch(list(self._of))
        self._begin()

    def _begin(self) -> None:
        """From where we were; what other versions of the formulas computed is work again."""
        dirt = self.dirt
        versions = {formula.id: formula.version for formula in FORMULAS}
        first = not dirt.until
        if first:
            dirt.until = self._settled()
        if first or dirt.versions != versions:
            oldest = self.historian.stats().oldest
            for line in self._lines:
                if oldest is not None:
                    dirt.add(line, oldest // HOUR * HOUR, dirt.until)
            dirt.versions = versions
        dirt.work = {line: some for line, some in dirt.work.items() if line in self._lines}
        dirt.save()

    async def run(self) -> None:
        """Work until cancelled; a trouble is told once, and tried again."""
        await asyncio.sleep(FIRST)
        while True:
            began = time.monotonic()
            try:
                worked = await self.step()
                self.trouble = ""
            except IsthmusError as error:
                if not self.trouble:
                    log.warning("derived values wait: %s", error)
                self.trouble = str(error)
                await asyncio.sleep(RETRY)
                continue
            if worked:
                await asyncio.sleep(REST * (time.monotonic() - began))
                continue
            self.dirt.woken.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.dirt.woken.wait(), LOOK)
                await asyncio.sleep(LOOK)  # late samples come in swarms

    async def step(self) -> bool:
        """One piece of work, a day of one line at most; whether there was any."""
        async with self.dirt.order:
            changed = await self._spread()
            piece = self.dirt.take(DAY)
            if changed:
                await self.dirt.keep()
        if piece is None:
            return False
        line, start, end = piece
        try:
            made, dark = await asyncio.to_thread(self._compute, line, start, end)
            await asyncio.to_thread(self.historian.write_kpis, made)
        except BaseException:
            self.dirt.done(line)
            self.dirt.add(line, start, end)
            raise
        self.computed += len(made)
        async with self.dirt.order:
            self.dirt.done(line)
            if dark is not None:  # its edge will tell; until then this is all we know
                self.dirt.dark.setdefault(line, []).append((max(start, dark), end))
            await self.dirt.keep()
        return True

    async def _spread(self) -> bool:
        """Make work of windows that closed, and of what late samples changed."""
        if self.dirt.dark and time.monotonic() - self._asked >= DARK:
            self._asked = time.monotonic()
            for line, some in self.dirt.dark.items():
                for start, end in some:
                    self.dirt.add(line, start, end)
            self.dirt.dark.clear()
        until, before = self._settled(), self.dirt.until
        if until > before:
            for line in self._lines:
                self.dirt.add(line, before, until)
            self.dirt.until = until
        if not self.dirt.marks:
            return until > before
        reach = await asyncio.to_thread(self._reach, dict(self.dirt.marks))
        for tag, some in reach.items():
            for line in self._of.get(tag, ()):
                for start, end in some:
                    self.dirt.add(line, start, min(end, self.dirt.until))
        self.dirt.marks.clear()
        return True

    def _reach(self, marks: dict[int, list[Interval]]) -> dict[int, list[Interval]]:
        """Each mark up to where the next sample of its tag ends its influence."""
        found: dict[int, list[Interval]] = {}
        by_end: dict[int, list[tuple[int, int]]] = {}
        for tag, some in marks.items():
            for start, end in some:
                by_end.setdefault(end, []).append((tag, start))
        for end, pairs in by_end.items():
            tags = np.unique(np.array([tag for tag, _ in pairs], np.int32))
            soon = self.historian.raw(tags, Nanoseconds(end), Nanoseconds(end + HOUR))
            met = set(np.unique(soon.tag).tolist())
            for tag, start in pairs:
                until = end + HOUR if tag in met else self._next(tag, end)
                found.setdefault(tag, []).append((start, until))
        return found

    def _next(self, tag: int, time_: int) -> int:
        """The hour after the next sample or text of `tag` from `time_` on, within the look-back."""
        last = time_ + LOOK_BACK
        span = Nanoseconds(time_), Nanoseconds(last)
        times = self.historian.raw(np.array([tag], np.int32), *span, limit=1).time.tolist()
        if tag in self._words:
            texts = self.records.texts(*span, kinds=("text",), path=self._words[tag])
            times = [event.time for event in texts]
        return min(times) // HOUR * HOUR + HOUR if times else last

    def _compute(self, path: str, start: int, end: int) -> tuple[list[KpiResult], int | None]:
        """What is news in the windows that touch [start, end); since when a tag there is dark."""
        line, records = self._lines[path], self.records
        now, calendar = records.now(), records.calendar(line)
        made: list[KpiResult] = []
        dark = [
            since
            for tag, lines in self._of.items()
            if path in lines and (since := records.dark(TagId(tag))) is not None and since < end
        ]
        for period, window in closed(calendar, records.zone, start, end, self.dirt.until):
            made += results(records, line, period, window, now)
        since = min(dark, default=None)
        return self._news(made), None if since is None else since // HOUR * HOUR

    def _news(self, made: list[KpiResult]) -> list[KpiResult]:
        """Those of `made` that are not what the table says already."""
        if not made:
            return made
        first, last = (pick(result.start for result in made) for pick in (min, max))
        known = {
            result.key: replace(result, computed=NEVER)
            for result in self.historian.kpis(first, Nanoseconds(last + 1), limit=MOST)
        }
        return [
            result for result in made if known.get(result.key) != replace(result, computed=NEVER)
        ]

    def _settled(self) -> int:
        return (self.records.now() - SETTLE) // HOUR * HOUR
