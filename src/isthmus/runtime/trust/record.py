"""The ledger of an installation: opened by the site that runs, or by a command while none does."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.model.errors import StorageError
from isthmus.model.event import Event
from isthmus.model.record import NOTHING, Fact, Kind
from isthmus.model.sample import Clock
from isthmus.trust.ledger.export import Sender
from isthmus.trust.ledger.ledger import LOW, YEARS, Ledger, LedgerSettings
from isthmus.trust.ledger.seal import Checkpoint

if TYPE_CHECKING:
    from isthmus.runtime.app import App

log = logging.getLogger(__name__)

FOLDER = "trust/ledger"
KIND = "checkpoint"  # of the event that every signature becomes
PLACE = "ledger"
MINUTE = 60.0
DAY = 86_400.0
MOST_WAITING = 1_000


def open_ledger(folder: Path, said: Mapping[str, object], plant: Clock | None = None) -> Ledger:
    """The ledger below the data folder `folder`, with what the plant file says of it."""
    anchor = str(said.get("anchor") or "")
    settings = LedgerSettings(
        keep=_number(said, "keep", YEARS),
        anchor=(folder / anchor) if anchor else None,
        low=round(_number(said, "low", LOW)),
    )
    return Ledger.open(folder / FOLDER, settings=settings, plant=plant)


@contextmanager
def recording(folder: Path) -> Iterator[Ledger]:
    """The ledger of a site that does not run, for a command that changes its files.

    StorageError where the site runs: then the change is asked of it.
    """
    ledger = open_ledger(folder, {})
    try:
        yield ledger
    finally:
        ledger.close()


@dataclass(frozen=True, slots=True)
class Later:
    """A recorder of a site that does not run, which opens the ledger for each record alone.

    StorageError where the site runs: then the change is asked of it.
    """

    folder: Path

    def record(
        self,
        kind: Kind,
        by: str,
        text: str,
        *,
        about: str = "",
        facts: Mapping[str, Fact] = NOTHING,
    ) -> None:
        """Write it down."""
        with recording(self.folder) as ledger:
            ledger.record(kind, by, text, about=about, facts=facts)


async def keep_signed(ledger: Ledger, app: App) -> None:
    """Sign what came each minute, tell each signature as an event, drop what is too old."""
    waiting: asyncio.Queue[Checkpoint] = asyncio.Queue(MOST_WAITING)
    loop = asyncio.get_running_loop()

    def tell(made: Checkpoint) -> None:
        loop.call_soon_threadsafe(_queue, waiting, made)

    ledger.told.append(tell)
    if (first := await asyncio.to_thread(ledger.checkpoint)) is None:
        first = ledger.last
    if first is not None:
        _queue(waiting, first)
    retired, warned = loop.time(), ""
    while True:
        try:
            async with asyncio.timeout(MINUTE):
                while True:
                    made = await waiting.get()
                    await app.tell(PLACE, _event(made, app))
        except TimeoutError:
            pass
        try:
            if loop.time() - retired > DAY:
                retired = loop.time()
                await asyncio.to_thread(ledger.retire)
            await asyncio.to_thread(ledger.checkpoint)
        except StorageError as error:
            log.error("%s", error)  # noqa: TRY400 - it says all
        if ledger.trouble != warned and ledger.trouble:
            log.warning("%s", ledger.trouble)
        warned = ledger.trouble


def sender(plant: str) -> Sender:
    """Who tells records to other systems."""
    return Sender(socket.gethostname(), plant)


def _queue(waiting: asyncio.Queue[Checkpoint], made: Checkpoint) -> None:
    if waiting.full():  # a later signature holds for all before it
        waiting.get_nowait()
    waiting.put_nowait(made)


def _event(made: Checkpoint, app: App) -> Event:
    text = f"the ledger has {made.count:,} records"
    return Event(app.now(), PLACE, KIND, text, 1, made.facts())


def _number(said: Mapping[str, object], key: str, default: float) -> float:
    value = said.get(key)
    return float(value) if isinstance(value, int | float) else default
