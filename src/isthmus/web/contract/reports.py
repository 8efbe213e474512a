"""Answers about scheduled reports."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds

ReportForm = Literal["html", "pdf", "xlsx"]


class ReportIssue(Answer):
    """One revision of a report; `because` says of what it differs from the one before."""

    start: Milliseconds
    end: Milliseconds
    title: str
    revision: int
    because: str
    made: Milliseconds
    forms: list[ReportForm]


class ReportPlan(Answer):
    """One scheduled report, how it stands, and what was issued, the newest first."""

    name: str
    title: str
    what: Literal["shift", "day", "week"]
    path: str = Field(description="Of which line or area; empty for the whole site.")
    forms: list[ReportForm]
    notify: list[str]
    keep: int
    folder: str
    due: float | None = Field(description="When the next one is made, ms.")
    made: int
    failed: int
    error: str
    hint: str
    issues: list[ReportIssue]


class Reports(Answer):
    """The scheduled reports, and of what a report can be made at once."""

    plans: list[ReportPlan]
    places: list[str] = Field(description="Lines and areas; `/` is the whole site.")
    forms: list[ReportForm] = Field(description="Those for which the libraries are there.")
    trouble: str


class ReportWish(Answer):
    """Which time a report is to be made of: the one around `at` (ms), the newest if empty."""

    at: float | None = Field(default=None, ge=0, le=9.1e12)
