"""What limits a line, how long pieces take, and whether a value stays in control."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from isthmus.insight.kpi.cycle import PERCENTS, Cycles, bins
from isthmus.insight.kpi.spc import (
    MOST,
    RULES,
    Chart,
    capability,
    individuals,
    subgroups,
    western_electric,
)
from isthmus.model.plant import Equipment
from isthmus.model.sample import Floats, Int64s, Nanoseconds, TagId
from isthmus.model.tag import Kind, Tag
from isthmus.runtime.app import App
from isthmus.runtime.figures.read import Window
from isthmus.runtime.figures.statistics import (
    LineBottleneck,
    good_values,
    line_bottleneck,
    spaced,
    unit_cycles,
)
from isthmus.runtime.figures.windows import windows
from isthmus.web.ask import MONTH, Line, Problem, equipment, line_of, tag_ids, time_range
from isthmus.web.contract import key_figures as contract
from isthmus.web.history import From, To

POINTS = 2_000  # of a chart
MOST_VALUES = 1_000_000  # of which subgroups are taken
Place = Annotated[str, Query(description="Path of a unit with a counter of good pieces.")]
One = Annotated[str, Query(description="One tag, its id or path.")]
Size = Annotated[int, Query(ge=1, le=MOST, description="Values a subgroup; 1: individuals.")]
Every = Annotated[
    int, Query(ge=0, le=86_400, description="One subgroup in so many seconds; 0: all values.")
]
When = Annotated[
    Literal["running", "always"], Query(description="What was measured while its unit ran, or all.")
]
Days = Annotated[Literal["", "day"], Query(description="Also which unit it was each local day.")]
Limit = Annotated[
    float | None, Query(description="Specification limit; the plant file's if empty.")
]


def routes(app: App) -> APIRouter:
    """The routes of statistics on production."""
    router = APIRouter(prefix="/api", tags=["figures"])

    @router.get("/bottleneck", summary="Which unit holds a line back, by two methods")
    def bottleneck(start: From, end: To, line: Line = "", each: Days = "") -> contract.Bottleneck:
        place, window = line_of(app, line or None), _window(app, start, end)
        found = line_bottleneck(app.records, place, window)
        if found is None:
            raise Problem(404, f"no unit of {place.path} tells a state", "bind `role: state`")
        return contract.Bottleneck(
            path=place.path,
            start=window.start / 1e6,
            end=window.end / 1e6,
            units=_shares(found),
            turning_point=found.turning.unit if found.turning else None,
            plain=bool(found.turning and found.turning.plain),
            days=_days(app, place, window) if each == "day" else [],
        )

    @router.get("/cycles", summary="How long pieces took while a unit ran")
    def cycles(path: Place, start: From, end: To) -> contract.CycleTimes:
        unit = equipment(app, path)
        found = unit_cycles(app.records, unit, _window(app, start, end))
        if found is None:
            text = f"{unit.path} has no state, or counts no good pieces"
            raise Problem(404, text, "bind tags with `role: state` and `role: good_count`")
        ideal = 1 / unit.ideal_rate if unit.ideal_rate else None
        return _cycles(unit.path, found, ideal)

    @router.get("/spc", summary="Control charts, capability and broken rules of one tag")
    def spc(
        tag: One,
        start: From,
        end: To,
        size: Size = 1,
        every: Every = 0,
        when: When = "running",
        lower: Limit = None,
        upper: Limit = None,
    ) -> contract.ControlAnswer:
        ids = tag_ids(app, tag)
        if len(ids) != 1:
            raise Problem(422, f"{len(ids)} tags asked for", "a chart is of one tag")
        found = app.namespace[TagId(int(ids[0]))]
        if found.kind is Kind.TEXT:
            raise Problem(422, f"{found.path} is text", "ask for a tag that measures something")
        most = MOST_VALUES if every else POINTS * size
        unit = _unit(app, found) if when == "running" else None
        times, values = good_values(app.records, found, _window(app, start, end), most, unit)
        if every:
            times, values = spaced(times, values, size, every * 10**9)
            times, values = times[-POINTS * size :], values[-POINTS * size :]
        if lower is None and upper is None and found.specification:
            lower, upper = found.specification
        return _control(found.path, found.unit, times, values, size, (lower, upper))

    return router


def _shares(found: LineBottleneck) -> list[contract.BottleneckShare]:
    """How much each unit held the line back, and how long it waited itself."""
    waited = {each.unit: each for each in found.waited}
    total = sum(share.seconds for share in found.shares)
    return [
        contract.BottleneckShare(
            unit=share.unit,
            sole=share.sole / 60,
            shifting=share.shifting / 60,
            starved=waited[share.unit].starved / 60,
            blocked=waited[share.unit].blocked / 60,
            percent=100 * share.seconds / total if total else 0.0,
        )
        for share in found.shares
    ]


def _unit(app: App, tag: Tag) -> Equipment | None:
    """The nearest equipment above `tag` that tells its state."""
    place = tag.equipment
    while place:
        found = app.plant.equipment(place)
        if found is not None and found.tag("state") is not None:
            return found
        place = place.rpartition("/")[0]
    return None


def _days(app: App, line: Equipment, window: Window) -> list[contract.BottleneckDay]:
    days = []
    for day in windows(app.records, line, "day", window.start, window.end):
        own = Window(day.name, day.start, Nanoseconds(min(day.end, app.now())))
        found = line_bottleneck(app.records, line, own)
        total = sum(share.seconds for share in found.shares) if found else 0.0
        first = found.shares[0] if found and total else None
        days.append(
            contract.BottleneckDay(
                name=day.name,
                start=own.start / 1e6,
                end=own.end / 1e6,
                unit=first.unit if first else "",
                percent=100 * first.seconds / total if first else 0.0,
                turning_point=found.turning.unit if found and found.turning else None,
            )
        )
    return days


def _window(app: App, start: float, end: float) -> Window:
    first, last = time_range(start, end)
    last = min(last, max(app.now(), type(first)(first + 1)))
    if last - first > MONTH:
        raise Problem(422, "the range is longer than 32 days", "ask for less at once")
    return Window("", first, last)


def _cycles(path: str, found: Cycles, ideal: float | None) -> contract.CycleTimes:
    edges = bins(found)
    many = found.bars(edges).tolist() if len(edges) else []
    return contract.CycleTimes(
        path=path,
        pieces=found.count,
        mean=found.mean,
        percentiles={str(percent): found.percentile(percent) for percent in PERCENTS},
        ideal=ideal,
        bars=[
            contract.Bar(first=first, last=last, pieces=pieces)
            for first, last, pieces in zip(
                edges[:-1].tolist(), edges[1:].tolist(), many, strict=True
            )
        ],
    )


def _control(
    path: str,
    unit: str,
    times: Int64s,
    values: Floats,
    size: int,
    limits: tuple[float | None, float | None],
) -> contract.ControlAnswer:
    named: list[tuple[str, Chart | None]]
    if size == 1:
        named = [("individuals", individuals(values))]
    else:
        both = subgroups(values, size) or (None, None)
        named = [("means", both[0]), ("ranges", both[1])]
    found = capability(values, lower=limits[0], upper=limits[1], size=size)
    return contract.ControlAnswer(
        path=path,
        unit=unit,
        count=len(values),
        mean=found.mean if found else None,
        within=found.within if found else None,
        overall=found.overall if found else None,
        lower=limits[0],
        upper=limits[1],
        cp=found.cp if found else None,
        cpk=found.cpk if found else None,
        pp=found.pp if found else None,
        ppk=found.ppk if found else None,
        charts=[_chart(kind, chart, times[size - 1 :: size]) for kind, chart in named if chart],
    )


def _chart(kind: str, chart: Chart, times: Int64s) -> contract.ControlChart:
    return contract.ControlChart(
        kind=kind,
        time=(times[: len(chart.points)] / 1e6).tolist(),
        points=chart.points.tolist(),
        centre=chart.centre,
        lower=chart.lower,
        upper=chart.upper,
        signals=[
            contract.ControlSignal(rule=signal.rule, at=signal.at, says=RULES[signal.rule])
            for signal in western_electric(chart)
        ],
    )
