"""Certificates that were shown on wires: which, where, first and last; kept over restarts."""

from __future__ import annotations

import asyncio
import base64
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography import x509

from isthmus.model.errors import IsthmusError
from isthmus.runtime.trust.wire import Wire, look
from isthmus.trust.identity.kept import Kept

log = logging.getLogger(__name__)

FILE = "trust/shown.json"  # of the data folder
MOST = 1_000
EVERY = 3_600.0  # seconds between two looks at a wire
FIRST = 5.0  # seconds after the start: by then links are up


@dataclass(frozen=True, slots=True)
class Shown:
    """One certificate on one wire; `now` is whether the last look that got an answer saw it."""

    place: str
    where: str
    sha256: str  # digits alone
    first: float
    last: float
    der: str  # base64
    breaks: str = ""
    link: str = ""
    now: bool = True

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate itself; ValueError where it is none."""
        return x509.load_der_x509_certificate(base64.b64decode(self.der))


@dataclass(slots=True)
class ShownBook:
    """What was shown to one installation, at most 1000; the ones seen longest ago make room."""

    kept: Kept
    forgotten: int = 0
    trouble: dict[str, str] = field(default_factory=dict)  # by wire, where the last look failed
    _known: dict[tuple[str, str, str], Shown] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, folder: Path) -> ShownBook:
        """What is kept below the data folder; StorageError where the file is damaged."""
        kept = Kept(folder / FILE)
        try:
            found = [Shown(**entry) for entry in kept.read()]
        except TypeError as error:
            raise kept.damaged(error) from error
        return cls(kept, _known={(one.place, one.where, one.sha256): one for one in found})

    def all(self) -> list[Shown]:
        """All that was shown; of a site that runs, up to its last look."""
        with self._lock:
            return list(self._known.values())

    def note(self, wire: Wire, ders: Sequence[bytes], now: float) -> list[Shown]:
        """Keep what was shown on a wire; those among it that were never seen there before."""
        fresh = []
        with self._lock:
            for key, one in self._known.items():
                if key[:2] == (wire.place, wire.where):
                    self._known[key] = replace(one, now=False)
            for der in ders:
                digits = sha256(der).hexdigest()
                key = (wire.place, wire.where, digits)
                if key in self._known:
                    self._known[key] = replace(self._known[key], last=now, now=True)
                    continue
                told = base64.b64encode(der).decode("ascii")
                made = Shown(*key, now, now, told, wire.breaks, wire.link)
                self._known[key] = made
                fresh.append(made)
            self._make_room()
        return fresh

    def write(self) -> None:
        """Keep it over a restart; StorageError where that cannot be."""
        with self._lock:
            self.kept.write([asdict(one) for one in self._known.values()])

    def _make_room(self) -> None:
        over = len(self._known) - MOST
        if over > 0:
            oldest = sorted(self._known, key=lambda key: self._known[key].last)[:over]
            for key in oldest:
                del self._known[key]
            self.forgotten += over
            log.warning("certificates on wires: %d seen longest ago were forgotten", over)


async def look_at_all(book: ShownBook, wires: Iterable[Wire]) -> None:
    """Look at each wire once, one after the other; StorageError where it cannot be kept."""
    for wire in wires:
        name = f"{wire.place} at {wire.where}"
        try:
            ders = await look(wire)
            for der in ders:
                x509.load_der_x509_certificate(der)
        except (IsthmusError, ValueError) as error:
            book.trouble[name] = str(error)
            continue
        book.trouble.pop(name, None)
        if ders:
            for one in book.note(wire, ders, datetime.now(UTC).timestamp()):
                log.info("%s shows a certificate not seen there before: %s", name, one.sha256)
    await asyncio.to_thread(book.write)


async def look_for_ever(book: ShownBook, wires: Callable[[], Iterable[Wire]]) -> None:
    """Look soon after the start, then each hour."""
    await asyncio.sleep(FIRST)
    while True:
        try:
            await look_at_all(book, await asyncio.to_thread(wires))
        except IsthmusError as error:
            log.warning("keeping what certificates were shown: %s; tried again", error)
        await asyncio.sleep(EVERY)
