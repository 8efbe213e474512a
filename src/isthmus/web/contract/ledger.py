"""The record of what was done, and whether it is as it was written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from isthmus.web.contract.answer import Answer

Wall = Annotated[float, Field(description="Milliseconds since 1970 UTC, wall clock.")]


class LedgerRecord(Answer):
    """One record; `hash` is its own, `plant_time` is null where that is the wall's."""

    number: int
    time: Wall
    plant_time: float | None = None
    kind: str
    by: str
    about: str = ""
    text: str
    facts: dict[str, str | int | float | bool | None] = {}
    hash: str


class LedgerForward(Answer):
    """Records on their way to a collector; `sent` and `missed` since the start."""

    to: str
    format: str
    sent: int
    waiting: int
    missed: int
    trouble: str = ""


class LedgerRecords(Answer):
    """The newest records that were asked for, newest first; `more` where there are others."""

    records: list[LedgerRecord]
    more: bool = False
    count: int
    trouble: str = ""
    anchor: str = ""
    anchor_trouble: str = ""
    forward: LedgerForward | None = None


class LedgerNote(BaseModel):
    """What the owner is about to do with a command, beside the API."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["account", "certificate", "configuration"]
    text: Annotated[str, Field(min_length=1, max_length=300)]
    about: Annotated[str, Field(max_length=300)] = ""
    facts: Annotated[
        dict[str, Annotated[str, Field(max_length=300)] | bool | int | float | None],
        Field(max_length=20),
    ] = {}


class LedgerNoted(Answer):
    """The number of a record that is on disk."""

    number: int


class LedgerFault(Answer):
    """The first record that is not as it was written: what became of it, and where."""

    wrong: str
    file: str
    line: int
    number: int
    text: str


class LedgerVerdict(Answer):
    """What an examination of the ledger found.

    `unsigned` records stand after the last signature; `anchored` is the last record for which a
    place outside of the ledger vouches.
    """

    sound: bool
    records: int
    first: int = 1
    files: int
    checkpoints: int
    unsigned: int = 0
    anchored: int = 0
    torn: bool = False
    head: str
    fault: LedgerFault | None = None
