"""Reports to download as they are asked for: a shift, a day, a week; HTML, PDF, Excel."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query, Response

from isthmus.model.access import Right
from isthmus.model.plant import Equipment
from isthmus.model.report import Form, Kind
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.app import App
from isthmus.runtime.report.beside import Beside
from isthmus.runtime.report.compose import compose
from isthmus.runtime.report.period import period_of
from isthmus.runtime.report.scope import scope_of
from isthmus.runtime.report.written import MEDIA, written
from isthmus.web.access import Seen, Sight
from isthmus.web.ask import line_of

SITE = "/"
At = Annotated[float | None, Query(ge=0, le=9.1e12, description="A time in it (ms); now if empty.")]
Of = Annotated[
    str, Query(description="A line or an area, `/` the whole site; the first line where empty.")
]


def routes(app: App) -> APIRouter:
    """The route that makes reports."""
    router = APIRouter(prefix="/api", tags=["reports"])

    @router.get(
        "/report",
        summary="The report of a shift, a day or a week as a file",
        response_class=Response,
        responses={200: {"content": {kind: {} for kind in MEDIA.values()}}},
    )
    def report(
        seen: Seen, path: Of = "", kind: Kind = "shift", at: At = None, form: Form = "html"
    ) -> Response:
        place = _place(app, path)
        seen.require(Right.EXPORT, place.path)
        time = app.now() if at is None else Nanoseconds(int(at * 1e6))
        window = period_of(app.records, place, kind, time)
        made = compose(app.records, place, kind, window, beside(app, seen))
        name = re.sub(r"[^\w.-]+", "-", place.path or app.plant.site)
        return sent(written(made, form), f"{name}-{kind}-{window.start // 10**9}.{form}", form)

    return router


def _place(app: App, path: str) -> Equipment:
    if path.strip() == SITE:
        return scope_of(app.plant, "")
    return scope_of(app.plant, path.strip("/") or line_of(app, "").path)


def beside(app: App, seen: Sight) -> Beside:
    """What a report may tell to who asks, beside figures."""
    card = app.scorecard
    stands = [stand for stand in card.now() if seen.one(stand.line)]
    names = {stand.goal.name for stand in stands}
    notes = [
        note
        for note in card.book.all()
        if (seen.one(note.line) if note.line else not note.goal or note.goal in names)
    ]
    return Beside.of(app, stands, notes)


def sent(body: bytes, name: str, form: Form) -> Response:
    """A file to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=MEDIA[form], headers=headers)
