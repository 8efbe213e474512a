"""A report as one document, whatever it is written as: figures, tables, drawings, remarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["shift", "day", "week"]
Form = Literal["html", "pdf", "xlsx"]
FORMS: tuple[Form, ...] = ("html", "pdf", "xlsx")
Cell = str | float | datetime | None

Image = Literal["image/png", "image/svg+xml"]
ACCENT = "#1f5f8b"


@dataclass(frozen=True, slots=True)
class Brand:
    """How a plant's reports look: a name, a logo, one colour that white paper bears, a last line.

    The logo is kept as it was read with the plant file: a report never reads a file for it.
    """

    name: str = ""
    accent: str = ACCENT
    footer: str = ""
    logo: bytes = b""
    image: Image = "image/png"


@dataclass(frozen=True, slots=True)
class Plan:
    """One entry of `reports`: what is made of which equipment after each shift, day or week.

    `scope` is the path of a line or an area, "" the whole site. It is made `wait` seconds after
    the end, so that late data is in it; `notify` are the channels that it is sent to.
    """

    name: str
    what: Kind
    scope: str = ""
    title: str = ""
    wait: float = 900.0
    forms: tuple[Form, ...] = ("html", "pdf")
    keep: int = 100
    to: str = "reports"
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A headline number; `before` is the same of the time before, `trend` of those up to now.

    `verdict` says in a word how it stands to its target, `says` how it is computed.
    """

    title: str
    value: float | None
    unit: str = ""
    digits: int = 1
    before: float | None = None
    target: float | None = None
    verdict: str = ""
    trend: tuple[float | None, ...] = ()
    says: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """What stands in a column: its head, its unit, its decimals, and whether rows add up."""

    head: str
    unit: str = ""
    digits: int = 1
    total: bool = False

    @property
    def title(self) -> str:
        """The head with the unit."""
        return f"{self.head} ({self.unit})" if self.unit else self.head


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns, and a sentence that explains them; `empty` is said where there are none.

    A text column comes first; times are in the site's time zone.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    says: str = ""
    empty: str = "nothing"

    def totals(self) -> tuple[Cell, ...]:
        """The sums of the columns that add up, under their columns; empty where none does."""
        if not self.rows or not any(column.total for column in self.columns):
            return ()
        sums: list[Cell] = ["together"]
        for place, column in enumerate(self.columns[1:], start=1):
            told = [row[place] for row in self.rows]
            known = [each for each in told if isinstance(each, float | int)]
            sums.append(sum(known) if column.total and known else None)
        return tuple(sums)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture as SVG, and the words for those who do not see it."""

    title: str
    svg: str
    words: str


Part = Table | Drawing


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says: of what, of which time, and how much of that is unknown (`gaps`, %).

    `start` and `end` are ns UTC. `revision` counts from 1; a later one says `because` of what.
    """

    title: str
    subtitle: str
    window: str
    gaps: float
    made: str
    figures: tuple[Figure, ...]
    parts: tuple[Part, ...] = ()
    remarks: tuple[str, ...] = ()
    start: int = 0
    end: int = 0
    revision: int = 1
    because: str = ""
    brand: Brand = Brand()

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its tables, in order."""
        return tuple(part for part in self.parts if isinstance(part, Table))


def shown(value: float | None, digits: int = 1, unit: str = "") -> str:
    """A number for people; a dash where there is none."""
    if value is None:
        return "–"  # noqa: RUF001
    text = f"{value:,.{digits}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")  # minus nothing is nothing
    return f"{text} {unit}".strip()


def change(figure: Figure) -> str:
    """How much a figure changed from the time before; empty where that is not known."""
    if figure.value is None or figure.before is None:
        return ""
    text = f"{figure.value - figure.before:+,.{figure.digits}f}"
    if not text.strip("+-0.,"):
        return "unchanged"
    return f"{text} {'points' if figure.unit == '%' else figure.unit}".strip()


def target(figure: Figure) -> str:
    """What a figure is to reach, and how it stands to that, in words; empty without a target."""
    if figure.target is None:
        return ""
    aim = shown(figure.target, figure.digits, figure.unit)
    return f"{aim}, {figure.verdict}" if figure.verdict else aim


def cell(value: Cell, column: Column) -> str:
    """A cell for people."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value if isinstance(value, str) else shown(value, column.digits)


def plainly(cells: Sequence[Cell]) -> list[str]:
    """Cells as words alone, to tell whether two reports say the same."""
    return [each.isoformat() if isinstance(each, datetime) else f"{each}" for each in cells]
