"""Trends, statistics and state ribbons."""

from __future__ import annotations

from typing import Literal

from isthmus.web.contract.answer import Answer, Milliseconds, Numbers


class QualityStretch(Answer):
    """A stretch of a trend that is not good; `code` is the OPC UA status code of its reason."""

    start: Milliseconds
    end: Milliseconds
    code: int


class LateStretch(Answer):
    """A stretch in which samples came after newer ones, or changed what was known."""

    start: Milliseconds
    end: Milliseconds
    samples: int


class Pen(Answer):
    """One tag's trend: per bucket its first time, min, max, mean; raw points if few.

    Draw `min` and `max` as a band, `mean` as a line; null rows are gaps (bad or no data).
    `last` is the newest value inside the range; `quality` is what was not good, by time;
    `late` is where samples came late or corrected what was known, by time.
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
    quality: list[QualityStretch]
    late: list[LateStretch] = []


class History(Answer):
    """Trends over one range; binary with Accept `application/vnd.isthmus.columns`."""

    start: Milliseconds
    end: Milliseconds
    pens: list[Pen]


class StateShare(Answer):
    """How long a state held, and how often it was entered or held at the start."""

    state: str
    seconds: float
    percent: float
    times: int


class Statistics(Answer):
    """One tag between two times; `mean` and `std` are time-weighted.

    `growth` is of a counter, wraps and resets seen; `states` of an enumeration, the longest first.
    Where `exact` is false there are millions of samples: the extremes are theirs, the rest is of
    4,000 stretches.
    """

    tag: int
    at_start: float | None
    at_end: float | None
    min: float | None
    min_time: Milliseconds | None = None
    mean: float | None
    max: float | None
    max_time: Milliseconds | None = None
    std: float | None
    growth: float | None = None
    states: list[StateShare]
    samples: int
    good_percent: float
    exact: bool = True


class Period(Answer):
    """A named stretch of time: a shift, an order, a local day."""

    kind: Literal["shift", "order", "day"]
    name: str
    start: Milliseconds
    end: Milliseconds


class Interval(Answer):
    """One stretch of one state; `look` is how to draw it."""

    start: Milliseconds
    end: Milliseconds
    state: str
    cause: str = ""
    look: Literal["run", "stop", "starved", "blocked", "setup", "break", "unknown"]


class Ribbon(Answer):
    """A unit's states, without holes: what is not known says so.

    `stops` is how often it went into a stop inside; where its state is not `known` all the time,
    it may have been more.
    """

    path: str
    title: str
    intervals: list[Interval]
    stops: int
    known: bool


class Companion(Answer):
    """A tag that moved with another one; a `lag` above 0 means that it came after it, in ms.

    `rho` is Spearman's rank correlation over `pairs` stretches, which are worth only
    `independent` ones, since neighbours are alike.
    """

    tag: int
    rho: float
    lag: Milliseconds
    pairs: int
    independent: float


class MovedTogether(Answer):
    """Which tags moved with `tag`, the strongest first; those that chance explains are left out.

    Of `stretches` of `stretch` ms the tag is known in `known`. `compared` tags could be compared,
    `unknown` ones have too little data or do not move, `left_out` are too far away in the plant.
    """

    tag: int
    stretch: Milliseconds
    stretches: int
    known: int
    while_running: bool
    compared: int
    unknown: int
    left_out: int
    rows: list[Companion]
