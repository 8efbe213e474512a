"""The energy of a line or a machine by state, order and product, for the page."""

from __future__ import annotations

from isthmus.insight.energy.split import Part
from isthmus.model.plant import Equipment, Level
from isthmus.runtime.app import App
from isthmus.runtime.figures.assumed import assumptions
from isthmus.runtime.figures.read import Window
from isthmus.runtime.figures.split import Split, base_load, split, splits
from isthmus.web.contract.energy_split import EnergyPart, EnergySplit, MachineWaste
from isthmus.web.ribbon import title

MOST = 50  # orders that are told, the newest
WHOLE = 0.99
NOTHING = "Needs an `energy` or `power` tag of the line's meter, and a `state` of its bottleneck."
WHY = (
    "The meter's increments between every change of state, order, shift and hour; a line's state "
    "is its bottleneck's. Idle: it could run and is starved, blocked or ready; off: a break, no "
    "order, or outside of shifts. Waste is idle, stopped and off. Each hour has its own price and "
    "CO2. The parts add up to the total exactly. Base load: the mean kW of minutes in which "
    "nothing was made, over the whole window."
)


def split_told(app: App, place: Equipment, window: Window) -> EnergySplit:
    """Where the energy of `place` went; empty, with a note, where nothing tells it."""
    found = split(app.records, place, window)
    line = place.level is Level.WORK_CENTER
    base = base_load(app.records, place, window) if found and line else None
    machines = splits(app.records, place, window) if line else []
    total = found.total if found else None

    def part(one: Part) -> EnergyPart:
        return _part(one, total)

    return EnergySplit(
        path=place.path,
        window=window.name,
        start=window.start / 1e6,
        end=window.end / 1e6,
        currency=app.plant.currency,
        total=part(found.total) if found else None,
        states=[part(one) for one in found.states] if found else [],
        waste=part(found.waste) if found else None,
        base_load=part(base) if base else None,
        base_load_kw=base.kwh * 3600 / base.seconds if base and base.seconds else None,
        orders=[part(one) for one in found.orders[-MOST:]] if found else [],
        products=[part(one) for one in found.products] if found else [],
        machines=sorted(map(_machine, machines), key=lambda one: -one.waste.kwh),
        known_percent=100 * found.known if found else 0.0,
        why=WHY,
        notes=[*_notes(found), *(assumptions(app.plant) if found else [])],
    )


def _part(one: Part, total: Part | None) -> EnergyPart:
    whole = total.grains if total else 0
    return EnergyPart(
        name=str(one.name),
        seconds=one.seconds,
        kwh=one.kwh,
        money=one.money,
        co2_kg=one.co2,
        percent=100 * one.grains / whole if whole else 0.0,
        pieces=one.pieces,
        kwh_per_piece=one.kwh / one.pieces if one.pieces > 0 else None,
    )


def _machine(one: Split) -> MachineWaste:
    return MachineWaste(
        path=one.place.path,
        title=title(one.place),
        waste=_part(one.waste, one.total),
        states=[_part(part, one.total) for part in one.states],
    )


def _notes(found: Split | None) -> list[str]:
    if found is None:
        return [NOTHING]
    notes = []
    if found.known < WHOLE:
        notes.append(f"The meters told {100 * found.known:.0f} % of this time.")
    if len(found.orders) > MOST:
        notes.append(f"{len(found.orders) - MOST} older orders are not listed.")
    return notes
