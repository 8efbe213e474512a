"""Live values to the browser: one event stream a page, with the tags on it, as they change.

A change is told within 40 ms, and each tag at most four times a second. A stream ends as soon as
another policy gives who listens less or more: the page opens it anew, and is judged anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from isthmus.historian.settings import LakeStats
from isthmus.model.sample import Batch, Int32s
from isthmus.runtime.app import App
from isthmus.runtime.collect.tap import Sight, Stage
from isthmus.runtime.live import Live
from isthmus.web import contract
from isthmus.web.access import Seen, linked
from isthmus.web.ask import Name, Problem, tag_ids
from isthmus.web.attention import attention, by_page

FRESH = 0.9  # seconds
PERIOD = 0.25  # seconds between two tellings of the same tag, and between two looks of a tap
LOOK = 0.04  # seconds between two looks at what changed
STATUS_EVERY = 25  # looks
STREAMS = 64

Watched = Annotated[
    str, Query(description="Tag ids or paths between commas; only status if empty.")
]
At = Annotated[Stage, Query(description="Where on its way a value is looked at.")]


def routes(app: App) -> APIRouter:
    """The routes that speak up by themselves."""
    router = APIRouter(prefix="/api", tags=["live"])
    open_streams: set[int] = set()
    board, narrow = Board(app), Board(app, attention=False)

    @router.get("/live", summary="SSE: `values` and `status`", response_class=StreamingResponse)
    async def live(request: Request, seen: Seen, tags: Watched = "") -> StreamingResponse:
        ids = tag_ids(app, tags)
        _admit(open_streams)
        told = board if seen.everything else narrow
        still = seen.lasting([app.path(number) for number in ids.tolist()])
        return _sse(_values(app, ids, request, told), open_streams, still)

    @router.get(
        "/links/{name}/tap", summary="SSE: `tap`, a list of rows", response_class=StreamingResponse
    )
    async def tap(
        request: Request, seen: Seen, name: Name, stage: At = Stage.READ
    ) -> StreamingResponse:
        if name not in app.links:
            raise Problem(404, f"there is no link {name}", "GET /api/links lists them")
        _admit(open_streams)
        still = seen.lasting(linked(app, name))
        return _sse(_sights(app, name, stage, request), open_streams, still)

    return router


def _admit(open_streams: set[int]) -> None:
    if len(open_streams) >= STREAMS:
        raise Problem(503, f"{STREAMS} live streams are open", "close some pages, then try again")


def _sse(
    lines: AsyncIterator[str], open_streams: set[int], still: Callable[[], bool]
) -> StreamingResponse:
    async def counted() -> AsyncIterator[str]:
        open_streams.add(id(lines))
        try:
            async for line in lines:
                if not still():
                    return
                yield line
        finally:
            open_streams.discard(id(lines))

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(counted(), media_type="text/event-stream", headers=headers)


def _event(name: str, body: BaseModel) -> str:
    return f"event: {name}\ndata: {body.model_dump_json()}\n\n"


async def _values(app: App, ids: Int32s, request: Request, board: Board) -> AsyncIterator[str]:
    feed, turn = Feed(app.live, ids), 0
    while not app.stopping.is_set():
        if turn % STATUS_EVERY == 0:
            if await request.is_disconnected():
                return
            yield await board.event()
        rows = feed.take(time.monotonic())
        if len(rows) or not turn:
            yield _event("values", _told(app, rows))
        turn += 1
        await asyncio.sleep(LOOK)


class Board:
    """The status that all pages are told, made once a second however many listen."""

    def __init__(self, app: App, *, attention: bool = True) -> None:
        self._app, self._attention = app, attention
        self._made = 0.0
        self._event = ""
        self._making = asyncio.Lock()

    async def event(self) -> str:
        """The event of the present second."""
        async with self._making:
            if time.monotonic() - self._made >= FRESH:
                stats = await asyncio.to_thread(self._app.historian.stats)
                found = status(self._app, stats)
                if not self._attention:  # it tells of equipment all over the site
                    found = found.model_copy(update={"attention": {}, "waiting": []})
                self._event = _event("status", found)
                self._made = time.monotonic()
            return self._event


class Feed:
    """What one page is still to be told of its `tags`: everything at first, then what changed."""

    def __init__(self, live: Live, tags: Int32s) -> None:
        self._live, self._tags = live, tags
        self._told = np.full(len(tags), -1, np.int64)  # the stamps that were told
        self._at = np.full(len(tags), -np.inf)
        self._seen = -1  # nothing is due that changed up to this stamp

    def take(self, now: float) -> Batch:
        """The rows that are due at `now` (monotonic seconds); they count as told."""
        live, tags = self._live, self._tags
        if live.stamp == self._seen:
            return Batch.empty()
        stamps = live.stamps(tags)
        changed = stamps > self._told
        due = changed & (now - self._at >= PERIOD)
        if (changed == due).all():
            self._seen = live.stamp
        self._told[due], self._at[due] = stamps[due], now
        return live.last(tags[due])


def _told(app: App, rows: Batch) -> contract.LiveValues:
    return contract.LiveValues(
        now=app.now() / 1e6,
        tag=rows.tag.tolist(),
        time=(rows.time / 1e6).tolist(),
        value=[value if np.isfinite(value) else None for value in rows.value.tolist()],
        quality=rows.quality.tolist(),
        text={tag: app.live.text[tag] for tag in rows.tag.tolist() if tag in app.live.text},
    )


def status(app: App, lake: LakeStats) -> contract.LiveStatus:
    """The foot of the rail."""
    links = list(app.links.values())
    lags = [link.health.lag_p95 for link in links if link.health.lag_p95 is not None]
    up = sum(link.health.condition == "up" for link in links)
    waiting = attention(app, lake)
    return contract.LiveStatus(
        now=app.now() / 1e6,
        shift=app.shift_name(),
        links_up=up,
        links=len(links),
        lag_s=max(lags, default=0.0),
        lost=app.lost(),
        values_per_s=app.values_per_s(),
        bus=app.bus_state(),
        history=lake.state,
        attention=by_page(waiting),
        waiting=waiting,
    )


async def _sights(app: App, name: str, stage: Stage, request: Request) -> AsyncIterator[str]:
    with app.tap.watch(name, stage) as seen:
        while not await request.is_disconnected() and not app.stopping.is_set():
            rows = [_row(app, sight) for sight in seen]
            seen.clear()
            body = ",".join(row.model_dump_json() for row in rows)
            yield f"event: tap\ndata: [{body}]\n\n"
            await asyncio.sleep(PERIOD)


def _row(app: App, sight: Sight) -> contract.TapRow:
    return contract.TapRow.model_validate(
        {
            "time": sight.time / 1e6,
            "tag": app.path(sight.tag),
            "raw": sight.raw,
            "value": sight.value,
            "text": sight.text,
            "quality": sight.quality,
            "then": sight.then,
            "after_s": sight.after,
        }
    )
