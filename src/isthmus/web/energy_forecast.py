"""The forecast of a line's load for the page: peak, cost, and what could be moved."""

from __future__ import annotations

import math

from isthmus.insight.energy.shift import Move
from isthmus.model.plant import Equipment
from isthmus.runtime.app import App
from isthmus.runtime.figures.assumed import assumptions
from isthmus.runtime.figures.outlook import SURE, Outlook, outlook
from isthmus.runtime.figures.tariff import Tariff
from isthmus.web import contract
from isthmus.web.contract.energy import LoadMove
from isthmus.web.history import numbers
from isthmus.web.ribbon import title

NOTHING = "A forecast needs a whole day of energy or power of the line's meter."


def foreseen(app: App, line: Equipment) -> contract.EnergyForecast:
    """What the line will draw in the next 24 hours; empty, with a note, where nothing is known."""
    found, tariff = outlook(app.records, line), Tariff.of(app.plant)
    peak = found.peak if found else (math.nan,) * 3
    low, middle, high = (value if math.isfinite(value) else None for value in peak)
    return contract.EnergyForecast(
        path=line.path,
        now=app.now() / 1e6,
        start=(found.edges[:-1] / 1e6).tolist() if found else [],
        kw=numbers(found.middle) if found else [],
        low=numbers(found.low) if found else [],
        high=numbers(found.high) if found else [],
        peak_kw=middle,
        peak_low=low,
        peak_high=high,
        peak_at=found.peak_at / 1e6 if found and found.peak_at is not None else None,
        kwh=found.kwh if found else None,
        money=found.money if found else None,
        currency=app.plant.currency,
        co2_kg=found.co2 if found else None,
        demand_price=tariff.demand,
        days=found.days if found else 0,
        moves=[_move(found, unit, move) for unit, move in found.moves] if found else [],
        notes=_notes(app, found),
    )


def _move(found: Outlook, unit: Equipment, move: Move) -> LoadMove:
    return LoadMove(
        path=unit.path,
        title=title(unit),
        start=float(found.edges[move.start]) / 1e6,
        to=float(found.edges[move.to]) / 1e6,
        kwh=move.kwh,
        money=move.money,
        co2_kg=move.co2,
        peak_kw=move.peak_kw,
    )


def _notes(app: App, found: Outlook | None) -> list[str]:
    if found is None:
        return [NOTHING]
    notes = []
    if found.days < SURE:
        days = "day" if found.days == 1 else "days"
        notes.append(f"Learned from {found.days} whole {days}: an interval needs {SURE}.")
    if found.unknown:
        notes.append(
            f"{found.unknown} of the {len(found.middle)} quarter hours are not known, for the "
            "meter told nothing at such times: there is no total of the day."
        )
    if found.closed:
        notes.append("A holiday of the calendar is ahead: forecast from Sundays and holidays.")
    notes += assumptions(app.plant)
    if not any(unit.movable for unit in app.plant.walk()):
        notes.append("No machine is told to be movable: `energy: {movable: 8 h}` in plant.yaml.")
    elif not found.moves:
        notes.append("Nothing that may be moved would save anything.")
    return notes
