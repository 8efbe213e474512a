"""Key figures of any equipment over any windows, computed as they are asked for."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query

from isthmus.insight.elements import ELEMENTS
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.compute import Figures, Reason
from isthmus.model.kpi import Kpi
from isthmus.model.path import nearest
from isthmus.model.plant import Equipment
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.app import App
from isthmus.runtime.figures.key_figures import (
    KeyFigures,
    key_figures,
    number,
    sources,
    version,
)
from isthmus.runtime.figures.read import Window
from isthmus.runtime.figures.windows import windows
from isthmus.web import contract
from isthmus.web.ask import Problem, equipment, time_range
from isthmus.web.history import From, To
from isthmus.web.periods import orders

MOST = 9_000  # windows an answer: a year of hours
LONGEST = 732 * 86_400 * 10**9
EXPLAINED = 62 * 86_400 * 10**9  # of which every sample is looked at
Place = Annotated[str, Query(description="Path of an area, a line or a unit.")]
Names = Annotated[str, Query(description="Names between commas; all where empty.")]
Each = Annotated[
    Literal["hour", "shift", "day", "week", "order", "whole"],
    Query(description="The kind of windows; local days and weeks; `whole` is the range itself."),
]


def routes(app: App) -> APIRouter:
    """The routes of key figures by formula."""
    router = APIRouter(prefix="/api/kpi", tags=["figures"])

    @cache
    def every() -> Catalogue:
        return Catalogue.of(app.plant.kpis.values())

    @router.get("/catalogue", summary="All key figures, their formulas, and what nothing tells")
    def listed() -> contract.KpiCatalogue:
        catalogue = every()
        return contract.KpiCatalogue(
            figures=[info(catalogue, kpi) for kpi in catalogue.kpis.values()],
            elements=[
                contract.KpiElement(
                    name=name, unit=each.unit, title=each.title, told=name in ELEMENTS
                )
                for name, each in {**ELEMENTS, **catalogue.absent}.items()
            ],
        )

    @router.get("/table", summary="Key figures of an area, a line or a unit, a row a window")
    def table(
        path: Place, start: From, end: To, kpi: Names = "", each: Each = "day"
    ) -> contract.KpiTable:
        place, catalogue = equipment(app, path), every()
        wanted = _named(catalogue, kpi)
        rows = _windows(app, place, each, *time_range(start, end))
        return _table(place, catalogue, _found(app, place, rows, catalogue, wanted))

    @router.get("/formula", summary="How one figure of a range comes about, down to its samples")
    def formula(
        path: Place, kpi: Annotated[str, Query(description="Its name.")], start: From, end: To
    ) -> contract.KpiComputed:
        place, catalogue = equipment(app, path), every()
        wanted = catalogue.kpis[_named(catalogue, kpi or "?")[0]]
        first, last = time_range(start, end)
        if last - first > EXPLAINED:
            raise Problem(422, "the range is longer than 62 days", "explain a part of it")
        window = Window("", first, Nanoseconds(min(last, max(app.now(), first + 1))))
        names = [each.id for each in catalogue.needed([wanted.id])]
        return _computed(
            app, place, wanted, catalogue, _found(app, place, [window], catalogue, names)
        )

    return router


def info(catalogue: Catalogue, kpi: Kpi) -> contract.KpiInfo:
    """What a key figure is."""
    return contract.KpiInfo(
        id=kpi.id,
        title=kpi.title,
        formula=kpi.formula,
        unit=kpi.unit,
        better=str(kpi.better),
        standard=kpi.standard or "not ISO",
        note=kpi.note,
        elements=list(catalogue.elements(kpi.id)),
        missing=[each.name for each in catalogue.missing(kpi.id)],
    )


def _named(catalogue: Catalogue, text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in catalogue.kpis:
            near = nearest(name, catalogue.kpis)
            hint = f"did you mean `{near}`?" if near else "GET /api/kpi/catalogue lists them"
            raise Problem(404, f"there is no key figure {name[:100]}", hint)
    return names


def _windows(
    app: App, place: Equipment, each: str, start: Nanoseconds, end: Nanoseconds
) -> list[Window]:
    end = Nanoseconds(min(end, app.now()))
    if end - start > LONGEST:
        raise Problem(422, "the range is longer than two years", "ask for less at once")
    if each == "order":
        told = orders(app, place, start, end)
        return [
            Window(one.name, Nanoseconds(int(one.start * 1e6)), Nanoseconds(int(one.end * 1e6)))
            for one in told
        ]
    found = list(islice(windows(app.records, place, each, start, end), MOST + 1))
    if len(found) > MOST:
        raise Problem(422, f"more than {MOST} windows", "ask for less, or for longer windows")
    return found


def _found(
    app: App, place: Equipment, rows: list[Window], catalogue: Catalogue, wanted: list[str]
) -> KeyFigures:
    if not rows:
        raise Problem(
            404,
            f"{place.path} has no such window in that range",
            "shifts need a `calendar`, orders a text tag of role `order`; `each=day` always works",
        )
    found = key_figures(app.records, place, rows, catalogue, wanted)
    if found is None:
        raise Problem(
            404,
            f"no unit of {place.path} tells a state in that range",
            "bind a tag with `role: state` and `legend: packml` in plant.yaml",
        )
    return found


def _table(place: Equipment, catalogue: Catalogue, found: KeyFigures) -> contract.KpiTable:
    return contract.KpiTable(
        path=place.path,
        windows=[_window(each) for each in found.windows],
        figures=[
            contract.KpiColumn(
                id=name,
                title=catalogue.kpis[name].title,
                unit=catalogue.kpis[name].unit,
                values=[each.at(row) for row in range(len(found.windows))],
                why=[_why(catalogue, name, found, each, row) for row in range(len(found.windows))],
            )
            for name, each in found.figures.items()
        ],
        elements=[
            contract.KpiColumn(
                id=name,
                title=ELEMENTS[name].title,
                unit=ELEMENTS[name].unit,
                values=[number(value) for value in column.tolist()],
                why=["" if np.isfinite(value) else "not known" for value in column.tolist()],
            )
            for name, column in found.elements.columns.items()
        ],
    )


def _why(catalogue: Catalogue, kpi: str, found: KeyFigures, of: Figures, row: int) -> str:
    """Why a window has no value, in words; empty where it has one."""
    reason = Reason(int(of.reason[row]))
    names, columns = catalogue.elements(kpi), found.elements.columns
    if reason is Reason.ABSENT:
        return f"nothing tells {', '.join(name for name in names if name not in columns)}"
    if reason is Reason.UNKNOWN:
        blind = [name for name in names if name in columns and not np.isfinite(columns[name][row])]
        return f"{', '.join(blind) or 'the state'} is not known then"
    return "a denominator is zero" if reason is Reason.UNDEFINED else ""


def _computed(
    app: App, place: Equipment, kpi: Kpi, catalogue: Catalogue, found: KeyFigures
) -> contract.KpiComputed:
    below = [each for each in catalogue.needed([kpi.id]) if each.id != kpi.id]
    (window,) = found.windows
    all_elements = {**ELEMENTS, **catalogue.absent}
    return contract.KpiComputed(
        figure=info(catalogue, kpi),
        window=_window(window),
        value=found.figures[kpi.id].at(0),
        why=_why(catalogue, kpi.id, found, found.figures[kpi.id], 0),
        made_of=[
            contract.KpiPart(
                name=each.id,
                title=each.title,
                unit=each.unit,
                value=found.figures[each.id].at(0),
                formula=each.formula,
            )
            for each in below
        ],
        elements=[
            contract.KpiPart(
                name=name,
                title=all_elements[name].title,
                unit=all_elements[name].unit,
                value=number(found.elements.columns.get(name, np.array([np.nan]))[0]),
            )
            for name in catalogue.elements(kpi.id)
        ],
        sources=[
            contract.KpiSource(
                path=each.tag.path, samples=each.samples, gaps_percent=100 * (1 - each.known)
            )
            for each in sources(app.records, place, window)
        ],
        version=version(catalogue, kpi.id),
        computed=app.now() / 1e6,
    )


def _window(window: Window) -> contract.KpiWindow:
    return contract.KpiWindow(name=window.name, start=window.start / 1e6, end=window.end / 1e6)
