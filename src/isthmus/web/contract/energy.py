"""What is foreseen of a line's energy."""

from __future__ import annotations

from typing import Annotated

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
    kwh: float | None
    money: float | None
    currency: str
    co2_kg: float | None
    demand_price: Annotated[float, Field(description="Of a kW of the month's highest quarter.")]
    days: Annotated[int, Field(description="Whole days that it was learned from.")]
    moves: list[LoadMove]
    notes: list[str] = []
