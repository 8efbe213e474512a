"""One import of what a device recorded: its history asked for by OPC UA, step by step."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from isthmus.cli.device import Device, device
from isthmus.cli.importing import FIRST_ROWS, PART, moment_text, who
from isthmus.cli.screen import Progress
from isthmus.cli.sites import Counts, Site
from isthmus.historian.ingest.journal import identity
from isthmus.historian.query.moment import moment
from isthmus.model.errors import ConfigError, LinkError, ProtocolError
from isthmus.model.ports import Backfill, Unrecorded
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId
from isthmus.runtime.collect.probe import visiting
from isthmus.runtime.collect.transform import OLDEST, Transform
from isthmus.runtime.history.recall import TOGETHER, Marks, Step, recall, steps
from isthmus.runtime.subject import level

INSTANT = 10**6  # ns of history that are asked for to see whether there is any


@dataclass(slots=True)
class Row:
    """What became of one tag."""

    read: int = 0
    fresh: int = 0
    corrected: int = 0
    unchanged: int = 0
    closed: int = 0  # gaps
    first: int = 0
    last: int = 0
    refused: str = ""

    def note(self, times: np.ndarray[Any, Any]) -> None:
        """Samples of these times were read."""
        self.read += len(times)
        low, high = int(times.min()), int(times.max())
        self.first, self.last = min(self.first or low, low), max(self.last, high)


def span(args: argparse.Namespace, site: Site) -> tuple[Nanoseconds, Nanoseconds]:
    """The span that was asked for; ConfigError where it cannot be one."""
    if not (args.url and args.to):
        raise ConfigError(
            "from when to when?", hint="--from 2026-11-01 --to 2026-11-20T06:00, or --to now"
        )
    zone = ZoneInfo(args.zone or site.zone)
    start, end = (moment(said, zone, Nanoseconds(site.now)) for said in (args.url, args.to))
    if start >= end:
        raise ConfigError(
            f"--from {moment_text(start)} is not before --to {moment_text(end)}",
            hint="the span is what the device recorded from the first to before the second",
        )
    if start < OLDEST:
        raise ConfigError(
            f"--from {moment_text(start)} is before 2000", hint="no device recorded anything then"
        )
    if end > site.now:
        raise ConfigError(
            f"--to {moment_text(end)} is in the future", hint="--to now is all until now"
        )
    return start, end


def bring(site: Site, args: argparse.Namespace, data: Path) -> dict[str, Any]:
    """Import what the connection's device recorded; what became of it."""
    known = device(site, args, data)
    start, end = span(args, site)
    doing = _Recalling(site, args, known, steps(known.ids, start, end))
    said = {
        "endpoint": known.config.endpoint,
        "nodes": [str(each.address) for each in known.bindings],
        "tags": known.paths,
        "span": (start, end),
    }
    with Progress(quiet=args.json) as progress:
        asyncio.run(doing.run(identity("opcua", said), data, progress))
    return doing.told(start, end)


@dataclass(slots=True)
class _Recalling:
    """The state of one import from a device."""

    site: Site
    args: argparse.Namespace
    device: Device
    steps: Sequence[Step]
    rows: list[Row] = field(init=False)
    known: bool = False
    _marks: Marks = field(default_factory=Marks)
    _first: list[dict[str, object]] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.rows = [Row() for _ in self.device.bindings]

    async def run(self, number: str, data: Path, progress: Progress) -> None:
        """Everything, from the step on that was not complete yet."""
        state = data / "links" / level(self.device.config.name)
        now = lambda: Nanoseconds(time.time_ns())  # noqa: E731 - a clock
        with visiting(state) as visit:
            source = self.device.config.build(self.device.bindings, now=now, state=visit)
            if not isinstance(source, Backfill):
                raise ConfigError(f"{self.device.config.endpoint} has no history to be asked for")
            try:
                await source.open()
                await self._import(source, number, progress)
            except LinkError as error:
                error.hint += f"{'; ' if error.hint else ''}run it again: it goes on where it was"
                raise
            finally:
                with suppress(Exception):
                    await source.close()

    async def _import(self, source: Backfill, number: str, progress: Progress) -> None:
        progress.show(f"asking {self.device.config.name} what it records", 0.0)
        keeps = await self._keeps(source)
        taken, done = 0, False
        if not self.args.dry_run:
            taken, done = await asyncio.to_thread(
                self.site.begin, number, self.device.source, who(),
                again=self.args.again, create=self.device.create,
            )  # fmt: skip
            self.known = done or taken > 0
        if done:
            return
        groups = sum(step.start == self.steps[0].start for step in self.steps)
        for step in self.steps[max(0, taken - groups) :]:  # the one before says what held
            await self._step(source, step, keeps, number, passed=step.number < taken)
            progress.show(self._progress(), (step.number + 1) / len(self.steps))
        if not self.args.dry_run:
            await asyncio.to_thread(self.site.end, number, 0)

    async def _keeps(self, source: Backfill) -> set[TagId]:
        """The tags of which the device keeps history; ProtocolError where it is none."""
        ids, start = self.device.ids, self.steps[0].start
        keeps: set[TagId] = set()
        wrong: ProtocolError | None = None
        for first in range(0, len(ids), TOGETHER):
            some = ids[first : first + TOGETHER]
            try:
                async for _ in source.backfill(some, start, Nanoseconds(start + INSTANT)):
                    pass
            except ProtocolError as error:
                wrong = error
            told = source.unrecorded() if isinstance(source, Unrecorded) else {}
            for tag in some:
                self.rows[tag].refused = told.get(tag, "" if wrong is None or told else str(wrong))
            keeps |= {tag for tag in some if not self.rows[tag].refused}
        if not keeps:
            wrong = wrong or ProtocolError(f"{self.device.config.endpoint} keeps no history")
            wrong.hint = wrong.hint or (
                "turn historizing on at the server for these nodes; --map NODE=PATH names others"
            )
            raise wrong
        return keeps

    async def _step(
        self, source: Backfill, step: Step, keeps: set[TagId], number: str, *, passed: bool
    ) -> None:
        shape = Transform.of(self.device.bindings, len(self.device.bindings)).shape
        self._marks.note({} if passed else await asyncio.to_thread(self._lost, step, keeps))
        waiting: list[Batch] = []
        async for page in recall(source, step, keeps):
            if not len(page):
                continue
            rows = shape(page, Nanoseconds(time.time_ns()))
            closing = self._marks.close(rows)
            if passed:
                continue
            self._note(rows, closing)
            waiting += [rows, closing]
            while sum(map(len, waiting)) >= PART:
                whole = Batch.concat(waiting)
                await self._take(number, step, whole.slice(0, PART), more=True)
                waiting = [whole.slice(PART, len(whole))]
        if not passed:
            await self._take(number, step, Batch.concat(waiting), more=False)

    async def _take(self, number: str, step: Step, batch: Batch, *, more: bool) -> None:
        paths, made = self.device.paths, self.device.made
        if not self.args.dry_run:
            counts = await asyncio.to_thread(
                self.site.take, number, step.number, batch, paths, more=more
            )
        else:
            new = np.isin(batch.tag, made)
            for tag in batch.tag[new].tolist():
                self.rows[tag].fresh += 1
            rest = batch.where(~new)
            counts = Counts()
            if len(rest):
                counts = await asyncio.to_thread(self.site.preview, rest, paths)
        for path, (fresh, corrected, unchanged) in counts.tags.items():
            row = self.rows[paths.index(path)]
            row.fresh += fresh
            row.corrected += corrected
            row.unchanged += unchanged

    def _lost(self, step: Step, keeps: set[TagId]) -> dict[int, list[int]]:
        """When the site noted in this step that it had lost the device, by tag."""
        places = {path: place for place, path in enumerate(self.device.paths)}
        known = [tag for tag in step.tags if tag in keeps and tag not in self.device.made]
        if not known:
            return {}
        paths = [self.device.paths[tag] for tag in known]
        found = self.site.lost(paths, step.start, step.end)
        return {places[path]: times for path, times in found.items()}

    def _note(self, rows: Batch, closing: Batch) -> None:
        for tag in np.unique(rows.tag).tolist():
            self.rows[tag].note(rows.time[rows.tag == tag])
        for tag in closing.tag.tolist():
            self.rows[tag].closed += 1
        for row in range(min(len(rows), FIRST_ROWS - len(self._first))):
            self._first.append(
                {
                    "time": moment_text(int(rows.time[row])),
                    "tag": self.device.paths[int(rows.tag[row])],
                    "value": float(rows.value[row]),
                    "quality": Status.word(int(rows.quality[row])),
                }
            )

    def _progress(self) -> str:
        read = sum(row.read for row in self.rows)
        spent = max(time.monotonic() - self._began, 1e-3)
        return f"{read:,} samples of {self.device.config.name}, {read / spent:,.0f}/s"

    def told(self, start: Nanoseconds, end: Nanoseconds) -> dict[str, Any]:
        """What became of the import."""
        spent = time.monotonic() - self._began
        keys = ("read", "fresh", "corrected", "unchanged", "closed")
        totals = {key: sum(getattr(row, key) for row in self.rows) for key in keys}
        return {
            "source": self.device.source,
            "dry_run": self.args.dry_run,
            "known": self.known,
            "from": moment_text(start),
            "to": moment_text(end),
            **totals,
            "tags": [
                {
                    "node": self.device.nodes[place],
                    "tag": self.device.paths[place],
                    "made": place in self.device.made,
                    **{key: getattr(row, key) for key in keys},
                    "first": moment_text(row.first) if row.read else None,
                    "last": moment_text(row.last) if row.read else None,
                    "refused": row.refused,
                }
                for place, row in enumerate(self.rows)
            ],
            "first_rows": self._first if self.args.dry_run else [],
            "seconds": round(spent, 3),
            "per_s": round(totals["read"] / max(spent, 1e-3)),
        }
