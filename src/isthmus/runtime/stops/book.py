"""The reasons that people gave for stops, in a file that only grows: who said what, and when.

Nothing is changed or taken away: an undo is one more line. So it can be told what was known at any
time.
"""

from __future__ import annotations

import json
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
from isthmus.runtime.lines import add_line

FILE = "stops.jsonl"


Record = Callable[[Correction], None]
"""Writes down elsewhere, durably, what is about to be kept."""


def unrecorded(_: Correction) -> None:
    """Written down nowhere else."""


class Overtaken(Refused):
    """Somebody else spoke of the stop meanwhile; `number` is what was said or taken back last."""

    def __init__(self, number: int) -> None:
        super().__init__(
            "somebody else spoke of this stop meanwhile", hint="look at it again, then say it"
        )
        self.number = number


@dataclass(frozen=True, slots=True)
class Sent:
    """How a word came here.

    Sent twice it has the same `key`, and counts once. `seen` is the version of the stop that its
    speaker looked at, None where they did not look; `waited` for how many seconds it was under way.
    """

    key: str = ""
    seen: int | None = None
    waited: float = 0.0


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
    key: str = ""
    waited: float = 0.0


@dataclass(frozen=True, slots=True)
class Mark:
    """That entry `number` concerns [start, end) of a unit; a `cut` also what ends at its start."""

    number: int
    start: int
    end: int
    cut: bool

    def touches(self, start: int, end: int) -> bool:
        """Whether the stop from `start` to `end` is not as it was before."""
        return self.end > start and (self.start < end or (self.cut and self.start == end))


@dataclass(slots=True, eq=False)
class Book:
    """The corrections of a site; every method may be called from any thread."""

    file: Path
    reasons: Reasons
    entries: list[Entry] = field(default_factory=list)
    _by_unit: dict[str, list[Correction]] = field(default_factory=dict)
    _marks: dict[str, list[Mark]] = field(default_factory=dict)
    _said: dict[int, Correction] = field(default_factory=dict)
    _keys: dict[tuple[str, str], Entry] = field(default_factory=dict)
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
                book._take(_read(line, book.file, place))
        book._by_unit = _held(book.entries)
        return book

    def told(self, unit: Equipment, accounts: Accounts) -> Accounts:
        """The accounts of `unit` with what people said of it."""
        return self._laid(accounts, self._by_unit.get(unit.path, ()))

    def at(self, moment: int) -> Book:
        """What had been said by `moment` (the plant's time, ns), to be read only."""
        book = Book(self.file, self.reasons)
        for entry in tuple(self.entries):
            if entry.made <= moment:
                book._take(entry)
        book._by_unit = _held(book.entries)
        return book

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

    def marks(self, unit: str, start: int, end: int) -> list[Mark]:
        """What was ever said or taken back of [start, end] of `unit`, in order."""
        return [each for each in self._marks.get(unit, ()) if each.touches(start, end)]

    def again(self, sent: Sent, by: str) -> Correction | None:
        """What `by` said or took back with that key before; None where it is new."""
        known = self._keys.get((by, sent.key)) if sent.key else None
        return None if known is None else known.said or self._said.get(known.undoes)

    def correct(
        self,
        said: Correction,
        sent: Sent | None = None,
        stop: tuple[int, int] | None = None,
        record: Record = unrecorded,
    ) -> Correction:
        """Keep what was said of `stop`; it is on disk when this returns, once for each key.

        It is recorded before, so that no word holds of which there is no record. Overtaken where
        the stop is not at the version that its speaker saw, StorageError where it cannot be kept.
        """
        sent = sent or Sent()
        with self._lock:
            known = self.again(sent, said.by)
            if known is not None:
                return known
            self._unchanged(said.unit, stop or (said.start, said.end), sent)
            made = replace(said, number=self._next())
            record(made)
            self._keep(
                Entry(
                    *(made.number, made.by, made.made, made),
                    key=sent.key,
                    waited=sent.waited,
                )
            )
            return made

    def undo(
        self,
        number: int,
        by: str,
        made: int,
        sent: Sent | None = None,
        record: Record = unrecorded,
    ) -> Correction:
        """Take back what was said; what held before holds again. Refused where it cannot be."""
        sent = sent or Sent()
        with self._lock:
            known = self.again(sent, by)
            if known is not None:
                return known
            found = self.find(number)
            if found is None:
                raise Refused(
                    f"there is no correction {number}, or it was taken back",
                    hint="list the stops again: they say what can be undone",
                )
            self._unchanged(found.unit, (found.start, found.end), sent)
            record(found)
            self._keep(
                Entry(self._next(), by, made, undoes=number, key=sent.key, waited=sent.waited)
            )
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

    def said(self, number: int) -> Correction | None:
        """The correction of that number, also where it was taken back."""
        return self._said.get(number)

    def taken_back(self, number: int) -> Entry | None:
        """What took correction `number` back; None where it holds."""
        return next((each for each in reversed(self.entries) if each.undoes == number), None)

    def _laid(self, accounts: Accounts, held: Iterable[Correction]) -> Accounts:
        first, last = int(accounts.start[0]), int(accounts.end[-1])
        known = [
            (each, self.reasons.number(each.reason))
            for each in held
            if each.start < last and (each.going or each.end > first)
        ]
        return corrected(accounts, known) if known else accounts

    def _unchanged(self, unit: str, stop: tuple[int, int], sent: Sent) -> None:
        if sent.seen is None:
            return
        last = max((each.number for each in self.marks(unit, *stop)), default=0)
        if last != sent.seen:
            raise Overtaken(last)

    def _take(self, entry: Entry) -> None:
        self.entries.append(entry)
        said = entry.said or self._said.get(entry.undoes)
        if entry.said is not None:
            self._said[entry.number] = entry.said
        if said is not None:
            cut = not said.reason
            mark = Mark(entry.number, said.start, said.end, cut)
            self._marks.setdefault(said.unit, []).append(mark)
        if entry.key:
            self._keys[entry.by, entry.key] = entry

    def _next(self) -> int:
        return len(self.entries) + 1

    def _keep(self, entry: Entry) -> None:
        add_line(self.file, asdict(entry), "writing")
        self._take(entry)
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
