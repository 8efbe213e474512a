"""Figures of a line: performance, energy, and the line at a glance."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds
from isthmus.web.contract.energy import DriverTerm
from isthmus.web.contract.history import Ribbon
from isthmus.web.contract.live import Attention


class Kpi(Answer):
    """One number with its unit and the sentence that says how it came about."""

    key: str
    title: str
    value: float | None
    unit: str
    digits: int = 1
    detail: str = ""
    low: float | None = None
    high: float | None = None
    target: float | None = None
    normal: tuple[float, float] | None = None
    formula: str = ""


class Loss(Answer):
    """One bar of the Pareto; cumulative percent in the order given."""

    unit: str
    cause: str
    minutes: float
    pieces: float
    money: float | None = None
    stops: int
    cumulative_percent: float


class WaterfallStep(Answer):
    """One column: a total (`kept`) or what was lost since the column before."""

    title: str
    minutes: float
    kept: bool
    percent: float | None = None


class Performance(Answer):
    """A line over a window: ISO 22400 numbers, where the time went, and the states."""

    path: str
    window: Annotated[str, Field(description="Its name; empty where it was asked for by times.")]
    start: Milliseconds
    end: Milliseconds
    oee: Kpi
    availability: Kpi
    effectiveness: Kpi
    quality: Kpi
    produced: float | None
    good: float | None
    scrap: float | None
    waterfall: list[WaterfallStep]
    losses: list[Loss]
    ribbons: list[Ribbon]
    why: Annotated[dict[str, str], Field(description="Formula and inputs in words, by key.")]
    data_percent: Annotated[float, Field(description="Share of the window with good data.")]
    notes: list[str] = []


class EnergyBucket(Answer):
    """One hour: kWh, good pieces, kWh a piece, and what the baseline expects (95 % band)."""

    start: Milliseconds
    kwh: float | None
    pieces: float | None
    kwh_per_piece: float | None
    expected_kwh: float | None
    expected_low: float | None
    expected_high: float | None
    cusum_kwh: float | None
    cusum_margin: Annotated[float | None, Field(description="Half its 95 % interval.")]
    in_baseline: bool


class Meter(Answer):
    """Where the power goes: one machine or meter."""

    path: str
    title: str
    kw: float | None
    expected_kw: float | None
    kwh: float | None
    kwh_per_piece: float | None
    quality: int = 0


class Baseline(Answer):
    """kWh an hour = base load + good pieces and other drivers (least squares), with its fit."""

    base_kw: float
    kwh_per_piece: Annotated[
        float | None, Field(description="Where good pieces are the only driver.")
    ]
    terms: list[DriverTerm]
    r2: float
    cv_percent: float | None
    hours: int
    effective_hours: Annotated[float, Field(description="Independent hours they are worth.")]
    start: Milliseconds
    end: Milliseconds


class Energy(Answer):
    """A line's energy over a window, per piece, against its baseline regression."""

    path: str
    window: str
    start: Milliseconds
    end: Milliseconds
    per_piece: Kpi
    baseline_per_piece: Kpi
    saved: Kpi
    money: Kpi
    co2: Kpi
    base_load: Kpi
    hours: list[EnergyBucket]
    profile: Annotated[
        dict[str, list[float | None]],
        Field(description="`hour` 0..23.75, `now` and `before`: mean kW of the day."),
    ]
    baseline: Baseline | None
    meters: list[Meter]
    why: dict[str, str]
    notes: list[str] = []


class OrderInfo(Answer):
    """One order of the line, as the machines' events tell it."""

    order: str
    product: str
    planned: float
    done: float
    start: Milliseconds | None = None
    due: Milliseconds | None = None
    state: Literal["running", "next", "done"]


class Overview(Answer):
    """One line's strip of figures, its attention list, count against plan, power, orders."""

    path: str
    title: str
    now: Milliseconds
    shift: str
    shift_start: Milliseconds
    shift_end: Milliseconds
    state: str
    state_since: Milliseconds | None
    look: Literal["run", "stop", "starved", "blocked", "setup", "break", "unknown"]
    figures: list[Kpi]
    attention: list[Attention]
    count: dict[str, list[float | None]]
    power: dict[str, list[float | None]]
    orders: list[OrderInfo]
    ribbons: list[Ribbon]
