"""The facts that a catalogue tells: relations and their columns, with a word on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isthmus.pgwire.oid import Type


@dataclass(frozen=True, slots=True)
class ColumnFact:
    """A column: its name, its type, what it means."""

    name: str
    type: Type
    comment: str = ""


@dataclass(frozen=True, slots=True)
class RelationFact:
    """A table or view that may be read."""

    schema: str
    name: str
    columns: Sequence[ColumnFact]
    comment: str = ""
    view: bool = True
