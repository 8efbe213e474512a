"""Derived values of closed hours and shifts, and how each was computed."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from isthmus.model.kpi import KpiResult
from isthmus.model.path import nearest
from isthmus.model.plant import Equipment
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.app import App
from isthmus.runtime.derive.compute import inputs, read, told
from isthmus.runtime.derive.formula import FORMULAS
from isthmus.runtime.figures.read import Window
from isthmus.web import contract
from isthmus.web.ask import Problem, time_range

MONTH = 31 * 86_400 * 10**9
From = Annotated[float, Query(alias="from", description="Windows that begin from then on (ms).")]
To = Annotated[float, Query(alias="to", description="Windows that begin before (ms).")]
Place = Annotated[str, Query(description="Path of a line or unit, and all below it.")]
Kpis = Annotated[str, Query(description="Names between commas; all where empty.")]
Period = Annotated[Literal["", "hour", "shift"], Query(description="Kind of window.")]

Versions = Annotated[bool, Query(description="Also what was replaced, oldest first.")]


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
        limit: Annotated[int, Query(ge=1, le=100_000, description="The newest so many.")] = 10_000,
    ) -> contract.Derived:
        names = [name for name in kpi.split(",") if name]
        _require_known(names)
        found = app.historian.kpis(
            *time_range(start, end),
            names=names,
            path=path or None,
            period=period,
            versions=versions,
            limit=limit,
        )
        dirt = app.deriver.dirt
        return contract.Derived(
            values=[_value(result) for result in found],
            waiting_hours=dirt.waiting,
            late=dirt.late,
            trouble=app.deriver.trouble,
        )

    @router.get("/explain", summary="How one value was computed, and whether it still holds")
    def explain(
        path: Annotated[str, Query(description="Path of a line or unit.")],
        kpi: Annotated[str, Query(description="Name of the key figure.")],
        at: Annotated[float, Query(description="A time inside the window (ms).")],
        period: Annotated[Literal["hour", "shift"], Query(description="Kind of window.")] = "hour",
    ) -> contract.Explanation:
        _require_known([kpi])
        time = Nanoseconds(int(at * 1e6))
        every = app.historian.kpis(
            *(Nanoseconds(max(0, time - MONTH)), Nanoseconds(time + 1)),
            names=[kpi],
            path=path,
            period=period,
            versions=True,
            limit=100_000,
        )
        found = [each for each in every if each.path == path and each.start <= time < each.end]
        if not found:
            raise Problem(
                404,
                f"no {kpi} of {path[:200]} is known for the {period} at that time",
                "GET /api/kpi lists what there is; a window is computed a minute after it ends",
            )
        return contract.Explanation(
            value=_value(found[-1], _today(app, found[-1])),
            says=_says(found[-1]),
            earlier=[_value(result) for result in found[:-1]],
            waiting_hours=app.deriver.dirt.waiting,
        )

    return router


def _require_known(names: list[str]) -> None:
    known = {name for formula in FORMULAS for name in formula.says}
    for name in names:
        if name not in known:
            close = nearest(name, known)
            hint = f"did you mean `{close}`?" if close else f"there are {', '.join(sorted(known))}"
            raise Problem(404, f"there is no key figure {name[:100]}", hint)


def _says(result: KpiResult) -> str:
    formula = next((each for each in FORMULAS if each.id == result.formula), None)
    return formula.says.get(result.kpi, "") if formula else ""


def _today(app: App, result: KpiResult) -> dict[str, str]:
    """The digest of each input as history tells it now; empty where the line is no more."""
    line = _line(app, result.path)
    formula = next((each for each in FORMULAS if each.id == result.formula), None)
    if line is None or formula is None:
        return {}
    records = app.records
    seen = read(records, line, Window("", result.start, result.end))
    return {each.path: each.digest for each in told(seen, inputs(records, line, formula))}


def _line(app: App, path: str) -> Equipment | None:
    lines = (line for line in app.plant.lines())
    return next((line for line in lines if f"{path}/".startswith(f"{line.path}/")), None)


def _value(result: KpiResult, today: dict[str, str] | None = None) -> contract.DerivedValue:
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
                changed=None if today is None else today.get(each.path) != each.digest,
            )
            for each in result.inputs
        ],
    )
