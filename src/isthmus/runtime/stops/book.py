"""The reasons that people gave for stops, in a file that only grows: who said what, and when.

Nothing is changed or taken away: an undo is one more line. So it can be told what was known at any
time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

from isthmus.insight.accounting.accounts import Accounts
from isthmus.insight.accounting.correction import Correction, corrected
from isthmus.model.errors import Refused, StorageError
from isthmus.model.plant import Equipment
from isthmus.model.reason import Reasons

FILE = "stops.jsonl"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: something said, taken back (`undoes`), or a stop's end (`ends` at `end`)."""

    number: int
    by: str
    made: int
    said: Correction | None = None
    undoes: int = 0
    ends: int = 0
    end: int = 0


@dataclass(slots=True, eq=False)
class Book:
    """The corrections of a site; every method may be called from any thread."""

    file: Path
    reasons: Reasons
    entries: list[Entry] = field(default_factory=list)
    _by_unit: dict[str, list[Correction]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def open(cls, folder: Path, reasons: Reasons) -> Book:
        """What the file in `folder` says; StorageError where it is damaged.

        A last line that was cut by a power failure was never answered, and is left out.
        """
        book = cls(folder / FILE, reasons)
        if book.file.exists():
            whole = book.file.read_bytes()
            kept = whole[: whole.rfind(b"\n") + 1]
            if len(kept) < len(whole):
                with book.file.open("r+b") as out:
                    out.truncate(len(kept))
            for place, line in enumerate(kept.splitlines(), start=1):
                book.entries.append(_read(line, book.file, place))
        book._by_unit = _held(book.entries)
        return book

    def told(self, unit: Equipment, accounts: Accounts) -> Accounts:
        """The accounts of `unit` with what people said of it."""
        return self._laid(accounts, self._by_unit.get(unit.path, ()))

    def as_known(self, moment: int) -> Callable[[Equipment, Accounts], Accounts]:
        """The same with what had been said by `moment` (the plant's time, ns)."""
        held = _held(each for each in self.entries if each.made <= moment)
        return lambda unit, accounts: self._laid(accounts, held.get(unit.path, ()))

    def held(self, unit: str) -> tuple[Correction, ...]:
        """The corrections of `unit` that hold, in the order they were made."""
        return tuple(self._by_unit.get(unit, ()))

    def going(self) -> list[Correction]:
        """Those of stops that went on when they were made."""
        return [each for some in self._by_unit.values() for each in some if each.going]

    def versions(self, unit: str, start: int, end: int) -> list[tuple[Correction, Entry | None]]:
        """All that was ever said of [start, end) of `unit`, and what took it back."""
        undone = {each.undoes: each for each in self.entries if each.undoes}
        said = (each.said for each in self.entries if each.said)
        return [
            (each, undone.get(each.number))
            for each in said
            if each.unit == unit and each.start < end and each.end > start
        ]

    def correct(self, said: Correction) -> Correction:
        """Keep what was said; it is on disk when this returns. StorageError where it cannot be."""
        with self._lock:
            made = replace(said, number=self._next())
            self._keep(Entry(made.number, made.by, made.made, said=made))
            return made

    def undo(self, number: int, by: str, made: int) -> Correction:
        """Take back what was said; what held before holds again. Refused where it cannot be."""
        with self._lock:
            found = self.find(number)
            if found is None:
                raise Refused(
                    f"there is no correction {number}, or it was taken back",
                    hint="list the stops again: they say what can be undone",
                )
            self._keep(Entry(self._next(), by, made, undoes=number))
            return found

    def end(self, number: int, end: int, made: int) -> None:
        """The stop of correction `number` ended at `end`: so far its reason holds."""
        with self._lock:
            if self.find(number) is not None:
                self._keep(Entry(self._next(), "isthmus", made, ends=number, end=end))

    def find(self, number: int) -> Correction | None:
        """The correction of that number, where it holds."""
        every = (each for some in self._by_unit.values() for each in some)
        return next((each for each in every if each.number == number), None)

    def _laid(self, accounts: Accounts, held: Iterable[Correction]) -> Accounts:
        first, last = int(accounts.start[0]), int(accounts.end[-1])
        known = [
            (each, self.reasons.number(each.reason))
            for each in held
            if each.start < last and (each.going or each.end > first)
        ]
        return corrected(accounts, known) if known else accounts

    def _next(self) -> int:
        return len(self.entries) + 1

    def _keep(self, entry: Entry) -> None:
        line = json.dumps(asdict(entry), separators=(",", ":")).encode() + b"\n"
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("ab") as out:
                out.write(line)
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise StorageError(f"writing {self.file}: {error}", hint="free or add space") from error
        self.entries.append(entry)
        self._by_unit = _held(self.entries)


def _held(entries: Iterable[Entry]) -> dict[str, list[Correction]]:
    """What holds after `entries`, by unit, in order."""
    found: dict[int, Correction] = {}
    for entry in entries:
        if entry.said is not None:
            found[entry.number] = entry.said
        elif entry.undoes:
            found.pop(entry.undoes, None)
        elif entry.ends in found:
            found[entry.ends] = replace(found[entry.ends], end=entry.end, going=False)
    by_unit: dict[str, list[Correction]] = {}
    for each in found.values():
        by_unit.setdefault(each.unit, []).append(each)
    return by_unit


def _read(line: bytes, file: Path, place: int) -> Entry:
    try:
        told: dict[str, Any] = json.loads(line)
        said = told.pop("said")
        return Entry(**told, said=None if said is None else Correction(**said))
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"reading {file}:{place}: {error}", hint="put back the file of the last backup"
        ) from error
