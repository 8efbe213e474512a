"""Wishes to write to machines, permits, and maintenance locks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isthmus.web.contract.answer import Answer
from isthmus.web.contract.ledger import Wall


class WriteWish(Answer):
    """A wish to write `value`, a number or a word of the tag's legend, to the tag at `path`."""

    path: Annotated[str, Field(max_length=1_000)]
    value: Annotated[float | str, Field(description="A number, or a word of the legend.")]
    reason: Annotated[str, Field(max_length=1_000)] = ""
    permit: int | None = None
    simulate: bool = False


class GuardVerdict(Answer):
    """What one guard says, why, and what would change that."""

    name: str
    ok: bool
    reason: str
    change: str = ""


class WriteOutcome(Answer):
    """What became of a wish; `record` is its number in the ledger, `action` links its records."""

    state: Literal["possible", "refused", "simulated", "written", "mismatch", "failed", "unknown"]
    allowed: bool
    action: str = ""
    path: str
    unit: str = ""
    value: float
    before: float | None = None
    after: float | None = None
    text: str = ""
    seconds: float = 0.0
    record: int = 0
    mode: Literal["simulate", "live"]
    verdicts: list[GuardVerdict]


class PermitWish(Answer):
    """A request for a permit of so many `minutes` from now, or from `start`."""

    at: Annotated[str, Field(max_length=1_000, description="Tag, equipment or pattern.")]
    low: Annotated[float, Field(allow_inf_nan=False)]
    high: Annotated[float, Field(allow_inf_nan=False)]
    reason: Annotated[str, Field(max_length=1_000)]
    order: Annotated[str, Field(max_length=200, description="Work order.")] = ""
    minutes: Annotated[float, Field(gt=0, le=240)] = 60.0
    start: Wall | None = None
    holder: Annotated[str, Field(max_length=200, description="Who may use it; you if empty.")] = ""


class PermitNote(Answer):
    """Why a permit is refused, closed or how its review ended."""

    note: Annotated[str, Field(max_length=1_000)] = ""


class PermitInfo(Answer):
    """A permit and where it is now."""

    number: int
    state: str
    at: str
    low: float
    high: float
    reason: str
    order: str
    start: Wall
    end: Wall
    requested: str
    holder: str
    second: bool
    approved: list[str]
    refused: str = ""
    closed: str = ""
    reviewed: str = ""
    note: str = ""
    writes: list[str]


class LockWish(Answer):
    """Equipment to lock, and why."""

    path: Annotated[str, Field(max_length=1_000)]
    reason: Annotated[str, Field(max_length=1_000)] = ""


class LockInfo(Answer):
    """A maintenance lock; `freeing` are others who want it free."""

    path: str
    owner: str
    reason: str
    since: Wall
    freeing: list[str] = []
