"""The ledger: what was done, by whom, in lines that only grow and that nobody can change unseen."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from isthmus.model.errors import StorageError
from isthmus.model.record import NOTHING, Fact, Kind
from isthmus.model.sample import Clock
from isthmus.trust.ledger import files
from isthmus.trust.ledger.anchor import AnchorFile
from isthmus.trust.ledger.line import GENESIS, write
from isthmus.trust.ledger.seal import Checkpoint, Signer

log = logging.getLogger(__name__)

OURS = "isthmus"
EVERY = 1_000  # records between two checkpoints
APART = 10**9  # ns by which the plant's clock differs to be told
YEARS = 10 * 365.25 * 86_400
LOW = 1 << 30


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """How long records are kept (s), where checkpoints go besides, when a disk is nearly full."""

    keep: float = YEARS
    anchor: Path | None = None
    low: int = LOW  # free bytes


class Ledger:
    """Appends records: each is on disk when `record` returns. One process at a time."""

    def __init__(
        self, folder: Path, settings: LedgerSettings, signer: Signer, wall: Clock, plant: Clock
    ) -> None:
        """Opened by `Ledger.open`."""
        self.folder, self.settings = folder, settings
        self.last: Checkpoint | None = None  # the newest
        self.anchor_trouble = ""
        self.told: list[Callable[[Checkpoint], None]] = []
        self.count, self.head = 0, GENESIS
        self._signer, self._wall, self._plant = signer, wall, plant
        self._file = folder / files.month(wall())
        self._handle = self._lock_handle = -1
        self._size = self._durable = self._sealed = self._month_ends = 0
        self._broken = ""
        self._writing, self._syncing = threading.RLock(), threading.Lock()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        settings: LedgerSettings | None = None,
        wall: Clock = time.time_ns,  # type: ignore[assignment]
        plant: Clock | None = None,
    ) -> Self:
        """The ledger in `folder`, made at first start; a line torn by a crash is cut and told.

        Raises StorageError where another process has it, or its key is gone.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = _locked(folder)
        try:
            there = files.names(folder)
            signer = Signer.open(folder, fresh=not there)
            made = cls(folder, settings or LedgerSettings(), signer, wall, plant or wall)
            made._lock_handle = handle
            made._resume(there)
        except BaseException:
            os.close(handle)
            raise
        return made

    def _resume(self, there: list[Path]) -> None:
        self._file = max([self._file, *there[-1:]])  # a clock set back begins no older file
        mended = _mend(there[-1]) if there else NOTHING
        damaged = 0
        for file in reversed(there):
            entry, wrong = files.last(file)
            damaged += wrong
            if entry is not None:
                self.count, self.head = entry.number, entry.hash
                break
        self._open_file()
        self._durable = self.count
        self.checkpoint()  # of what a crash left unsigned
        if mended:
            text = "a last record that a crash had torn was cut off"
            self.record(Kind.LEDGER, OURS, text, about=there[-1].name, facts=mended)
        if damaged:
            text = "the last records are damaged; the chain goes on from the last whole one"
            log.error("the ledger in %s: %s", self.folder, text)
            facts: dict[str, Fact] = {"damaged": damaged, "from": self.count}
            self.record(Kind.LEDGER, OURS, text, about=there[-1].name, facts=facts)
        self.record(Kind.LEDGER, OURS, "the ledger was opened")
        self.retire()
        self.checkpoint()

    def close(self) -> None:
        """Sign what there is, and let the next process in."""
        with self._writing:
            if self._lock_handle < 0:
                return
            with contextlib.suppress(StorageError):
                self.record(Kind.LEDGER, OURS, "the ledger was closed")
                self.checkpoint()
            for handle in (self._handle, self._lock_handle):
                os.close(handle)
            self._handle = self._lock_handle = -1

    # ------------------------------------------------------------------ records
    def record(
        self,
        kind: Kind,
        by: str,
        text: str,
        *,
        about: str = "",
        facts: Mapping[str, Fact] = NOTHING,
    ) -> None:
        """Write it down; it is on disk when this returns. Several at once share one flush."""
        self.put(kind, by, text, about=about, facts=facts)

    def put(
        self,
        kind: Kind,
        by: str,
        text: str,
        *,
        about: str = "",
        facts: Mapping[str, Fact] = NOTHING,
    ) -> int:
        """Write it down, as `record` does; the record's number."""
        checkpoint = None
        with self._writing:
            self._turn()
            number = self._append(kind, by, text, about, facts)
            if self.count - self._sealed >= EVERY:
                checkpoint = self._seal("checkpoint")
        self._flush(number)
        self._publish(checkpoint)
        return number

    def checkpoint(self) -> Checkpoint | None:
        """Sign what there is; None where nothing came since the last signature."""
        with self._writing:
            if self.count == self._sealed:
                return None
            made = self._seal("checkpoint")
        self._flush(self.count)
        self._publish(made)
        return made

    def retire(self) -> list[str]:
        """Remove the files that are older than is kept; a signed record holds their end."""
        removed = []
        limit = self._wall() / 1e9 - self.settings.keep
        for file in files.names(self.folder)[:-1]:
            if files.ended(file).timestamp() > limit or file == self._file:
                break
            entry, _ = files.last(file)
            if entry is None:
                break
            end = self._signer.sign(entry.number, entry.hash, "removed")
            text = "records were removed, as they were older than is kept"
            self.record(Kind.LEDGER, OURS, text, about=file.name, facts=end.facts())
            file.unlink()
            removed.append(file.name)
        return removed

    @property
    def durable(self) -> int:
        """The number of the last record that is on disk for sure."""
        return self._durable

    @property
    def trouble(self) -> str:
        """Why nothing more can be recorded, or soon: empty where all is well."""
        free = shutil.disk_usage(self.folder).free
        if self._broken or free >= self.settings.low:
            return self._broken
        return f"the disk of the ledger has {free >> 20} MB free"

    # ------------------------------------------------------------------ under the lock
    def _append(self, kind: Kind, by: str, text: str, about: str, facts: Mapping[str, Fact]) -> int:
        if self._broken or self._handle < 0:
            raise StorageError(
                f"recording into {self.folder}: {self._broken or 'it is closed'}",
                hint="see the disk; nothing that has to be recorded is done until then",
            )
        wall, plant = self._wall(), self._plant()
        told = plant if abs(plant - wall) > APART else None
        line, own = write(
            *(self.count + 1, wall, str(kind), by, text, about, facts, told, self.head)
        )
        self._put(line + b"\n")
        self.count, self.head = self.count + 1, own
        return self.count

    def _put(self, line: bytes) -> None:
        try:
            done = os.write(self._handle, line)
            while done < len(line):
                done += os.write(self._handle, line[done:])
        except OSError as error:
            try:
                os.ftruncate(self._handle, self._size)
            except OSError:
                self._broken = f"a record was torn: {error.strerror}"
            raise StorageError(
                f"recording into {self._file}: {error.strerror}", hint="free some space"
            ) from error
        self._size += len(line)

    def _seal(self, what: str) -> Checkpoint:
        made = self._signer.sign(self.count, self.head)
        self._append(Kind.LEDGER, OURS, what, "", made.facts())
        self._sealed = self.count
        return made

    def _turn(self) -> None:
        """Begin the file of a new month, after the old one was signed."""
        wall = self._wall()
        if wall < self._month_ends:
            return
        name = files.month(wall)
        if name <= self._file.name or self._handle < 0:
            return
        with self._syncing:
            made = self._seal(f"closes {self._file.name}")
            self._sync()
            os.close(self._handle)
            self._file = self.folder / name
            self._open_file()
        self._publish(made)

    def _open_file(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._handle = os.open(self._file, flags, 0o600)
        self._size = os.fstat(self._handle).st_size
        self._month_ends = round(files.ended(self._file).timestamp()) * 10**9
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    # ------------------------------------------------------------------ to the disk and elsewhere
    def _flush(self, number: int) -> None:
        """Return when record `number` is on disk; whoever waits shares one flush."""
        with self._syncing:
            if self._durable < number:
                self._sync()

    def _sync(self) -> None:
        upto = self.count
        try:
            os.fsync(self._handle)
        except OSError as error:  # what the system dropped then is not written by trying again
            self._broken = f"a flush failed: {error.strerror}"
            raise StorageError(f"recording into {self._file}: {self._broken}") from error
        self._durable = max(self._durable, upto)

    def _publish(self, checkpoint: Checkpoint | None) -> None:
        if checkpoint is None:
            return
        self.last = checkpoint
        for tell in self.told:
            tell(checkpoint)
        if self.settings.anchor is None:
            return
        try:
            AnchorFile(self.settings.anchor).add(checkpoint)
            self.anchor_trouble = ""
        except OSError as error:
            if not self.anchor_trouble:
                log.warning("anchoring the ledger at %s: %s", self.settings.anchor, error)
            self.anchor_trouble = f"{error.strerror or error}"


def _mend(file: Path) -> dict[str, Fact]:
    """What of a torn last line was cut off, empty where there was none."""
    size = files.torn(file)
    if not size:
        return {}
    with file.open("r+b") as opened:
        end = opened.seek(-size, os.SEEK_END)
        cut = opened.read(size)
        opened.truncate(end)
        opened.flush()
        os.fsync(opened.fileno())
    return {"bytes": size, "sha256": sha256(cut).hexdigest()}


def _locked(folder: Path) -> int:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise StorageError(
            f"opening the ledger in {folder}: another process is writing it",
            hint="do it through the running site, or stop that process",
        ) from error
    return handle
