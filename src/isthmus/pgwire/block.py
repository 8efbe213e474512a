"""Transactions, which clients open by habit: there is nothing to undo, but errors end them."""

from __future__ import annotations

from isthmus.pgwire.error import FAILED_BLOCK, SqlError
from isthmus.pgwire.statement import Statement

ENDING = {"COMMIT", "END", "ROLLBACK", "ABORT"}


class Block:
    """Where a session stands: idle (I), in a transaction (T), or in a failed one (E)."""

    def __init__(self) -> None:
        self.status = "I"

    @property
    def open(self) -> bool:
        """Whether a transaction is open."""
        return self.status != "I"

    def begin(self) -> None:
        """Open a transaction."""
        self.status = "T"

    def end(self) -> None:
        """Close it."""
        self.status = "I"

    def resume(self) -> None:
        """Go back to a savepoint."""
        if self.status == "E":
            self.status = "T"

    def fail(self) -> None:
        """Something in it went wrong."""
        if self.status == "T":
            self.status = "E"

    def allow(self, one: Statement) -> None:
        """SqlError where a failed transaction must be ended first."""
        if self.status == "E" and one.verb not in ENDING:
            raise SqlError(
                FAILED_BLOCK,
                "current transaction is aborted, commands ignored until end of transaction block",
            )
