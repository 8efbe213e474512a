"""Scheduled exports: each file once, also those missed while we were away, never half a file."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from isthmus.historian.port import Samples
from isthmus.model.errors import IsthmusError, Refused, StorageError
from isthmus.model.export import Export
from isthmus.model.path import Pattern
from isthmus.model.plant import Plant
from isthmus.model.sample import Clock, Nanoseconds, TagId
from isthmus.model.tag import Namespace, Tag
from isthmus.runtime.catalogue import write_durably
from isthmus.runtime.export.due import Due, missed, next_due
from isthmus.runtime.export.extract import Extract, StoppedError, export, numeric

log = logging.getLogger(__name__)

STATE = "exports.json"
LOOK = 1.0  # seconds between two looks at the plant's clock
AGAIN = 300 * 10**9  # ns of the plant's clock between two tries of one file
MOST_MISSED = 100
SECOND = 10**9


@dataclass(slots=True)
class Told:
    """How one export stands: `until` is the end (ns) of the newest file, 0 where there is none."""

    name: str
    since: int  # ns: what ended before is not ours to make
    until: int = 0
    file: str = ""
    rows: int = 0
    error: str = ""
    hint: str = ""
    tried: int = 0
    due: int = field(default=0, compare=False)


class Exports:
    """The exports of a plant, made in a thread, one at a time."""

    def __init__(
        self, plant: Plant, namespace: Namespace, historian: Samples, now: Clock, folder: Path
    ) -> None:
        self._plant, self._namespace, self._historian = plant, namespace, historian
        self._now, self._folder = now, folder
        self._zone = ZoneInfo(plant.timezone)
        self._stop = threading.Event()
        self._state = self._remembered()

    def told(self) -> list[Told]:
        """How each export stands, in the order of the plant file."""
        for name, wish in self._plant.exports.items():
            told = self._state[name]
            after = max(told.until, told.since)
            found = next_due(wish.schedule, self._plant, Nanoseconds(after), self._zone)
            told.due = found.time
        return [self._state[name] for name in self._plant.exports]

    def failing(self) -> list[Told]:
        """Those whose newest try failed."""
        return [told for told in self._state.values() if told.error]

    async def run(self) -> None:
        """Make what is due, until cancelled; a file under way is given up then."""
        if not self._plant.exports:
            return
        try:
            while True:
                for wish in self._plant.exports.values():
                    await self._catch_up(wish)
                await asyncio.sleep(LOOK)
        finally:
            self._stop.set()

    async def _catch_up(self, wish: Export) -> None:
        """Make each file of `wish` that is due, oldest first; one that fails waits for its turn."""
        told = self._state[wish.name]
        if told.error and self._now() < told.tried + AGAIN:
            return
        after = Nanoseconds(max(told.until, told.since))
        most = min(MOST_MISSED, wish.keep)
        for due in missed(wish.schedule, self._plant, after, self._now(), self._zone, most):
            working = asyncio.ensure_future(asyncio.to_thread(self._try, wish, due))
            try:
                await asyncio.shield(working)
            except asyncio.CancelledError:
                self._stop.set()  # a historian must not be closed under a thread that reads it
                await asyncio.wait({working})
                raise
            if told.error:
                return

    def _try(self, wish: Export, due: Due) -> None:
        told = self._state[wish.name]
        told.tried = self._now()
        try:
            file, rows = self.make(wish, due)
        except StoppedError:
            return
        except Refused as error:  # it would be refused again: told, and on to the next
            log.warning("exporting %s gave up a file: %s", wish.name, error)
            told.until, told.error, told.hint = int(due.end), str(error), error.hint
        except (IsthmusError, OSError) as error:
            if not told.error:
                log.warning("exporting %s failed, tried again every 5 min: %s", wish.name, error)
            hint = getattr(error, "hint", "") or "is there space, and may `to` be written?"
            told.error, told.hint = str(error), hint
        else:
            if told.error:
                log.info("exporting %s works again", wish.name)
            told.until, told.file, told.rows = int(due.end), str(file), rows
            told.error = told.hint = ""
        self._remember()

    def make(self, wish: Export, due: Due) -> tuple[Path, int]:
        """The file of `wish` for one stretch, whole or not there, and its rows."""
        folder = self._folder / wish.to
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / _file_name(wish, due)
        draft = file.with_name(f".{file.name}.{os.getpid()}.part")
        every = round((wish.every or 0) * SECOND)
        extract = Extract(
            self._tags(wish),
            *(due.start, due.end, self._zone),
            every=every,
            layout=wish.layout or ("wide" if every else "long"),
        )
        made = datetime.fromtimestamp(self._now() / 1e9, self._zone)
        facts = (
            ("export", wish.name),
            ("plant", f"{self._plant.enterprise} / {self._plant.site}"),
            ("covers", due.name or "the time below"),
            ("made", made.isoformat(sep=" ", timespec="seconds")),
        )
        try:
            with draft.open("wb") as out:
                rows = export(
                    *(self._historian, extract, wish.format, out),
                    facts=facts,
                    stopped=self._stop.is_set,
                )
                out.flush()
                os.fsync(out.fileno())
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
        self._forget_old(wish, folder)
        return file, rows

    def _tags(self, wish: Export) -> Mapping[TagId, Tag]:
        root = f"{self._plant.enterprise}/{self._plant.site}"
        patterns = [Pattern.parse(text) for text in wish.tags]
        ours = {tag.path for tag in self._plant.tags()}
        return numeric(
            {
                number: tag
                for number, tag in self._namespace.items()
                if tag.path in ours and any(one.matches(tag.path, root) for one in patterns)
            }
        )

    def _forget_old(self, wish: Export, folder: Path) -> None:
        """Delete the oldest files of this export beyond `keep`; nothing else is touched."""
        ours = re.compile(rf"{re.escape(wish.name)}-\d{{8}}T\d{{6}}Z\.{wish.format}")
        found = sorted(file for file in folder.iterdir() if ours.fullmatch(file.name))
        for file in found[: -wish.keep]:
            with suppress(OSError):
                file.unlink()

    def _remembered(self) -> dict[str, Told]:
        """The state of all exports; one that is new begins now, and all where it is damaged."""
        try:
            found = remembered(self._folder)
        except StorageError as error:
            log.warning("%s; exports begin anew from now on", error)
            found = {}
        now = int(self._now())
        return {name: found.get(name) or Told(name, now) for name in self._plant.exports}

    def _remember(self) -> None:
        body = {name: asdict(told) for name, told in self._state.items()}
        try:
            write_durably(self._folder / STATE, json.dumps(body, indent=1).encode())
        except OSError as error:  # a file may then be made again after a restart, never lost
            log.warning("remembering what was exported: %s", error)


def remembered(folder: Path) -> dict[str, Told]:
    """What the data folder `folder` tells of its exports; StorageError where it is damaged."""
    file = folder / STATE
    try:
        kept = json.loads(file.read_text("utf-8")) if file.exists() else {}
        return {name: Told(**{**asdict(Told(name, 0)), **kept[name]}) for name in kept}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StorageError(
            f"reading {file}: {error}", hint="delete it and restart: exports then begin anew"
        ) from error


def _file_name(wish: Export, due: Due) -> str:
    """Named by the start of what it covers, in UTC: one name a stretch, in order of time."""
    start = datetime.fromtimestamp(due.start / 1e9, ZoneInfo("UTC"))
    return f"{wish.name}-{start:%Y%m%dT%H%M%SZ}.{wish.format}"
