"""Questions to history over HTTP: samples, aggregates, grids, reductions, last values, events."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Annotated
from zoneinfo import ZoneInfo

import pyarrow as pa
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from isthmus.historian.newest import newest
from isthmus.historian.query.asked import Asked
from isthmus.historian.query.flow import arrow_parts, flow
from isthmus.historian.query.forms import MEDIA, TEXT_ROWS, Form, encoded, form_of
from isthmus.historian.query.moment import moment
from isthmus.historian.query.question import SHIFT, Place, answer
from isthmus.historian.query.reading import AT_ONCE
from isthmus.historian.query.table import events_table, samples_table
from isthmus.insight.accounting.calendar import shifts
from isthmus.model.errors import ConfigError, IsthmusError
from isthmus.model.sample import TagId
from isthmus.model.selection import select
from isthmus.model.tag import Tag
from isthmus.runtime.app import App
from isthmus.web.access import Seen, Sight
from isthmus.web.ask import DIGITS, MORE, Problem, told_more

log = logging.getLogger(__name__)

MOST_TAGS = 2_000
MOST_EVENTS = 100_000
FORMS: dict[int | str, dict[str, object]] = {
    200: {"content": {kind.partition(";")[0]: {} for kind in MEDIA.values()}}
}
Tags = Annotated[
    str,
    Query(description="Tag ids, paths or patterns (`packaging/**/power`) between commas."),
]
Chosen = Annotated[
    Form | None, Query(alias="format", description="The form, instead of the header `Accept`.")
]


def routes(app: App) -> APIRouter:
    """The routes that answer questions."""
    router = APIRouter(prefix="/api", tags=["history"])

    @router.get(
        "/query",
        summary="Samples, aggregates (OPC UA Part 13), grids and reductions of many tags",
        response_class=Response,
        responses=FORMS,
    )
    def query(request: Request, seen: Seen, asked: Annotated[Asked, Query()]) -> Response:
        tags = tags_of(app, asked.tags, seen)
        place = _place(app, asked)
        question = asked.question(place)
        form = asked.form or form_of(request.headers.get("accept", ""))
        if question.raw and form == "arrow":
            return _flowing(flow(app.historian, tags, question))
        made = answer(app.historian, tags, question, place)
        return _sent(made, request, asked.form)

    @router.get(
        "/last",
        summary="The newest sample of each tag",
        response_class=Response,
        responses=FORMS,
    )
    def last(request: Request, seen: Seen, tags: Tags, form: Chosen = None) -> Response:
        found = tags_of(app, tags, seen)
        rows = app.historian.last(sorted(found))
        return _sent(samples_table(rows, found), request, form)

    @router.get(
        "/events",
        summary="The newest events: text values, orders, links that fell and rose",
        response_class=Response,
        responses=FORMS,
    )
    def events(
        request: Request,
        seen: Seen,
        start: Annotated[str, Query(alias="from", description="As in /api/query.")] = "now-1d",
        end: Annotated[str, Query(alias="to", description="As in /api/query.")] = "now",
        kinds: Annotated[str, Query(description="Kinds between commas; all where empty.")] = "",
        path: Annotated[str, Query(description="At or below it.")] = "",
        limit: Annotated[int, Query(ge=1, le=MOST_EVENTS, description="At most.")] = 10_000,
        form: Chosen = None,
    ) -> Response:
        zone, now = ZoneInfo(app.plant.timezone), app.now()
        found, more = newest(
            *(app.historian, moment(start, zone, now), moment(end, zone, now)),
            limit=limit,
            seen=seen.narrow,
            kinds=[kind for kind in kinds.split(",") if kind],
            path=path or None,
        )
        answer = _sent(events_table(found), request, form)
        answer.headers[MORE] = told_more(more)
        return answer

    return router


def tags_of(app: App, text: str, seen: Sight) -> dict[TagId, Tag]:
    """What may be seen of the tags that ids, paths and patterns name, at most 2,000."""
    found: dict[TagId, Tag] = {}
    for word in (word.strip() for word in text.split(",")):
        for number in _ids(app, word) if word else ():
            if seen.one(app.namespace[number].path):
                found[number] = app.namespace[number]
    if not found:
        raise Problem(422, "no tag is asked for", "give `tags`, such as `**/power`")
    if len(found) > MOST_TAGS:
        raise Problem(
            413,
            f"{len(found):,} tags asked for",
            f"ask for {MOST_TAGS:,} at most, in several questions",
        )
    return found


def _ids(app: App, word: str) -> list[TagId]:
    known = app.namespace
    if word.isdecimal() and len(word) <= DIGITS:
        if int(word) >= len(known):
            raise Problem(404, f"there is no tag {word}", "GET /api/plant lists them")
        return [TagId(int(word))]
    try:
        paths = select(list(known.paths()), word, f"{app.plant.enterprise}/{app.plant.site}")
    except ConfigError as error:
        raise Problem(404, str(error)[:300], error.hint) from error
    return [number for path in paths if (number := known.id(path)) is not None]


def _place(app: App, asked: Asked) -> Place:
    zone, now = ZoneInfo(app.plant.timezone), app.now()
    if asked.every != SHIFT:
        return Place(zone, now)
    calendars = app.plant.calendars
    name = asked.calendar or next(iter(calendars), "")
    if name not in calendars:
        raise Problem(
            404,
            f"the plant file has no calendar {name[:100]}".rstrip(),
            f"calendars: {', '.join(calendars)}"
            if calendars
            else "write `calendars` in plant.yaml",
        )
    span = moment(asked.start, zone, now), moment(asked.end, zone, now)
    found = shifts(calendars[name], *span, zone)
    return Place(zone, now, [(shift.name, int(shift.start), int(shift.end)) for shift in found])


def _flowing(batches: Iterator[pa.RecordBatch]) -> Response:
    """An answer of any length; what is refused of its first million rows is refused as ever."""
    held, rows, over = [], 0, True
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows > AT_ONCE:
            over = False
            break
    parts = arrow_parts(chain(held, batches))
    headers = {"X-Rows": str(rows)} if over else {}
    del held
    return StreamingResponse(_told(parts), media_type=MEDIA["arrow"], headers=headers)


def _told(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The same; what breaks it stands in the log, and the connection ends without an end mark."""
    try:
        yield from parts
    except IsthmusError as error:
        log.warning("an answer breaks off: %s (%s)", error, error.hint)
        raise


def _sent(table: pa.Table, request: Request, chosen: Form | None) -> Response:
    form = chosen or form_of(request.headers.get("accept", ""))
    if form in ("json", "csv") and table.num_rows > TEXT_ROWS:
        raise Problem(
            413,
            f"{table.num_rows:,} rows are too many for {form}",
            f"ask for {TEXT_ROWS:,} at most, or for `Accept: {MEDIA['arrow']}`",
        )
    headers: Mapping[str, str] = {"X-Rows": str(table.num_rows)}
    return Response(encoded(table, form), media_type=MEDIA[form], headers=dict(headers))
