"""The energy pilot page: kWh a piece against the baseline regression, with its error bars."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query

from isthmus.model.plant import Equipment
from isthmus.runtime.app import App
from isthmus.runtime.figures.assumed import assumptions
from isthmus.runtime.figures.drivers import PIECES
from isthmus.runtime.figures.emission import emission
from isthmus.runtime.figures.energy import LineEnergy, MeterReading, energy
from isthmus.runtime.figures.read import Records
from isthmus.runtime.figures.tariff import Tariff
from isthmus.web import contract
from isthmus.web.access import Seen
from isthmus.web.ask import Line, equipment, line_of
from isthmus.web.contract.energy import MeterTree
from isthmus.web.contract.energy_split import EnergySplit
from isthmus.web.energy_forecast import foreseen
from isthmus.web.energy_measures import driver_term, formula, judged
from isthmus.web.energy_meters import metered
from isthmus.web.energy_split import split_told
from isthmus.web.history import numbers
from isthmus.web.ribbon import title

Path = Annotated[str, Query(description="A line or a machine; the first line where empty.")]
WindowName = Annotated[Literal["day", "week", "month"], Query(description="How far back.")]


SLIDING = (
    "The baseline slides: it is learned from all hours shown but the last eight, so that a lasting "
    "change becomes part of it. `energy: {baseline: {from: 2026-03-01, to: 2026-03-31}}` at the "
    "line in the plant file fixes it (ISO 50015)."
)


def routes(app: App) -> APIRouter:
    """The routes of a line's energy."""
    router = APIRouter(prefix="/api", tags=["figures"])

    @router.get("/energy", summary="kWh an hour and a piece against the baseline")
    def line_energy(line: Line = "", window: WindowName = "day") -> contract.Energy:
        place = line_of(app, line)
        found = energy(app.records, place, app.records.window(place, window))
        return told(app, place, found)

    @router.get("/energy/forecast", summary="The load of the next 24 hours, its peak, what to move")
    def forecast(line: Line = "") -> contract.EnergyForecast:
        return foreseen(app, line_of(app, line))

    @router.get("/energy/measures", summary="What measures at a line saved, with error bars")
    def measures(line: Line = "") -> list[contract.MeasureVerified]:
        return judged(app, line_of(app, line))

    @router.get("/energy/split", summary="Energy by state, order and product; idle waste")
    def energy_split(path: Path = "", window: WindowName = "day") -> EnergySplit:
        place = equipment(app, path) if path else line_of(app, None)
        return split_told(app, place, app.records.window(place, window))

    @router.get("/energy/meters", summary="Measured and computed meters as a tree")
    def meters(seen: Seen, line: Line = "", window: WindowName = "day") -> MeterTree:
        return metered(app, seen, app.records.window(line_of(app, line), window))

    return router


def told(app: App, line: Equipment, found: LineEnergy) -> contract.Energy:
    """The line's energy for the page."""
    return contract.Energy(
        path=line.path,
        window=found.window.name,
        start=found.window.start / 1e6,
        end=found.window.end / 1e6,
        **_of_pieces(found),
        **_won(app, found),
        base_load=_base_load(found),
        hours=_hours(found),
        profile={
            "hour": (np.arange(96) / 4).tolist(),
            "now": numbers(found.profile_now),
            "before": numbers(found.profile_before),
        },
        baseline=_baseline(found),
        meters=[_meter(app, reading, found) for reading in found.meters],
        why=_why(found),
        notes=[*_notes(found), *silent(app.records, found), *assumptions(app.plant)],
    )


def _of_pieces(found: LineEnergy) -> dict[str, contract.Kpi]:
    """What a piece takes, and what it takes after the baseline."""
    now, base = found.per_piece, found.baseline_per_piece
    unknown = "" if now is not None else "no good piece known of in these hours"
    against = f"now {100 * (now / base - 1):+.1f} %" if now is not None and base else ""
    words = ("Energy per good piece, last 8 h", "Baseline at the same output")
    return {
        "per_piece": _kpi("per_piece", words[0], now, "kWh", 4, unknown),
        "baseline_per_piece": _kpi("baseline_per_piece", words[1], base, "kWh", 4, against),
    }


def _won(app: App, found: LineEnergy) -> dict[str, contract.Kpi]:
    """What was saved against the baseline: energy, money, CO2, each with its margin."""
    won, currency = found.saving, app.plant.currency
    amounts: list[float | None] = [None, None, None]
    margins = ["needs 8 hours of data", "", ""]
    if won is not None:
        price = "an assumed price" if Tariff.of(app.plant).assumed else "its price"
        amounts = [won.kwh[0], won.money[0], won.co2[0]]
        margins = [
            f"± {won.kwh[1]:,.1f} kWh (95 %), {won.hours} h",
            f"± {won.money[1]:,.2f}, each hour at {price}",
            f"± {won.co2[1]:,.1f}, each hour at its factor",
        ]
    return {
        "saved": _kpi("saved", "Saved against the baseline", amounts[0], "kWh", 1, margins[0]),
        "money": _kpi("money", "in money", amounts[1], currency, 2, margins[1]),
        "co2": _kpi("co2", "in CO2", amounts[2], "kg", 1, margins[2]),
    }


def _base_load(found: LineEnergy) -> contract.Kpi:
    base = found.baseline
    detail = (
        f"regression says {base.terms[0].value:.1f} kW" if base else "mean while nothing is made"
    )
    return _kpi("base_load", "Base load", found.base_load, "kW", 1, detail)


def _kpi(
    key: str, title_: str, value: float | None, unit: str, digits: int, detail: str = ""
) -> contract.Kpi:
    return contract.Kpi(key=key, title=title_, value=value, unit=unit, digits=digits, detail=detail)


def _hours(found: LineEnergy) -> list[contract.EnergyBucket]:
    base, pieces = found.baseline, found.pieces
    nothing = np.full(len(pieces), np.nan)
    expected = np.where(found.whole, base.expected(found.drivers), np.nan) if base else nothing
    band = base.band(found.drivers) if base else nothing
    run = margin = nothing
    if base:
        run, margin = base.cusum(found.kwh, found.drivers, found.whole)
    with np.errstate(invalid="ignore", divide="ignore"):
        each = np.where(pieces > 0, found.kwh / pieces, np.nan)
    columns = [
        numbers(column)
        for column in (
            *(found.kwh, pieces, each, expected, expected - band, expected + band),
            *(run, margin),
        )
    ]
    return [
        contract.EnergyBucket(
            start=start / 1e6,
            kwh=kwh,
            pieces=made,
            kwh_per_piece=per_piece,
            expected_kwh=middle,
            expected_low=low,
            expected_high=high,
            cusum_kwh=running,
            cusum_margin=sure,
            in_baseline=bool(reference),
        )
        for start, kwh, made, per_piece, middle, low, high, running, sure, reference in zip(
            *(found.edges[:-1].tolist(), *columns, found.reference.tolist()), strict=True
        )
    ]


def _baseline(found: LineEnergy) -> contract.Baseline | None:
    base = found.baseline
    if base is None:
        return None
    slopes = {term.name: term.value for term in base.terms[1:]}
    return contract.Baseline(
        base_kw=base.terms[0].value,
        kwh_per_piece=slopes.get(PIECES) if len(slopes) == 1 else None,
        terms=[driver_term(term) for term in base.terms],
        r2=base.r2,
        cv_percent=100 * base.cv if math.isfinite(base.cv) else None,
        hours=base.hours,
        effective_hours=base.effective,
        start=found.learned.start / 1e6,
        end=found.learned.end / 1e6,
    )


def _meter(app: App, reading: MeterReading, found: LineEnergy) -> contract.Meter:
    made = float(np.nansum(found.pieces))
    tag = reading.unit.tag("power")
    number = app.namespace.id(tag.path) if tag else None
    return contract.Meter(
        path=reading.unit.path,
        title=title(reading.unit),
        kw=reading.kw,
        expected_kw=reading.expected_kw,
        kwh=reading.kwh,
        kwh_per_piece=reading.kwh / made if reading.kwh is not None and made else None,
        quality=int(app.live.quality[number]) if number is not None else 0,
    )


def _notes(found: LineEnergy) -> list[str]:
    notes = []
    if found.baseline is None:
        where = "" if found.sliding else " in its period"
        notes.append(f"A baseline needs 8 whole hours with different output{where}.")
    elif found.sliding:
        notes.append(SLIDING)
    counted, powered = (
        ", ".join(unit.path for unit in found.unmeasured[role]) for role in ("energy", "power")
    )
    if counted:
        notes.append(f"No energy counter on {counted}: the kWh are mean power times time.")
    if powered:
        notes.append(f"Nobody measures the power of {powered}: the kW are without it.")
    return notes


def silent(records: Records, found: LineEnergy) -> list[str]:
    """What is to be said of hours for which neither file nor tag told the CO2 of a kWh."""
    hours = int(emission(records, found.edges).assumed.sum())
    if not hours:
        return []
    return [f"Nobody told the CO2 of a kWh in {hours} of these hours: the usual one stands in."]


def _why(found: LineEnergy) -> dict[str, str]:
    base = found.baseline
    line = (
        f"kWh an hour = {formula(base)}, least squares over "
        f"{base.hours} whole hours, R2 {base.r2:.3f}, CV(RMSE) {100 * base.cv:.1f} %"
        if base
        else "No baseline yet: it needs 8 whole hours with different output."
    )
    return {
        "per_piece": (
            "kWh of the line's meter in the last 8 whole hours / good pieces of the same hours; "
            "base load is included, sums are divided, ratios never averaged."
        ),
        "baseline": line,
        "saved": (
            "Expected by the baseline at the hours' own drivers minus measured, summed; the margin "
            "is the 95 % interval of single hours and of the baseline, widened by how like "
            "neighbouring hours are (ISO 50015, ASHRAE Guideline 14)."
        ),
        "hours": "Counters are read at the full hour, straight between their samples.",
    }
