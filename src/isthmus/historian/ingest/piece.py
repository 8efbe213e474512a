"""What a reader gives: pieces of a table, each row with the number that a person finds it by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from isthmus.model.sample import Int64s

ROWS = 20_000  # of a piece, about


@dataclass(frozen=True, slots=True)
class Reject:
    """A row, or a cell of it, that is no sample: where, what was written there, and why not."""

    row: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of the source; `row` are their numbers, lines of the file where it has lines."""

    table: pa.Table
    row: Int64s
    rejects: tuple[Reject, ...] = ()

    @classmethod
    def numbered(cls, table: pa.Table, first: int) -> Piece:
        """The rows of `table`, counted from `first`."""
        return cls(table, np.arange(first, first + table.num_rows, dtype=np.int64))


class Reader(Protocol):
    """A source of old history, read once from front to back in bounded memory."""

    name: str  # for people
    columns: list[str]

    def pieces(self) -> Iterator[Piece]:
        """All rows, cut in the same places each time."""
        ...

    def share(self) -> float:
        """How much of the source was read, 0 to 1; 0 where that cannot be told."""
        ...
