"""How the sinks do."""

from __future__ import annotations

import time

from fastapi import APIRouter

from isthmus.runtime.app import App
from isthmus.web import contract


def routes(app: App) -> APIRouter:
    """The routes of this part."""
    router = APIRouter(prefix="/api", tags=["connections"])

    @router.get("/sinks", summary="The systems that samples are copied to, and how they do")
    def sinks() -> list[contract.SinkInfo]:
        second = int(time.monotonic())
        return [
            contract.SinkInfo(
                name=sink.config.name,
                kind=str(getattr(sink.config, "kind", "")),
                endpoint=sink.config.endpoint,
                wire=sink.config.wire,
                state=sink.status.condition.value,
                since=sink.status.since * 1e3,
                sent=sink.status.sent.total,
                events=sink.status.events,
                rate=sink.status.sent.per_second(second),
                lag_s=sink.status.lag,
                missed=sink.status.missed,
                error=sink.status.error,
                hint=sink.status.hint,
            )
            for sink in app.deliveries
        ]

    return router
