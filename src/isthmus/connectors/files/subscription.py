"""The files of one machine as a subscription: poll, parse, and remember what was taken."""

from __future__ import annotations

import asyncio
import codecs
import errno
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from isthmus.connectors.files.parse import Origin, Parser
from isthmus.connectors.files.position import load, save
from isthmus.connectors.files.tail import Followed, Piece, Tail
from isthmus.model.errors import LinkError
from isthmus.model.event import Event
from isthmus.model.ports import Binding, Reading
from isthmus.model.sample import Batch, Clock

if TYPE_CHECKING:
    from isthmus.connectors.files.config import Files, FilesAddress

_POOL = ThreadPoolExecutor(32, "files")  # not the loop's: a dead share must not hold up history
_HUNG: dict[str, asyncio.Future[Any]] = {}  # by pattern: what a share has not answered yet
GRACE = 1.0  # seconds
AT_ONCE = 1 << 20  # bytes of lines in one reading

T = TypeVar("T")


class FilesSubscription:
    """A Subscription over growing files; files are read in a thread, for a share may hang."""

    resumes = True

    def __init__(
        self,
        config: Files,
        bindings: Sequence[Binding[FilesAddress]],
        *,
        now: Clock,
        state: str,
    ) -> None:
        self._config, self._now, self._state = config, now, state
        self._parser = Parser(config, bindings, now=now)
        self._tail = Tail(config.path, longest=config.longest, max_files=config.max_files)
        self._origins: WeakKeyDictionary[Followed, Origin] = WeakKeyDictionary()
        self._notes: list[Event] = []
        self._open = False
        self._fresh = False  # opened, and not listened to since
        self._work: asyncio.Future[Any] | None = None

    async def open(self) -> None:
        """Find the files and where reading ended last time; LinkError without their folder."""
        if self._open:
            return
        await self._run(self._begin)
        self._open = self._fresh = True

    async def listen(self) -> AsyncIterator[Reading]:
        """New whole lines, as they appear; LinkError when the folder is gone.

        What a reading holds counts as taken, and is remembered, when the next one is asked for.
        Listening anew begins behind what was taken last.
        """
        if self._open and not self._fresh:
            if self._work is not None:  # its listener has gone, its thread perhaps not
                await asyncio.wait({self._work}, timeout=self._config.timeout)
                if not self._work.done():
                    raise self._silent()
            await self._run(self._begin)
        self._fresh = False
        while self._open:
            readings = await self._run(self._poll)
            if readings:
                batch = Batch.concat([reading.batch for reading in readings])
                events = [event for reading in readings for event in reading.events]
                taken = [replace(position) for position in self._tail.positions()]
                if len(batch) or events:
                    yield Reading(batch, tuple(events))
                await self._run(partial(save, self._state, taken))
            else:
                await asyncio.sleep(self._config.every)
        raise LinkError(f"reading {self._config.endpoint}: the link is not open")

    async def close(self) -> None:
        """Let go of the files; does nothing when closed already, never raises.

        What is being remembered just then is given a second, so that it is not read twice.
        """
        self._open = False
        if self._work is not None and not self._work.done():
            await asyncio.wait({self._work}, timeout=GRACE)
        if self._work is None or self._work.done():
            self._tail.close()
        else:  # its thread still reads: closing now could hand it a stranger's descriptor
            self._work.add_done_callback(self._abandon)

    def counts(self) -> Mapping[str, int]:
        """Totals by kind: lines, those that said nothing, files cut, copied, not readable."""
        return Counter(self._parser.counts) + Counter(self._tail.counts)

    def _silent(self) -> LinkError:
        return LinkError(
            f"reading {self._config.endpoint}: no answer in {self._config.timeout:g} s",
            hint="is the share that holds the files still there?",
        )

    def _abandon(self, work: asyncio.Future[object]) -> None:
        self._tail.close()
        if not work.cancelled():
            work.exception()  # nobody else asks for it

    # ------------------------------------------------------------------ in the thread

    def _begin(self) -> None:
        self._tail.check()
        try:
            positions = load(self._state)
        except ValueError as error:
            positions = []
            text = f"positions lost, reading all files again: {error}"
            self._notes.append(Event(self._now(), self._config.name, "positions-lost", text, 500))
        at_end = self._config.first == "end"
        self._tail.begin(positions, at_end=at_end)
        if positions is None:
            save(self._state, self._tail.positions())

    def _poll(self) -> list[Reading]:
        readings = [self._parse(piece) for piece in self._tail.poll(AT_ONCE)]
        if self._tail.blind:
            raise PermissionError(errno.EACCES, "none of its files can be read", self._config.path)
        notes, self._notes = self._notes, []
        return [Reading(Batch.empty(), tuple(notes)), *readings] if notes else readings

    def _parse(self, piece: Piece) -> Reading:
        lines = piece.lines
        origin = self._origins.setdefault(piece.followed, Origin())
        path = piece.followed.position.path
        if piece.opens and lines:
            lines = [lines[0].removeprefix(codecs.BOM_UTF8), *lines[1:]]
        if self._parser.headed:
            if piece.opens and lines:
                origin.columns, lines = self._parser.header(lines[0]), lines[1:]
                self._notes += self._parser.missing(origin, path)
            elif not origin.columns:
                first = self._tail.first_line(piece.followed).removeprefix(codecs.BOM_UTF8)
                origin.columns = self._parser.header(first)
        return self._parser.read(lines, origin, path)

    async def _run(self, work: Callable[[], T]) -> T:
        config = self._config
        if (hung := _HUNG.pop(config.path, None)) is not None and not hung.done():
            _HUNG[config.path] = hung
            raise self._silent()
        loop = asyncio.get_running_loop()
        self._work = running = loop.run_in_executor(_POOL, work)
        try:
            async with asyncio.timeout(config.timeout):
                return await asyncio.shield(running)
        except TimeoutError as error:
            _HUNG[config.path] = running
            raise self._silent() from error
        except OSError as error:
            hint = "may this process read it?" if isinstance(error, PermissionError) else ""
            raise LinkError(
                f"reading {config.endpoint}: {error.strerror or error}: {error.filename}",
                hint=hint or "does the folder exist, is the share mounted?",
            ) from error
