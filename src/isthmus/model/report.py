"""A report as one document, whatever it is written as: figures, tables, remarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["shift", "day", "week"]
Form = Literal["html", "pdf", "xlsx"]
Cell = str | float | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A headline number; `before` is the same of the time before, of equal length."""

    title: str
    value: float | None
    unit: str = ""
    digits: int = 1
    before: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads; numbers have one decimal."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says: of what, of which time, and how much of that is unknown (`gaps`, %)."""

    title: str
    subtitle: str
    window: str
    gaps: float
    made: str
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...] = ()
    remarks: tuple[str, ...] = ()


def shown(value: float | None, digits: int = 1, unit: str = "") -> str:
    """A number for people; a dash where there is none."""
    return "–" if value is None else f"{value:,.{digits}f} {unit}".strip()  # noqa: RUF001


def change(figure: Figure) -> str:
    """How much a figure changed from the time before; empty where that is not known."""
    if figure.value is None or figure.before is None:
        return ""
    return f"{figure.value - figure.before:+,.{figure.digits}f} {figure.unit}".strip()
