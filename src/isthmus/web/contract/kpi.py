"""Derived values, and what they are made of."""

from __future__ import annotations

from isthmus.web.contract.answer import Answer, Milliseconds


class DerivedInput(Answer):
    """A tag that was read; `changed` says that history tells something else of it today."""

    path: str
    samples: int
    digest: str
    changed: bool | None = None


class DerivedValue(Answer):
    """One key figure of one window; `quality` is uncertain where part of it is unknown."""

    path: str
    kpi: str
    period: str
    shift: str
    start: Milliseconds
    end: Milliseconds
    value: float | None
    unit: str
    quality: int
    formula: str
    version: int
    computed: Milliseconds
    inputs: list[DerivedInput]


class Explanation(Answer):
    """How a figure was computed, and what was known before; the newest last."""

    value: DerivedValue
    says: str
    earlier: list[DerivedValue]
    waiting_hours: int


class Derived(Answer):
    """Derived values; `waiting_hours` of lines are still to be computed."""

    values: list[DerivedValue]
    waiting_hours: int
    late: int
    trouble: str = ""
