"""The first page: whether anything is wrong with the line, and whether it makes its plan."""

from __future__ import annotations

import time

import numpy as np
from fastapi import APIRouter

from isthmus.insight.series import grid
from isthmus.model.plant import Equipment
from isthmus.model.sample import Nanoseconds, Status
from isthmus.model.state import PACKML
from isthmus.runtime.app import App
from isthmus.runtime.figures.energy import LineEnergy, energy
from isthmus.runtime.figures.performance import (
    LinePerformance,
    performance,
    state_now,
)
from isthmus.runtime.figures.pieces import Pieces, counters
from isthmus.runtime.figures.read import Window, bottleneck, factor, ideal_rate, meters, units
from isthmus.runtime.figures.tariff import Tariff
from isthmus.web import contract
from isthmus.web.access import Seen
from isthmus.web.ask import Line, line_of
from isthmus.web.attention import attention
from isthmus.web.history import numbers
from isthmus.web.orders import orders
from isthmus.web.performance import UNCOUNTED, percent
from isthmus.web.ribbon import ribbon, title

SLOTS = 96
FRESH = 4.0


def routes(app: App) -> APIRouter:
    """The route of the plant page; its answer is kept for a few seconds."""
    router = APIRouter(prefix="/api", tags=["figures"])
    kept: dict[str, tuple[float, contract.Overview]] = {}

    @router.get("/overview", summary="One line at a glance")
    def overview(seen: Seen, line: Line = "") -> contract.Overview:
        place = line_of(app, line)
        known = kept.get(place.path)
        if known and time.monotonic() - known[0] < FRESH:
            made = known[1]
        else:
            made = told(app, place)
            kept[place.path] = time.monotonic(), made
        return made if seen.everything else made.model_copy(update={"attention": []})

    return router


def told(app: App, line: Equipment) -> contract.Overview:
    """The line now and over its shift."""
    records = app.records
    shift = records.shift(line)
    window = Window("shift", shift.start, app.now())
    found = performance(records, line, window)
    used = energy(records, line, records.window(line, "day"))
    book = orders(app, line)
    state, look, since = "unknown", "unknown", None
    ribbons = []
    if found:
        number, kind, start = state_now(found.accounts[found.unit.path])
        state, look, since = PACKML.get(number, "unknown"), kind.value, start / 1e6
        by_path = {unit.path: unit for unit in units(line)}
        ribbons = [ribbon(by_path[path], kept) for path, kept in found.accounts.items()]
    return contract.Overview.model_validate(
        {
            "path": line.path,
            "title": title(line),
            "now": app.now() / 1e6,
            "shift": shift.name,
            "shift_start": shift.start / 1e6,
            "shift_end": shift.end / 1e6,
            "state": state,
            "state_since": since,
            "look": look,
            "figures": _figures(app, line, found, used, book),
            "attention": attention(app, app.historian.stats()),
            "count": _count(app, line, window, shift.end),
            "power": _power(app, line, window),
            "orders": book,
            "ribbons": ribbons,
        }
    )


def _figures(
    app: App,
    line: Equipment,
    found: LinePerformance | None,
    used: LineEnergy,
    book: list[contract.OrderInfo],
) -> list[contract.Kpi]:
    figures = [
        rate(app, line, bottleneck(line)),
        percent("oee", "OEE this shift", found.oee.index if found else None, _made(found)),
    ]
    running = next((order for order in book if order.state == "running"), None)
    if running:
        figures.append(_progress(running))
    return [*figures, _energy_per_piece(used), _line_power(app, line)]


def rate(app: App, line: Equipment, unit: Equipment | None) -> contract.Kpi:
    """How fast `unit` of `line` runs now, against the line's ideal."""
    best = ideal_rate(line)
    ideal = best * 60 if best else None
    return contract.Kpi(
        key="rate",
        title="Rate",
        value=_live(app, unit, "speed"),
        unit="/min",
        low=0,
        high=ideal * 1.2 if ideal else None,
        target=ideal,
        normal=(ideal * 0.9, ideal * 1.05) if ideal else None,
        detail=f"ideal {ideal:.0f} /min" if ideal else "",
    )


def _progress(running: contract.OrderInfo) -> contract.Kpi:
    return contract.Kpi(
        key="order",
        title=f"Order {running.order}, {running.product}",
        value=100 * running.done / running.planned if running.planned else None,
        unit=f"% of {running.planned:,.0f}",
        low=0,
        high=100,
        detail=f"{running.done:,.0f} pieces done",
    )


def _energy_per_piece(used: LineEnergy) -> contract.Kpi:
    base = used.baseline_per_piece
    return contract.Kpi(
        key="energy",
        title="Energy per piece",
        value=used.per_piece,
        unit="kWh",
        digits=4,
        low=0,
        high=2 * base if base else None,
        normal=(0.95 * base, 1.05 * base) if base else None,
        detail=f"baseline {base:.4f} kWh" if base else "no baseline yet",
    )


def _line_power(app: App, line: Equipment) -> contract.Kpi:
    meter = app.plant.equipment(line.energy_meter) if line.energy_meter else bottleneck(line)
    kw = _live(app, meter, "power")
    return contract.Kpi(
        key="power",
        title="Power",
        value=kw,
        unit="kW",
        low=0,
        detail=_price(app, kw) if kw is not None else "",
    )


def _made(found: LinePerformance | None) -> str:
    if found is None:
        return ""
    count = found.count
    return f"{count.good:,.0f} good, {count.scrap:,.0f} scrap" if count else UNCOUNTED


def _price(app: App, kw: float) -> str:
    tariff = Tariff.of(app.plant)
    told = f"{kw * tariff.at(app.now()):.2f} {app.plant.currency}/h now"
    return f"{told}, price assumed" if tariff.assumed else told


def _live(app: App, unit: Equipment | None, role: str) -> float | None:
    tag = unit.tag(role) if unit else None
    number = app.namespace.id(tag.path) if tag else None
    if tag is None or number is None or app.live.quality[number] >= Status.UNCERTAIN:
        return None
    value = float(app.live.value[number]) * factor(tag)
    return value if np.isfinite(value) else None


def _count(
    app: App, line: Equipment, window: Window, until: Nanoseconds
) -> dict[str, list[float | None]]:
    """Good pieces so far, and the plan: the ideal rate; both over the shift's planned time."""
    if bottleneck(line) is None or window.end <= window.start:
        return {"time": [], "count": [], "plan": []}
    slots = np.linspace(window.start, until, SLOTS + 1).astype(np.int64)
    times = np.union1d(slots, [window.end])
    busy = app.records.planned(line, Window("", window.start, until))
    pieces = Pieces.of(app.records.shelf(counters(line), window), line)
    made = pieces.until(busy, times)
    planned, rate = np.zeros(len(times)), ideal_rate(line)
    for stretch in busy:
        planned += np.clip(times, stretch.start, stretch.end) - stretch.start
    return {
        "time": (times / 1e6).tolist(),
        "count": numbers(np.where(times <= window.end, made, np.nan)),
        "plan": numbers(planned / 1e9 * rate) if rate else [None] * len(times),
    }


def _power(app: App, line: Equipment, window: Window) -> dict[str, list[float | None]]:
    """Mean kW in 96 slots of the shift so far."""
    sources = meters(app.plant, line)
    if window.end <= window.start:
        return {"time": [], "kw": []}
    slot = max((window.end - window.start) // SLOTS, 10**9)
    edges = grid(window.start, window.end, int(slot))
    shelf = app.records.shelf([unit.tag("power") for unit in sources], window)
    power = shelf.power(sources, edges)
    return {"time": (edges[:-1] / 1e6).tolist(), "kw": numbers(power)}
