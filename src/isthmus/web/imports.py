"""Old history comes in: Arrow in parts, through the stream like everything else."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from isthmus.bus import document, frame
from isthmus.historian.ingest.compare import News
from isthmus.historian.ingest.journal import Import
from isthmus.historian.ingest.wire import MOST_ROWS, unpack
from isthmus.model.event import Event
from isthmus.model.path import nearest
from isthmus.model.sample import Batch, TagId
from isthmus.model.tag import Tag
from isthmus.runtime.app import App
from isthmus.runtime.history.imports import Imports, make_tags
from isthmus.web import contract
from isthmus.web.ask import Problem

MOST_BYTES = 16 << 20
MOST_PATHS = 1_000
YEAR = 366 * 86_400 * 10**9
LINK = "import"
ARROW = "application/vnd.apache.arrow.stream"
BODY = {
    "requestBody": {
        "required": True,
        "description": f"An Arrow IPC stream, {MOST_ROWS:,} rows at most: path (dictionary of "
        "text), time (timestamp ns, UTC), value (double), quality (uint32).",
        "content": {ARROW: {"schema": {"type": "string", "format": "binary"}}},
    }
}
More = Annotated[bool, Query(description="The next call goes on with the same part.")]
Number = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,64}$", description="Of the import.")]


def routes(app: App) -> APIRouter:
    """The routes that take old history."""
    router = APIRouter(prefix="/api/imports", tags=["history"])

    @cache
    def imports() -> Imports:
        return Imports(
            *(app.settings.folder, app.historian, app.namespace),
            lambda rows, _number, _part: _publish(app, rows),
            app.publisher.flush,
            lambda event: _tell(app, event),
            app.now,
        )

    @router.get("", summary="All imports, the newest last")
    async def every() -> list[contract.ImportInfo]:
        return [_info(known) for known in imports().all()]

    @router.post("", summary="Begin an import, or go on with one; make the tags that it needs")
    async def begin(wish: contract.ImportBegin) -> contract.ImportInfo:
        tags = [Tag(new.path, unit=new.unit, description=new.description) for new in wish.create]
        fresh = await asyncio.to_thread(make_tags, app.settings.folder, tags, app.namespace)
        if fresh:
            app.catalogue.bind(fresh)
            app.live.grow(len(app.namespace))
            await asyncio.to_thread(app.historian.write_tags, list(app.namespace.items()))
        return _info(await imports().begin(wish.id, wish.source, wish.by, again=wish.again))

    @router.post("/preview", summary="What samples would change", openapi_extra=BODY)
    async def preview(request: Request) -> contract.ImportNews:
        batch = await _batch(app, request)
        return _news(await asyncio.to_thread(imports().preview, batch), app)

    @router.post("/lost", summary="When links lost the devices of some tags")
    async def lost(span: contract.ImportSpan) -> contract.ImportLost:
        if len(span.paths) > MOST_PATHS or not 0 <= span.start < span.end < span.start + YEAR:
            raise Problem(422, "too much at once", f"{MOST_PATHS} tags and a year at most")
        found = await asyncio.to_thread(imports().lost, span.paths, span.start, span.end)
        return contract.ImportLost(lost=found)

    @router.post("/{number}/parts", summary="Take one part", openapi_extra=BODY)
    async def take(
        request: Request,
        number: Number,
        part: Annotated[int, Query(ge=0, description="Parts are taken in order, from 0 on.")],
        more: More = False,  # noqa: FBT002 - a query parameter
    ) -> contract.ImportNews:
        batch = await _batch(app, request)
        return _news(await imports().take(number, part, batch, more=more), app)

    @router.post("/{number}/end", summary="The import is complete")
    async def end(number: Number, told: contract.ImportEnd) -> contract.ImportInfo:
        return _info(await imports().end(number, rejected=told.rejected))

    return router


async def _batch(app: App, request: Request) -> Batch:
    """The samples of the body, refused before it is read where it is too large."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > MOST_BYTES:
            raise Problem(413, f"more than {MOST_BYTES >> 20} MiB at once", "send it in parts")
    batch, unknown = await asyncio.to_thread(unpack, bytes(data), app.namespace.id)
    if unknown:
        close = nearest(unknown[0], app.namespace.paths())
        hint = f"did you mean `{close}`?" if close else "begin the import with `create`"
        raise Problem(404, f"there is no tag {unknown[0][:200]}", hint)
    return batch


async def _publish(app: App, rows: Batch) -> None:
    subject = app.subjects.frame(LINK)
    for part in frame.slices(rows):
        await app.publisher.publish(subject, frame.encode(part))


async def _tell(app: App, event: Event) -> None:
    data = document.encode_events([event])
    await app.publisher.publish(app.subjects.events(LINK), data)


def _news(found: News, app: App) -> contract.ImportNews:
    tags = {
        app.namespace[TagId(tag)].path: contract.ImportCounts.of(counts)
        for tag, counts in found.by_tag.items()
    }
    return contract.ImportNews(
        fresh=found.fresh, corrected=found.corrected, unchanged=found.unchanged, tags=tags
    )


def _info(known: Import) -> contract.ImportInfo:
    def moment(time: int) -> float | None:
        return time / 1e6 if time else None

    return contract.ImportInfo(
        id=known.id,
        source=known.source,
        by=known.by,
        parts=known.parts,
        done=known.done,
        fresh=known.fresh,
        corrected=known.corrected,
        unchanged=known.unchanged,
        rejected=known.rejected,
        first=moment(known.first),
        last=moment(known.last),
        time=moment(known.time),
    )
