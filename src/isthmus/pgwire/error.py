"""What goes wrong in a session, told as PostgreSQL tells it: by SQLSTATE."""

from __future__ import annotations

from isthmus.model.errors import IsthmusError

PROTOCOL = "08P01"
SYNTAX = "42601"
NOT_SUPPORTED = "0A000"
READ_ONLY = "25006"
FAILED_BLOCK = "25P02"
NO_STATEMENT = "26000"
NO_CURSOR = "34000"
DUPLICATE_CURSOR = "42P03"
DUPLICATE_STATEMENT = "42P05"
CANCELLED = "57014"
STOPPED = "57P01"
IDLE = "57P05"
TOO_MANY = "53300"
LIMIT = "53400"
TOO_LARGE = "54000"
BAD_PASSWORD = "28P01"  # noqa: S105 - a SQLSTATE
NOT_ALLOWED = "28000"
BAD_VALUE = "22023"
BAD_TEXT = "22P02"
BAD_BINARY = "22P03"
NO_PARAMETER = "42704"
INTERNAL = "XX000"


class SqlError(IsthmusError):
    """One error of a session; `fatal` ends it, `position` counts characters from 1."""

    def __init__(
        self,
        state: str,
        message: str,
        *,
        hint: str = "",
        fatal: bool = False,
        position: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.state = state
        self.fatal = fatal
        self.position = position


def broken(what: str) -> SqlError:
    """The peer does not speak the protocol; nothing that follows can be trusted."""
    return SqlError(PROTOCOL, what, fatal=True)
