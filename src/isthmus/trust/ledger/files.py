"""The files of the ledger: one a month, read from either end, whatever their length."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from isthmus.trust.ledger.line import Entry, read

NAME = re.compile(r"\d{4}-\d{2}\.jsonl")
LONGEST = 1 << 20  # bytes of a line; ours are far shorter
_BLOCK = 1 << 16


def names(folder: Path) -> list[Path]:
    """The files that are there, oldest first."""
    return sorted(file for file in folder.iterdir() if NAME.fullmatch(file.name))


def month(time: int) -> str:
    """The file that takes a record of `time` (ns UTC)."""
    return f"{datetime.fromtimestamp(time // 10**9, UTC):%Y-%m}.jsonl"


def ended(file: Path) -> datetime:
    """When the month of `file` was over."""
    year, number = map(int, file.stem.split("-"))
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)


def lines(file: Path) -> Iterator[bytes]:
    """The lines from the first on, without their ends; the last may be torn."""
    with file.open("rb") as opened:
        while line := opened.readline(LONGEST):
            yield line.removesuffix(b"\n")


def backwards(file: Path) -> Iterator[bytes]:
    """The whole lines from the last one back to the first, without reading all of the file."""
    with file.open("rb") as opened:
        place = opened.seek(0, os.SEEK_END)
        rest, whole = b"", False
        while place > 0:
            size = min(_BLOCK, place)
            place -= size
            opened.seek(place)
            parts = (opened.read(size) + rest).split(b"\n")
            rest = parts[0]
            found = parts[:0:-1]
            yield from found if whole else found[1:]  # what stands after the last end is torn
            whole = whole or bool(found)
        if whole and rest:
            yield rest


def torn(file: Path) -> int:
    """How many bytes stand after the end of the last whole line."""
    with file.open("rb") as opened:
        size = place = opened.seek(0, os.SEEK_END)
        while place > 0:
            block = min(_BLOCK, place)
            place -= block
            opened.seek(place)
            at = opened.read(block).rfind(b"\n")
            if at >= 0:
                return size - (place + at + 1)
        return size


def last(file: Path) -> tuple[Entry | None, int]:
    """The last record that is whole, and how many damaged lines stand after it."""
    damaged = 0
    for line in backwards(file):
        if (entry := read(line)) is not None:
            return entry, damaged
        damaged += 1
    return None, damaged
