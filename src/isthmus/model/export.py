"""A scheduled export: which tags, how often, in what form, and where the file goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Format = Literal["csv", "parquet", "xlsx"]
Layout = Literal["long", "wide"]
FORMATS: tuple[Format, ...] = ("csv", "parquet", "xlsx")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When an export is due, in the plant's local time; lengths in seconds.

    `at` is a minute of the day, and each file covers the `last` seconds before it. Where `at` is
    None, each file covers one whole stretch: a shift of `line` (the first line where empty), or
    `each` seconds from local midnight on. A file is made `wait` after its stretch ended, so that
    what comes late is in it.
    """

    at: int | None = None
    last: float = 86_400.0
    each: Literal["shift"] | float = 86_400.0
    line: str = ""
    wait: float = 120.0


@dataclass(frozen=True, slots=True)
class Export:
    """One entry of `exports`; `tags` are patterns, `every` seconds a row (None: each sample)."""

    name: str
    tags: tuple[str, ...]
    schedule: Schedule
    every: float | None = None
    layout: Layout | None = None
    format: Format = "xlsx"
    to: str = "exports"
    keep: int = 100
