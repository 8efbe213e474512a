"""What the protocol asks of whoever has the data; it knows nothing else of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from isthmus.pgwire.scram import Verifier


class Answer(Protocol):
    """The rows of one query, fetched a batch at a time from any thread."""

    schema: pa.Schema

    def next(self) -> pa.RecordBatch | None:
        """The next rows, None after the last; raises SqlError."""
        ...

    def cancel(self) -> None:
        """Let `next` fail with 57014, now or when it is called; from any thread."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class Plan(Protocol):
    """One query that is understood and not yet run."""

    schema: pa.Schema
    light: bool  # it asks for facts about tables alone, and is answered at once

    def open(self) -> Answer:
        """Begin to answer it."""
        ...


class Database(Protocol):
    """What one user sees; every method may be called from any thread, and raises SqlError."""

    name: str
    functions: frozenset[str]  # those of `pg_catalog` that are ours, not the engine's

    def current(self) -> bool:
        """Whether the user may still see this; where not, the session ends."""
        ...

    def plan(self, sql: str, *, zone: str, schemas: Sequence[str], explain: bool) -> Plan:
        """`sql`, one query in the engine's own words, understood; its plan where `explain`.

        Names without a schema are looked for in `schemas` first, those of them that there are.
        """
        ...


class Gate(Protocol):
    """Who may enter, and what each sees."""

    def verifier(self, user: str) -> Verifier | None:
        """What proves this user, None where there is none; from any thread."""
        ...

    def database(self, user: str, name: str) -> Database:
        """What this user sees under the name of a database; SqlError where there is none."""
        ...
