"""Reports of a line to download: a shift, a day, a week; HTML, PDF, Excel."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from isthmus.model.report import Form, Kind
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.app import App
from isthmus.runtime.report.compose import compose, window_of
from isthmus.runtime.report.written import MEDIA, written
from isthmus.web.access import Seen
from isthmus.web.ask import Line, line_of

At = Annotated[float | None, Query(ge=0, le=9.1e12, description="A time in it (ms); now if empty.")]


def routes(app: App) -> APIRouter:
    """The route that makes reports."""
    router = APIRouter(prefix="/api", tags=["figures"])

    @router.get(
        "/report",
        summary="A line's report of a shift, a day or a week as a file",
        response_class=Response,
        responses={200: {"content": {kind: {} for kind in MEDIA.values()}}},
    )
    def report(
        seen: Seen, line: Line = "", kind: Kind = "shift", at: At = None, form: Form = "html"
    ) -> Response:
        place, card = line_of(app, line), app.scorecard
        time = app.now() if at is None else Nanoseconds(int(at * 1e6))
        window = window_of(app.records, place, kind, time)
        names = {stand.goal.name for stand in card.now() if seen.one(stand.line)}
        notes = [note for note in card.book.all() if not note.goal or note.goal in names]
        body = written(compose(app.records, place, window, notes), form)
        name = f"{app.plant.site}-{place.name}-{kind}-{window.start // 10**9}.{form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(body, media_type=MEDIA[form], headers=headers)

    return router
