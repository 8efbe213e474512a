"""What the text of a condition is made of, before it is known what its names mean."""

from __future__ import annotations

from dataclasses import dataclass


class ConditionError(ValueError):
    """A text that is no condition, or one that its tags do not allow; `at` counts characters."""

    def __init__(self, message: str, *, at: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.at, self.hint = at, hint


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and the unit that is written behind it."""

    at: int
    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A tag, or a word of the legend of the tag that it is compared with."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Bound:
    """`limits.high`, `speed.normal.low`: a bound of the tag `of`, of the compared one if empty."""

    at: int
    of: str
    group: str
    word: str


@dataclass(frozen=True, slots=True)
class Minus:
    """The negative of a number."""

    at: int
    of: Syntax


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers joined by `+`, `-`, `*` or `/`."""

    at: int
    operator: str
    left: Syntax
    right: Syntax


@dataclass(frozen=True, slots=True)
class Call:
    """`min(x, y)`, of a window of time `mean(x, 15 min)`, of what no tag tells `kpi(x, 1 h)`."""

    at: int
    function: str
    arguments: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """Two things compared by `<`, `<=`, `>`, `>=`, `==` or `!=`."""

    at: int
    operator: str
    left: Syntax
    right: Syntax


@dataclass(frozen=True, slots=True)
class Within:
    """`state in (held, aborted)`."""

    at: int
    left: Syntax
    words: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    at: int
    of: Syntax


@dataclass(frozen=True, slots=True)
class Join:
    """Two conditions joined by `and` or `or`."""

    at: int
    operator: str
    left: Syntax
    right: Syntax


@dataclass(frozen=True, slots=True)
class Lasts:
    """A condition that has held for so many seconds without a break."""

    at: int
    of: Syntax
    seconds: float


Syntax = Number | Name | Bound | Minus | Arithmetic | Call | Compare | Within | Not | Join | Lasts
