"""Key figures of any equipment over any windows, computed as they are asked for."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query

from isthmus.insight.elements import ELEMENTS
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.compute import Figures, Reason, figures
from isthmus.model.kpi import Kpi
from isthmus.model.path import nearest
from isthmus.model.plant import Equipment
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.app import App
from isthmus.runtime.figures.compare import Part, divided, summed
from isthmus.runtime.figures.key_figures import KeyFigures, number, sources, version
from isthmus.runtime.figures.read import Window
from isthmus.runtime.figures.windows import windows
from isthmus.web import contract
from isthmus.web.ask import Problem, equipment, time_range
from isthmus.web.history import From, To

MOST = 9_000  # windows an answer: a year of hours
LONGEST = 732 * 86_400 * 10**9
EXPLAINED = 62 * 86_400 * 10**9  # of which every sample is looked at
Place = Annotated[str, Query(description="Path of an area, a line or a unit.")]
Names = Annotated[str, Query(description="Names between commas; all where empty.")]
Each = Annotated[
    Literal["hour", "shift", "day", "week", "order", "batch", "product", "whole"],
    Query(description="A row for each such window, whole; `whole` is the range itself."),
]
By = Annotated[
    Literal["", "hour", "shift", "day", "week", "order", "batch", "product", "unit"],
    Query(description="Divide the range by it instead; what has one name is summed."),
]
Row = Annotated[str, Query(description="The name of one row of `by`.")]


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
        path: Place, start: From, end: To, kpi: Names = "", each: Each = "day", by: By = ""
    ) -> contract.KpiTable:
        place, catalogue = equipment(app, path), every()
        wanted = _named(catalogue, kpi)
        rows = _rows(app, place, each, by, *time_range(start, end))
        found = _found(app, place, rows, catalogue, wanted)
        return _table(place, catalogue, rows, found)

    @router.get("/formula", summary="How one figure of a range comes about, down to its samples")
    def formula(
        path: Place,
        kpi: Annotated[str, Query(description="Its name.")],
        start: From,
        end: To,
        by: By = "",
        row: Row = "",
    ) -> contract.KpiComputed:
        place, catalogue = equipment(app, path), every()
        wanted = catalogue.kpis[_named(catalogue, kpi or "?")[0]]
        first, last = time_range(start, end)
        if last - first > EXPLAINED:
            raise Problem(422, "the range is longer than 62 days", "explain a part of it")
        last = Nanoseconds(min(last, max(app.now(), first + 1)))
        part = _row(_rows(app, place, "whole", by, first, last), row)
        names = [each.id for each in catalogue.needed([wanted.id])]
        return _computed(app, part, wanted, catalogue, _found(app, place, [part], catalogue, names))

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


def _rows(
    app: App, place: Equipment, each: str, by: str, start: Nanoseconds, end: Nanoseconds
) -> list[Part]:
    """The rows of a table: whole windows of a kind, or the range divided by something."""
    end = Nanoseconds(min(end, app.now()))
    if end - start > LONGEST:
        raise Problem(422, "the range is longer than two years", "ask for less at once")
    if end <= start:
        raise Problem(422, "the range has not begun yet", "ask for a time that has passed")
    if by:
        parts = divided(app.records, place, by, Window("", start, end), MOST)
    else:
        told = list(islice(windows(app.records, place, each, start, end), MOST + 1))
        parts = [Part(one.name, place, (one,)) for one in told] if len(told) <= MOST else None
    if parts is None:
        raise Problem(422, f"more than {MOST} windows", "ask for less, or for longer windows")
    return parts


def _row(rows: list[Part], name: str) -> Part:
    found = next((each for each in rows if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in rows[:10] if each.name)
        raise Problem(404, f"there is no row {name[:100]}", f"there are {known}")
    return found


def _found(
    app: App, place: Equipment, rows: list[Part], catalogue: Catalogue, wanted: list[str]
) -> KeyFigures:
    if not rows:
        raise Problem(
            404,
            f"{place.path} has no such window in that range",
            "shifts need a `calendar`, orders, batches and products a text tag of that role; "
            "`each=day` always works",
        )
    found = summed(app.records, rows)
    if found is None:
        raise Problem(
            404,
            f"no unit of {place.path} tells a state in that range",
            "bind a tag with `role: state` and `legend: packml` in plant.yaml",
        )
    return KeyFigures([each.window for each in rows], found, figures(catalogue, found, wanted))


def _table(
    place: Equipment, catalogue: Catalogue, rows: list[Part], found: KeyFigures
) -> contract.KpiTable:
    return contract.KpiTable(
        path=place.path,
        windows=[_window(each.window, each) for each in rows],
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
    app: App, part: Part, kpi: Kpi, catalogue: Catalogue, found: KeyFigures
) -> contract.KpiComputed:
    below = [each for each in catalogue.needed([kpi.id]) if each.id != kpi.id]
    all_elements = {**ELEMENTS, **catalogue.absent}
    return contract.KpiComputed(
        figure=info(catalogue, kpi),
        window=_window(part.window, part),
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
                path=each.tag.path,
                samples=each.samples,
                gaps_percent=100 * (1 - each.known),
                shared=each.shared,
            )
            for each in sources(app.records, part.place, part.windows)
        ],
        version=version(catalogue, kpi.id),
        computed=app.now() / 1e6,
    )


def _window(window: Window, part: Part) -> contract.KpiWindow:
    return contract.KpiWindow(
        name=window.name,
        start=window.start / 1e6,
        end=window.end / 1e6,
        path=part.place.path,
        parts=len(part.windows),
    )
