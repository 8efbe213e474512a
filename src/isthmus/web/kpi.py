"""Derived values of closed hours and shifts, and how each was computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query

from isthmus.historian.port import History
from isthmus.model.kpi import KpiResult
from isthmus.model.path import nearest
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.app import App
from isthmus.runtime.derive.compute import inputs, read, told
from isthmus.runtime.derive.formula import FORMULAS
from isthmus.runtime.figures.read import Records, Window
from isthmus.web import contract
from isthmus.web.ask import Problem, time_range

MONTH = 31 * 86_400 * 10**9
From = Annotated[float, Query(alias="from", description="Windows that begin from then on (ms).")]
To = Annotated[float, Query(alias="to", description="Windows that begin before (ms).")]
Place = Annotated[str, Query(description="Path of a line or unit, and all below it.")]
Kpis = Annotated[str, Query(description="Names between commas; all where empty.")]
Period = Annotated[Literal["", "hour", "shift"], Query(description="Kind of window.")]

Versions = Annotated[bool, Query(description="Also what was replaced, oldest first.")]
Known = Annotated[float | None, Query(description="What was known then (ms), for 400 days back.")]
MOST = 100_000


def routes(app: App) -> APIRouter:
    """The routes of derived values."""
    router = APIRouter(prefix="/api/kpi", tags=["figures"])

    @router.get("", summary="Derived values with their inputs, formula and version")
    def values(
        start: From,
        end: To,
        path: Place = "",
        kpi: Kpis = "",
        period: Period = "",
        versions: Versions = False,  # noqa: FBT002 - a query parameter
        limit: Annotated[int, Query(ge=1, le=MOST, description="The newest so many.")] = 10_000,
        known_at: Known = None,
    ) -> contract.Derived:
        if known_at is not None and not np.isfinite(known_at):
            raise Problem(422, f"{known_at} is no time", "give `known_at` in ms")
        names = tuple(name for name in kpi.split(",") if name)
        asked = Asked(path, names, period, versions, limit, known_at)
        waits = Waits(app.deriver.dirt.waiting, app.deriver.dirt.late, app.deriver.trouble)
        return derived(app.historian, *time_range(start, end), asked, waits)

    @router.get("/explain", summary="How one value was computed, and whether it still holds")
    def explain(
        path: Annotated[str, Query(description="Path of a line or unit.")],
        kpi: Annotated[str, Query(description="Name of the key figure.")],
        at: Annotated[float, Query(ge=0, le=9.1e12, description="A time inside the window (ms).")],
        period: Annotated[Literal["hour", "shift"], Query(description="Kind of window.")] = "hour",
    ) -> contract.Explanation:
        waits = Waits(app.deriver.dirt.waiting)
        time = Nanoseconds(int(at * 1e6))
        asked = Asked(path, (kpi,), period)
        return explained(app.historian, time, asked, waits, lambda found: today(app.records, found))

    return router


@dataclass(frozen=True, slots=True)
class Asked:
    """Which derived values: at and below `path`, of these names, of one kind of window."""

    path: str
    names: tuple[str, ...] = ()
    period: str = ""
    versions: bool = False
    limit: int = 10_000
    known_at: float | None = None  # ms


@dataclass(frozen=True, slots=True)
class Waits:
    """What is still to be computed, and why it is not."""

    hours: int
    late: int = 0
    trouble: str = ""


def derived(
    history: History, start: Nanoseconds, end: Nanoseconds, asked: Asked, waits: Waits
) -> contract.Derived:
    """The values of windows that begin in [start, end); Problem for a name that there is not."""
    _require_known(asked.names)
    found = history.kpis(
        *(start, end),
        names=asked.names,
        path=asked.path or None,
        period=asked.period,
        versions=asked.versions or asked.known_at is not None,
        limit=asked.limit if asked.known_at is None else MOST,
    )
    if asked.known_at is not None:
        found = known_then(found, asked.known_at * 1e6, versions=asked.versions)[-asked.limit :]
    return contract.Derived(
        values=[_value(result) for result in found],
        waiting_hours=waits.hours,
        late=waits.late,
        trouble=waits.trouble,
    )


def known_then(
    every: Sequence[KpiResult], time: float, *, versions: bool = False
) -> list[KpiResult]:
    """Of all versions, oldest first, those that held at `time` (ns): computed by then, and last."""
    told = [result for result in every if result.computed <= time]
    return told if versions else list({result.key: result for result in told}.values())


def explained(
    history: History,
    time: Nanoseconds,
    asked: Asked,
    waits: Waits,
    now: Callable[[KpiResult], dict[str, str] | None],
) -> contract.Explanation:
    """How the value of the window around `time` was computed; `now` gives today's digests."""
    _require_known(asked.names)
    every = history.kpis(
        *(Nanoseconds(max(0, time - MONTH)), Nanoseconds(time + 1)),
        names=asked.names,
        path=asked.path,
        period=asked.period,
        versions=True,
        limit=100_000,
    )
    found = [each for each in every if each.path == asked.path and each.start <= time < each.end]
    if not found:
        raise Problem(
            404,
            f"no {asked.names[0]} of {asked.path[:200]} is known for the {asked.period} at that "
            "time",
            "GET /api/kpi lists what there is; a window is computed a minute after it ends",
        )
    return contract.Explanation(
        value=_value(found[-1], now(found[-1])),
        says=_says(found[-1]),
        earlier=[_value(result) for result in found[:-1]],
        waiting_hours=waits.hours,
    )


def _require_known(names: Sequence[str]) -> None:
    known = {name for formula in FORMULAS for name in formula.says}
    for name in names:
        if name not in known:
            close = nearest(name, known)
            hint = f"did you mean `{close}`?" if close else f"there are {', '.join(sorted(known))}"
            raise Problem(404, f"there is no key figure {name[:100]}", hint)


def _says(result: KpiResult) -> str:
    formula = next((each for each in FORMULAS if each.id == result.formula), None)
    return formula.says.get(result.kpi, "") if formula else ""


def today(records: Records, result: KpiResult) -> dict[str, str]:
    """The digest of each input as history tells it now; empty where the line is no more."""
    path = f"{result.path}/"
    lines = (line for line in records.plant.lines() if path.startswith(f"{line.path}/"))
    line = next(lines, None)
    formula = next((each for each in FORMULAS if each.id == result.formula), None)
    if line is None or formula is None:
        return {}
    seen = read(records, line, Window("", result.start, result.end))
    return {each.path: each.digest for each in told(seen, inputs(records, line, formula))}


def _value(result: KpiResult, now: dict[str, str] | None = None) -> contract.DerivedValue:
    return contract.DerivedValue(
        path=result.path,
        kpi=result.kpi,
        period=result.period,
        shift=result.shift,
        start=result.start / 1e6,
        end=result.end / 1e6,
        value=result.value,
        unit=result.unit,
        quality=result.status,
        formula=result.formula,
        version=result.version,
        computed=result.computed / 1e6,
        inputs=[
            contract.DerivedInput(
                path=each.path,
                samples=each.samples,
                digest=each.digest,
                changed=None if now is None else now.get(each.path) != each.digest,
            )
            for each in result.inputs
        ],
    )
