"""The record of what was done, and whether it is as it was written."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

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
