"""Trends, statistics and state ribbons."""

from __future__ import annotations

from typing import Literal

from isthmus.web.contract.answer import Answer, Milliseconds, Numbers


class Pen(Answer):
    """One tag's trend: per bucket its first time, min, max, mean; raw points if few.

    Draw `min` and `max` as a band, `mean` as a line; null rows are gaps (bad or no data).
    `last` is the newest value inside the range.
    """

    tag: int
    raw: bool
    time: list[float]
    min: Numbers
    max: Numbers
    mean: Numbers
    samples: int
    good_percent: float
    last: float | None = None


class History(Answer):
    """Trends over one range; binary with Accept `application/vnd.isthmus.columns`."""

    start: Milliseconds
    end: Milliseconds
    pens: list[Pen]


class Statistics(Answer):
    """One tag between two times; `mean` and `std` are time-weighted."""

    tag: int
    at_start: float | None
    at_end: float | None
    min: float | None
    mean: float | None
    max: float | None
    std: float | None
    samples: int
    good_percent: float


class Interval(Answer):
    """One stretch of one state; `look` is how to draw it."""

    start: Milliseconds
    end: Milliseconds
    state: str
    cause: str = ""
    look: Literal["run", "stop", "starved", "blocked", "setup", "break", "unknown"]


class Ribbon(Answer):
    """A unit's states, without holes: what is not known says so."""

    path: str
    title: str
    intervals: list[Interval]
