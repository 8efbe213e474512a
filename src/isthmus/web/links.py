"""Does data flow, and is anything lost? The health of every link and of the path behind it."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query

from isthmus.historian.settings import LakeStats
from isthmus.model.errors import IsthmusError
from isthmus.model.ports import Browse
from isthmus.model.sample import Status
from isthmus.runtime.app import App
from isthmus.runtime.collect.health import Condition
from isthmus.runtime.collect.link import Link
from isthmus.runtime.edge.view import EdgeLink, Reach
from isthmus.web import contract
from isthmus.web.ask import Name, Problem

BROWSE_SECONDS = 20.0

At = Annotated[str, Query(description="Address of a folder; the root where empty.")]


def routes(app: App) -> APIRouter:
    """The routes of connections."""
    router = APIRouter(prefix="/api", tags=["connections"])

    @router.get("/links", summary="All links, the path of a value, totals")
    async def links() -> contract.Links:
        stats = await asyncio.to_thread(app.historian.stats)
        late = app.late.total()
        return contract.Links(
            now=app.now() / 1e6,
            links=[_link(app, link) for link in app.links.values()],
            path=_path(app, stats),
            stored=stats.rows,
            lost=app.lost(),
            rejected=app.damaged(),
            late=late.late,
            corrected=late.corrected,
        )

    @router.get("/links/{name}/browse", summary="What the device has")
    async def browse(name: Name, node: At = "") -> list[contract.BrowseNode]:
        link = _known(app, name)
        source: object = link.source
        if not isinstance(source, Browse):
            raise Problem(
                409,
                f"{name} cannot be browsed now",
                "its protocol has no browsing, or the link is down",
            )
        try:
            async with asyncio.timeout(BROWSE_SECONDS):
                nodes = await source.browse(node, limit=500)
        except (IsthmusError, TimeoutError) as error:
            raise Problem(502, f"browsing {name}: {error}", "try again when it is up") from error
        bound = {_text(binding.address): binding.tag.path for binding in link.bindings}
        return [
            contract.BrowseNode(
                address=found.address,
                name=found.name,
                kind="folder" if found.kind == "folder" else "variable",
                data_type=found.data_type,
                unit=found.unit,
                value=found.value[:200],
                tag=bound.get(found.address, ""),
            )
            for found in nodes
        ]

    @router.post("/links/{name}/retry", summary="Try a link that is down again at once")
    async def retry(name: Name) -> contract.LinkInfo:
        link = _known(app, name)
        if isinstance(link, EdgeLink):
            raise Problem(409, f"{link.edge} runs {name}", "it tries again by itself")
        link.retry()
        return _link(app, link)

    return router


def _known(app: App, name: str) -> Link | EdgeLink:
    if name not in app.links:
        raise Problem(404, f"there is no link {name[:200]}", "GET /api/links lists them")
    return app.links[name]


def _text(address: object) -> str:
    return str(getattr(address, "node", address))


def _link(app: App, link: Link | EdgeLink) -> contract.LinkInfo:
    health, second = link.health, int(time.monotonic())
    ids = link.ids
    silent = int((app.live.quality[ids] >= Status.BAD).sum()) if len(ids) else 0
    condition = health.condition
    if condition is Condition.UP and silent:
        condition = Condition.PARTLY
    held, oldest = app.outlet.held.get(link.name, (0, 0.0))
    edge, lag, late = "", None, app.late.of(link.name)
    if isinstance(link, EdgeLink):
        edge, held, view = link.edge, link.queue, app.edges[link.edge]
        lag = view.silent if view.reach is Reach.SILENT else view.lag
    return contract.LinkInfo.model_validate(
        {
            "name": link.name,
            "kind": getattr(link.config, "kind", ""),
            "endpoint": link.config.endpoint,
            "zone": link.config.zone,
            "wire": link.config.wire,
            "state": condition.value,
            "since": (health.since or app.now()) / 1e6,
            "tags": len(link.bindings),
            "silent_tags": silent,
            "rate": health.received.per_second(second),
            "rate_history": health.received.history(second),
            "lag_p95_s": health.lag_p95,
            "queue": held,
            "oldest_s": oldest,
            "lost": health.lost,
            "late": late.late,
            "corrected": late.corrected,
            "good_percent": health.good_percent,
            "error": health.error,
            "hint": health.hint,
            "next_try_s": _left(health.next_try),
            "counts": {
                "overruns": health.overruns,
                "backfilled": health.backfilled,
                **health.counts,
                **app.outlet.counts(link.name),
            },
            "can_browse": isinstance(link.source, Browse),
            "edge": edge,
            "uplink_lag_s": lag,
        }
    )


def _left(until: float | None) -> float | None:
    return max(0.0, until - time.monotonic()) if until is not None else None


def _disk(lake: LakeStats) -> str:
    """How the disk of the history does: when it is full where that is known."""
    outlook = lake.kept.forecast
    known = outlook is not None and outlook.per_day is not None
    return str(outlook) if known else f"{lake.hot_rows:,} in memory"


def _fill(lake: LakeStats) -> float | None:
    """How much of what it may use on the disk is used, where the plant file sets a limit."""
    limit = lake.kept.limit
    return min(100.0, 100 * lake.kept.used / limit) if limit else None


def _path(app: App, lake: LakeStats) -> list[contract.PathStep]:
    second = int(time.monotonic())
    links = list(app.links.values())
    received = sum(link.health.received.per_second(second) for link in links)
    kept = sum(link.health.kept.per_second(second) for link in links)
    lags = [link.health.lag_p95 for link in links if link.health.lag_p95 is not None]
    stats = app.publisher.stats
    stored = app.values_per_s()
    each = lake.bytes / lake.rows if lake.rows else None
    queued = int(np.sum([rows for rows, _ in app.outlet.held.values()]) or 0)
    lag = float(np.median(lags)) if lags else None
    bus = app.bus_state()
    rows = (
        ("device", received, None, f"{len(links)} links", None, "up"),
        ("read", received, None, "as the device says it", None, "up"),
        ("transform", kept, None, f"{received:,.0f} → {kept:,.0f}", queued, "up"),
        ("stream", kept, lag, f"{stats.acked:,} frames on disk", stats.in_flight, bus),
        (
            "historian",
            stored,
            lag,
            f"{each:.1f} B a sample, {_disk(lake)}" if each else "all in memory",
            None,
            lake.state,
        ),
        ("live page", min(4.0, stored), (lag or 0.0) + 0.25, "4 a second at most", None, "up"),
    )
    return [
        contract.PathStep.model_validate(
            {
                "name": name,
                "rate": rate,
                "delay_s": delay,
                "detail": detail,
                "queued": queue,
                "fill_percent": _fill(lake) if name == "historian" else None,
                "state": state,
            }
        )
        for name, rate, delay, detail, queue, state in rows
    ]
