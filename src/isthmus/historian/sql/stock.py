"""Databases over one state of the files, made ready once and lent to one question at a time.

Making one costs far more than most questions. What a question adds to one is taken back with it,
and whatever did not end as it should is not lent again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from isthmus.historian.settings import LakeSettings
from isthmus.historian.sql.shelf import Shelf
from isthmus.historian.sql.views import give, prepare

MOST_IDLE = 8  # of all owners; a question more makes one of its own
Furnish = Callable[[duckdb.DuckDBPyConnection], None]


@dataclass(frozen=True, slots=True)
class Ready:
    """A database, whose it is, and the files that it may read."""

    owner: object
    state: object
    database: duckdb.DuckDBPyConnection


class Stock:
    """Databases that wait for a question, the longest unused of which end first."""

    def __init__(self, most: int = MOST_IDLE) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._idle: list[Ready] = []  # the last one used last

    def __len__(self) -> int:
        return len(self._idle)

    def lend(
        self,
        owner: object,
        shelf: Shelf,
        settings: LakeSettings,
        *,
        zone: str = "UTC",
        furnish: Furnish | None = None,
    ) -> Loan:
        """A database over `shelf` that nobody but `owner` ever had, made where none waits.

        `furnish` gives a new one what all questions of its owner need.
        """
        state = shelf.state()
        with self._lock:
            own = [one for one in self._idle if one.owner is owner]
            found = next((one for one in reversed(own) if one.state == state), None)
            gone = [one for one in own if one.state != state]
            taken = {id(one) for one in (*gone, found)}
            self._idle = [one for one in self._idle if id(one) not in taken]
        _end(gone)
        if found is None:
            found = Ready(owner, state, _made(shelf, settings, zone, furnish))
        return Loan(self, found, shelf)

    def take_back(self, ready: Ready) -> None:
        """Keep a database for the next question of its owner."""
        with self._lock:
            self._idle.append(ready)
            over = max(0, len(self._idle) - self._most)
            gone, self._idle = self._idle[:over], self._idle[over:]
        _end(gone)

    def close(self) -> None:
        """Let go of all that wait, and keep none from now on."""
        with self._lock:
            self._most = 0
            gone, self._idle = self._idle, []
        _end(gone)


class Loan:
    """One question's database: `connection` sees what is in no file yet, too."""

    def __init__(self, stock: Stock, ready: Ready, shelf: Shelf) -> None:
        self._stock, self._ready = stock, ready
        self.connection = ready.database.cursor()
        try:
            self.connection.begin()
            give(self.connection, shelf)
        except BaseException:
            self.end()
            raise

    def end(self, *, clean: bool = False) -> None:
        """Undo what the question added; only what is `clean` is lent again."""
        try:
            if clean:
                self.connection.rollback()
        except duckdb.Error:
            clean = False
        self.connection.close()
        if clean:
            self._stock.take_back(self._ready)
        else:
            self._ready.database.close()


def _made(
    shelf: Shelf, settings: LakeSettings, zone: str, furnish: Furnish | None
) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(":memory:")
    try:
        if furnish is not None:
            furnish(database)
        prepare(database, shelf, settings, zone)
    except BaseException:
        database.close()
        raise
    return database


def _end(gone: list[Ready]) -> None:
    for one in gone:
        one.database.close()
