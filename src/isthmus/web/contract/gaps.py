"""Stretches of time in which history knows nothing."""

from __future__ import annotations

from isthmus.web.contract.answer import Answer, Milliseconds


class GapInfo(Answer):
    """One gap of one tag; `reason` is empty where nobody told one."""

    tag: int
    path: str
    start: Milliseconds
    end: Milliseconds
    quality: int
    quality_name: str
    reason: str
