"""SQL over history for people and tools: read only, bounded in time and rows."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from isthmus.historian.export import arrow_stream, json_rows
from isthmus.runtime.app import App
from isthmus.web import contract

ARROW = "application/vnd.apache.arrow.stream"
SECONDS = 30.0
MOST_ROWS = 1_000_000


def routes(app: App) -> APIRouter:
    """The route that takes SQL."""
    router = APIRouter(prefix="/api", tags=["history"])

    @router.get(
        "/sql",
        summary="A SELECT over the views samples, tags, events",
        response_class=Response,
        responses={200: {"content": {"application/json": {}, ARROW: {}}}},
    )
    def sql(
        request: Request,
        q: Annotated[str, Query(max_length=20_000, description="One SELECT statement.")],
        rows: Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows at most.")] = 10_000,
        seconds: Annotated[float, Query(gt=0, le=SECONDS, description="Give up then.")] = SECONDS,
    ) -> Response:
        table = app.historian.sql(q, seconds=seconds, rows=rows)
        if ARROW in request.headers.get("accept", ""):
            return Response(arrow_stream(table), media_type=ARROW)
        return Response(json.dumps(json_rows(table)), media_type="application/json")

    @router.get("/sql/status", summary="The endpoint for clients of PostgreSQL, and how it does")
    def status() -> contract.SqlStatus:
        return told(app)

    return router


def told(app: App) -> contract.SqlStatus:
    """How the SQL endpoint does."""
    endpoint = app.sql
    if endpoint is None:
        return contract.SqlStatus(state="off", hint="write `sql: {}` in the plant file")
    counts = endpoint.counts
    return contract.SqlStatus(
        state=endpoint.state,
        address=endpoint.address if endpoint.state == "listening" else "",
        trouble=endpoint.trouble,
        hint=endpoint.hint,
        sessions=counts.users.total(),
        running=endpoint.running,
        **{name: getattr(counts, name) for name in contract.SqlCounts.model_fields},
    )
