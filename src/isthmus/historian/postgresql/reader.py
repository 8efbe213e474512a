"""What a site left at its PostgreSQL, read beside whoever writes, or when nobody does."""

from __future__ import annotations

from typing import Self

from isthmus.historian.postgresql import read
from isthmus.historian.postgresql.connect import Readers
from isthmus.historian.postgresql.hot import Hot
from isthmus.historian.postgresql.questions import Questions
from isthmus.historian.postgresql.settings import PostgreSqlSettings
from isthmus.historian.settings import Sealed

NEWEST = 2**31 - 1  # above the number of every seal


class PostgreSqlReader(Questions):
    """The stored history as it is; nothing waits here, nothing is written."""

    def __init__(self, settings: PostgreSqlSettings) -> None:
        self.settings = settings
        self._readers, self._hot = Readers(settings), Hot()

    @classmethod
    def open(cls, settings: PostgreSqlSettings) -> Self:
        """The history at the server; StorageError or AuthError where it cannot be read."""
        made = cls(settings)
        last = made._ask(lambda at: read.last_samples(at, settings.schema))
        made._hot.begin(NEWEST, last)
        return made

    def seal(self) -> Sealed | None:
        """Nothing waits."""
        return None

    def close(self) -> None:
        """Close the connections."""
        self._readers.close()
