"""Takes old history in, part by part: what is news goes the way of all samples, once.

The same import may be sent again, whole or from where it was cut: parts that are durable are
passed over, and rows that history knows already are left out.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from isthmus.historian.ingest.compare import News, news
from isthmus.historian.ingest.journal import Import, Journal, advanced
from isthmus.historian.port import Historian
from isthmus.model.errors import Refused
from isthmus.model.event import Event
from isthmus.model.path import fault
from isthmus.model.sample import Batch, Clock, Nanoseconds, Status
from isthmus.model.tag import Namespace, Tag
from isthmus.runtime.catalogue import write_durably
from isthmus.runtime.collect.transform import AHEAD

JOURNAL, TAGS = "imports.json", "imported-tags.json"
MOST_TAGS = 100_000
DAY = 86_400 * 10**9
LOST = (Status.BAD_NO_COMMUNICATION, Status.BAD_NOT_CONNECTED)  # what a link says of an outage

Deliver = Callable[[Batch, str, int], Awaitable[None]]
"""Hands over the news in a part of an import."""


@dataclass(slots=True, eq=False)
class Imports:
    """The imports of one installation.

    `keep` makes durable what was delivered; it is asked for every `rows` samples and at the end.
    """

    folder: Path
    historian: Historian
    namespace: Namespace
    deliver: Deliver
    keep: Callable[[], Awaitable[None]]
    tell: Callable[[Event], Awaitable[None]]
    now: Clock
    rows: int = 0
    _journal: Journal = field(init=False)
    _ahead: dict[str, Import] = field(default_factory=dict)  # delivered, not yet durable
    _since: int = 0
    _order: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._journal = Journal(self.folder / JOURNAL)

    def all(self) -> list[Import]:
        """Every import that was begun, the newest last."""
        return self._journal.all()

    async def begin(self, number: str, source: str, by: str, *, again: bool = False) -> Import:
        """The import of that id: new, cut short, or done; with `again` from its start."""
        async with self._order:
            if again:
                await asyncio.to_thread(self._journal.forget, number)
            self._ahead.pop(number, None)
            known = self._journal.of(number)
            if known is None:
                known = Import(number, source[:200], by[:100])
                await asyncio.to_thread(self._journal.note, known)
            return known

    def preview(self, batch: Batch) -> News:
        """What `batch` would change."""
        self._check(batch)
        return news(self.historian, batch)

    def lost(self, paths: Iterable[str], start: int, end: int) -> dict[str, list[int]]:
        """When in [start, end) a link noted that it had lost its device, by tag."""
        ids = {self.namespace.id(path): path for path in paths}
        tags = np.array(sorted(tag for tag in ids if tag is not None), np.int32)
        found: dict[str, list[int]] = {}
        for low in range(start, end, DAY):
            high = Nanoseconds(min(low + DAY, end))
            rows = self.historian.raw(tags, Nanoseconds(low), high)
            rows = rows.where(np.isin(rows.quality, LOST))
            for tag, time in zip(rows.tag.tolist(), rows.time.tolist(), strict=True):
                found.setdefault(ids[tag], []).append(time)
        return found

    async def take(self, number: str, part: int, batch: Batch, *, more: bool = False) -> News:
        """Take part `part` (from 0 on); what was news. Refused where the parts before are missing.

        One that was taken before is passed over. With `more`, the next call goes on with the same
        part, which is taken when its last piece is: a part may be of any size.
        """
        async with self._order:
            known = self._ahead.get(number) or self._journal.of(number)
            if known is None:
                raise Refused(f"importing {number}: nobody began it", hint="begin it first")
            if part < known.parts:
                return News(Batch.empty())
            if part > known.parts:
                raise Refused(
                    f"importing part {part} of {known.source}: part {known.parts} comes next",
                    hint="ask how far it came, and go on from there",
                )
            self._check(batch)
            found = await asyncio.to_thread(news, self.historian, batch)
            if len(found.rows):
                await self.deliver(found.rows, number, part)
            self._ahead[number] = advanced(known, _counts(batch, found), parts=0 if more else 1)
            self._since += len(batch)
            if self._since >= self.rows:
                await self._settle(number)
            return found

    async def end(self, number: str, *, rejected: int = 0) -> Import:
        """The import is complete: history gets an event that tells who brought what."""
        async with self._order:
            known = self._ahead.get(number) or self._journal.of(number)
            if known is None:
                raise Refused(f"importing {number}: nobody began it", hint="begin it first")
            if known.done:
                return known
            now = self.now()
            known = replace(known, done=True, rejected=rejected, time=now)
            await self.tell(event(known, now))
            self._ahead[number] = known
            await self._settle(number)
            return known

    async def _settle(self, number: str) -> None:
        """Make durable what was delivered, then remember that it is."""
        await self.keep()
        self._since = 0
        if (known := self._ahead.pop(number, None)) is not None:
            await asyncio.to_thread(self._journal.note, known)

    def _check(self, batch: Batch) -> None:
        if len(batch) and (batch.time.min() < 0 or batch.time.max() > self.now() + AHEAD):
            raise Refused(
                "importing samples before 1970 or of the future",
                hint="which zone, and which format, are the times in?",
            )


def _counts(batch: Batch, found: News) -> dict[str, int]:
    return {
        "fresh": found.fresh,
        "corrected": found.corrected,
        "unchanged": found.unchanged,
        "first": int(batch.time.min()) if len(batch) else 0,
        "last": int(batch.time.max()) if len(batch) else 0,
    }


def event(known: Import, now: Nanoseconds) -> Event:
    """What history keeps of an import."""
    text = (
        f"{known.by or 'somebody'} imported {known.fresh + known.corrected:,} samples"
        f" of {known.source}: {known.fresh:,} new, {known.corrected:,} corrected"
    )
    data: dict[str, str | float | int | bool | None] = {
        "id": known.id,
        "turn": known.turn,
        "source": known.source,
        "by": known.by,
        "new": known.fresh,
        "corrected": known.corrected,
        "unchanged": known.unchanged,
        "rejected": known.rejected,
        "from": str(np.datetime64(known.first, "ns")) + "Z",
        "to": str(np.datetime64(known.last, "ns")) + "Z",
    }
    return Event(now, "import", "import", text, 100, data)


def imported_tags(folder: Path) -> list[Tag]:
    """Tags that imports made: they are in no plant file, and keep their units here."""
    file = folder / TAGS
    if not file.exists():
        return []
    told = json.loads(file.read_text("utf-8"))
    return [Tag(each["path"], unit=each["unit"], description=each["description"]) for each in told]


def make_tags(folder: Path, wanted: Iterable[Tag], namespace: Namespace) -> list[Tag]:
    """Remember those of `wanted` that there are not yet; Refused for paths that cannot be."""
    fresh = [tag for tag in wanted if tag.path not in namespace]
    for tag in fresh:
        if wrong := fault(tag.path):
            raise Refused(f"making the tag `{tag.path[:100]}`: {wrong}")
    known = {tag.path: tag for tag in imported_tags(folder)} | {tag.path: tag for tag in fresh}
    if len(known) > MOST_TAGS:
        raise Refused(
            f"making {len(fresh)} tags: imports made {len(known) - len(fresh):,} already",
            hint="map the names of the source to tags of the plant file",
        )
    if fresh:
        told = [
            {"path": tag.path, "unit": tag.unit, "description": tag.description}
            for tag in known.values()
        ]
        write_durably(folder / TAGS, json.dumps(told, indent=0).encode())
    return fresh
