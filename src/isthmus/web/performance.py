"""OEE, the waterfall and the losses of a line, with the words that explain each number."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from isthmus.insight.kpi.oee import Loss
from isthmus.model.plant import Equipment
from isthmus.runtime.app import App
from isthmus.runtime.figures.performance import LinePerformance, performance, shares
from isthmus.runtime.figures.read import ideal_rate, units
from isthmus.web import contract
from isthmus.web.ask import Line, Problem, Since, Until, line_of, window_of
from isthmus.web.ribbon import ribbon

WindowName = Annotated[
    Literal["hour", "shift", "day", "week"], Query(description="How far back from now.")
]

UNCOUNTED = "no counts"

FORMULAS = {
    "oee": "OEE index = availability x effectiveness x quality ratio (ISO 22400-2)",
    "availability": "availability = actual production time / planned busy time (ISO 22400-2)",
    "effectiveness": (
        "effectiveness = planned run time per item x produced quantity / actual production time "
        "(ISO 22400-2)"
    ),
    "quality": "quality ratio = good quantity / produced quantity (ISO 22400-2)",
}


def routes(app: App) -> APIRouter:
    """The routes of a line's performance."""
    router = APIRouter(prefix="/api", tags=["figures"])

    @router.get("/performance", summary="OEE, losses and states of a line")
    def line_performance(
        line: Line = "", window: WindowName = "shift", start: Since = None, end: Until = None
    ) -> contract.Performance:
        place = line_of(app, line)
        found = performance(app.records, place, window_of(app, place, window, start, end))
        if found is None:
            raise Problem(
                404,
                f"{place.path} has no unit with a state",
                "bind a tag with `role: state` and `legend: packml` in plant.yaml",
            )
        return told(place, found, app.plant.currency)

    return router


def told(line: Equipment, found: LinePerformance, currency: str = "EUR") -> contract.Performance:
    """The line's performance for the page."""
    times, count, oee = found.times, found.count, found.oee
    by_path = {unit.path: unit for unit in units(line)}
    return contract.Performance(
        path=line.path,
        window=found.window.name,
        start=found.window.start / 1e6,
        end=found.window.end / 1e6,
        oee=percent("oee", "OEE index", oee.index, f"over {_minutes(times.planned_busy)} min"),
        availability=percent(
            "availability",
            "Availability",
            oee.availability,
            f"{_minutes(times.actual_production)} of {_minutes(times.planned_busy)} min busy",
        ),
        effectiveness=percent(
            "effectiveness",
            "Effectiveness",
            oee.effectiveness,
            f"{count.produced:,.0f} pc at {_rate(found)}/min" if count else UNCOUNTED,
        ),
        quality=percent(
            "quality",
            "Quality ratio",
            oee.quality,
            f"{count.good:,.0f} good, {count.scrap:,.0f} scrap" if count else UNCOUNTED,
        ),
        produced=count.produced if count else None,
        good=count.good if count else None,
        scrap=count.scrap if count else None,
        waterfall=_waterfall(found),
        losses=_losses(found, line.margin),
        ribbons=[
            ribbon(by_path[path], accounts)
            for path, accounts in found.accounts.items()
            if path in by_path
        ],
        why=_why(found, _worth(line, currency)),
        data_percent=100 * found.known,
        notes=_notes(line, found),
    )


def percent(key: str, title: str, value: float | None, detail: str) -> contract.Kpi:
    """A ratio as a percentage."""
    return contract.Kpi(
        key=key,
        title=title,
        value=None if value is None else 100 * value,
        unit="%",
        detail=detail,
        low=0,
        high=100,
        formula=FORMULAS.get(key, ""),
    )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:,.0f}"


def _rate(found: LinePerformance) -> str:
    return f"{60 / found.item_seconds:.0f}" if found.item_seconds else "-"


def _waterfall(found: LinePerformance) -> list[contract.WaterfallStep]:
    times, busy = found.times, found.times.planned_busy
    net = times.actual_production - found.speed_loss
    good = net - found.scrap_loss

    def kept(title: str, seconds: float) -> contract.WaterfallStep:
        return contract.WaterfallStep(
            title=title, minutes=seconds / 60, kept=True, percent=shares(seconds, busy)
        )

    def lost(title: str, seconds: float) -> contract.WaterfallStep:
        return contract.WaterfallStep(title=title, minutes=seconds / 60, kept=False)

    steps = [
        kept("Planned busy", busy),
        lost("Breakdown", times.actual_unit_down),
        lost("Delay", times.actual_unit_delay),
        lost("Setup", times.actual_unit_setup),
        *([lost("No order", times.no_order)] if times.no_order >= 1 else []),
        *([lost("No data", times.unknown)] if times.unknown >= 1 else []),
        kept("Producing", times.actual_production),
    ]
    if found.count is None:
        return steps
    return [
        *steps,
        lost("Speed loss", found.speed_loss),
        kept("Net", net),
        lost("Scrap", found.scrap_loss),
        kept("Good", good),
    ]


def _losses(found: LinePerformance, margin: float | None) -> list[contract.Loss]:
    rows = list(found.losses)
    if found.speed_loss > 0:
        rows.append(Loss(found.unit.name, "speed below ideal", found.speed_loss, 0))
    if found.count and found.scrap_loss > 0:
        rows.append(Loss("line", f"scrap, {found.count.scrap:,.0f} pc", found.scrap_loss, 0))
    rows = sorted((row for row in rows if row.seconds >= 1), key=lambda row: -row.seconds)
    total, running, told_rows = sum(row.seconds for row in rows), 0.0, []
    for row in rows:
        running += row.seconds
        pieces = row.seconds / found.item_seconds if found.item_seconds else 0.0
        told_rows.append(
            contract.Loss(
                unit=row.unit,
                cause=row.cause,
                minutes=row.seconds / 60,
                pieces=pieces,
                money=pieces * margin if margin and found.item_seconds else None,
                stops=row.stops,
                cumulative_percent=shares(running, total),
            )
        )
    return told_rows


def _why(found: LinePerformance, worth: str) -> dict[str, str]:
    times, count = found.times, found.count
    return {
        **FORMULAS,
        "times": (
            f"Time elements of {found.unit.path}, in minutes: planned busy "
            f"{times.planned_busy / 60:.1f} = producing {times.actual_production / 60:.1f} + delay "
            f"{times.actual_unit_delay / 60:.1f} + down {times.actual_unit_down / 60:.1f} + setup "
            f"{times.actual_unit_setup / 60:.1f} + no order {times.no_order / 60:.1f} + no data "
            f"{times.unknown / 60:.1f}. Breaks are not planned; short stops count as delay."
        ),
        "counts": (
            f"Produced {count.produced:,.0f} = good and scrap counter of {found.unit.path}; scrap "
            f"{count.scrap:,.0f} = its own and that of the units behind it, inside planned time; "
            "wraps and resets are undone."
            if count
            else f"The good counter of {found.unit.path} tells nothing."
        ),
        "losses": (
            "Time in which the bottleneck stood, by cause; starved and blocked time is put to the "
            f"nearest unit upstream or downstream that stood by its own fault then.{worth}"
        ),
    }


def _worth(line: Equipment, currency: str) -> str:
    if not line.margin:
        return ""
    pace = "ideal rate" if ideal_rate(line) else "line's own pace"
    return (
        f" In {currency}: pieces not made in that time at the {pace}, times the `margin` of "
        f"{line.margin:g} {currency} that a piece earns."
    )


def _notes(line: Equipment, found: LinePerformance) -> list[str]:
    notes = []
    if not ideal_rate(line):
        notes.append("No `ideal_rate` in the plant file: effectiveness and OEE are not known.")
    if found.count is None:
        notes.append(f"The good counter of {found.unit.path} tells nothing: nothing is counted.")
    if found.unplanned >= 1:
        notes.append(f"{found.unplanned:,.0f} pieces made outside of planned time do not count.")
    if found.untold:
        names = ", ".join(found.untold)
        notes.append(f"Nothing is known of {names}: no scrap is taken to have come there.")
    if found.known < 0.99:  # noqa: PLR2004
        notes.append(f"Nothing is known of {100 * (1 - found.known):.1f} % of the time.")
    if found.oee.effectiveness and found.oee.effectiveness > 1.02:  # noqa: PLR2004
        known = found.known >= 0.99  # noqa: PLR2004
        why = "the ideal rate in the plant file is too low" if known else "pieces also came unseen"
        notes.append(f"Effectiveness is above 100 %: {why}.")
    return notes
