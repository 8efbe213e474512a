"""Records one after the other, from a place in the files that outlives the process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from isthmus.trust.ledger import files
from isthmus.trust.ledger.line import Entry, read


@dataclass(frozen=True, slots=True)
class Place:
    """How far the files were read: up to record `number`, which ends at `offset` of `file`."""

    file: str = ""
    offset: int = 0
    number: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A record, the place after it, and how many before it are gone or damaged."""

    entry: Entry
    place: Place
    missed: int = 0


def follow(folder: Path, place: Place, upto: int) -> Iterator[Step]:
    """The records after `place` that are whole, up to number `upto`, oldest first.

    Where the files are others than those that were read, they are read from their beginning, and
    what has a number that was passed already is left out.
    """
    for file in files.names(folder):
        if file.name < place.file:
            continue
        start = place.offset if file.name == place.file else 0
        for line, end in _lines(file, start):
            entry = read(line)
            if entry is None or entry.number <= place.number:
                continue
            if entry.number > upto:
                return
            missed = entry.number - place.number - 1
            place = Place(file.name, end, entry.number)
            yield Step(entry, place, missed)


def _lines(file: Path, start: int) -> Iterator[tuple[bytes, int]]:
    """Whole lines and where each ends; from the beginning where `start` is no line's end."""
    with file.open("rb") as opened:
        if start:
            opened.seek(start - 1)
            if opened.read(1) != b"\n":
                start = 0
        opened.seek(start)
        at = start
        while line := opened.readline(files.LONGEST):
            if not line.endswith(b"\n"):
                return  # it is being written
            at += len(line)
            yield line[:-1], at
