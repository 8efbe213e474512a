"""What is foreseen of a line's energy, and what measures saved."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds


class LoadMove(Answer):
    """An hour of a machine's work that would cost less elsewhere."""

    path: str
    title: str
    start: Milliseconds
    to: Milliseconds
    kwh: float
    money: Annotated[float, Field(description="Saved with the energy alone.")]
    co2_kg: float
    peak_kw: Annotated[float, Field(description="By how much the highest quarter hour falls.")]


class EnergyForecast(Answer):
    """The load of a line in the next 24 hours by quarter hours, with its 80 % interval."""

    path: str
    now: Milliseconds
    start: Annotated[list[Milliseconds], Field(description="When each quarter hour begins.")]
    kw: list[float | None]
    low: list[float | None]
    high: list[float | None]
    peak_kw: float | None
    peak_low: float | None
    peak_high: float | None
    peak_at: Milliseconds | None
    kwh: Annotated[
        float | None, Field(description="None, as money and CO2, where a quarter is not known.")
    ]
    money: float | None
    currency: str
    co2_kg: float | None
    demand_price: Annotated[float, Field(description="Of a kW of the month's highest quarter.")]
    days: Annotated[int, Field(description="Whole days that it was learned from.")]
    moves: list[LoadMove]
    notes: list[str] = []


class MeterNode(Answer):
    """A meter of the tree: measured, or the sum, the rest or a share of others."""

    path: str
    title: str
    how: Annotated[Literal["measured", "sum", "rest", "share"], Field(description="How it came.")]
    depth: int
    parent: Annotated[str, Field(description="What it is a part of; empty at a root.")]
    kw: float | None
    kwh: Annotated[
        float | None, Field(description="Of the known hours; none where 5 % of them are missing.")
    ]
    money: float | None
    co2_kg: float | None
    hours: Annotated[int, Field(description="Whole hours that are known.")]
    missing: Annotated[
        list[str], Field(description="Measured meters that are to blame for the others.")
    ]


class MeterTree(Answer):
    """The meters of the site over a window, whole before part."""

    window: str
    start: Milliseconds
    end: Milliseconds
    hours: Annotated[int, Field(description="Whole hours, from the first that anything tells.")]
    currency: str
    meters: list[MeterNode]
    notes: list[str] = []


class DriverTerm(Answer):
    """A term of a baseline: kWh an hour for each unit of a driver; `p` is the chance of none."""

    name: str
    value: float
    error: float
    t: float | None
    p: float


class SavedAmount(Answer):
    """An amount that was saved, and half its 95 % interval."""

    value: float
    margin: float


class MeasureVerified(Answer):
    """A measure's saving against the hours before it (ISO 50015, IPMVP option C)."""

    name: str
    title: str
    line: str
    start: Annotated[Milliseconds, Field(description="The first moment of its first day.")]
    baseline_start: Milliseconds
    baseline_end: Milliseconds
    kwh: SavedAmount | None
    money: SavedAmount | None
    currency: str
    co2_kg: SavedAmount | None
    percent: float | None
    hours: Annotated[int, Field(description="Hours that were judged.")]
    terms: list[DriverTerm]
    r2: float | None
    cv_percent: float | None
    baseline_hours: int
    effective_hours: Annotated[
        float, Field(description="Independent hours that those of the baseline are worth.")
    ]
    goal_percent: Annotated[
        float | None, Field(description="Of what the baseline expects, to be saved.")
    ]
    goal_by: Annotated[str, Field(description="The day until which, or empty.")]
    goal_probability: Annotated[
        float | None, Field(description="That the true saving is the goal or more.")
    ]
    days: Annotated[list[Milliseconds], Field(description="The end of each local day.")]
    saved_kwh: Annotated[list[float], Field(description="Up to the end of each day.")]
    margin_kwh: list[float]
    why: str
    notes: list[str] = []
