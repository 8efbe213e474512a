"""Where history knows nothing, for people who have to judge what it says."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from isthmus.model.sample import Status
from isthmus.runtime.app import App
from isthmus.runtime.history.gaps import Gap, gaps
from isthmus.web import contract
from isthmus.web.ask import Problem, tag_ids, time_range

LONGEST = 366 * 86_400 * 10**9
From = Annotated[float, Query(alias="from", description="Milliseconds since 1970 UTC.")]
To = Annotated[float, Query(alias="to", description="Milliseconds since 1970 UTC.")]
Tags = Annotated[str, Query(description="Tag ids or paths between commas, at most 500.")]


def routes(app: App) -> APIRouter:
    """The route that tells gaps."""
    router = APIRouter(prefix="/api", tags=["history"])

    @router.get("/gaps", summary="Stretches of bad quality or of no sample, with their reasons")
    def every(
        tags: Tags,
        start: From,
        end: To,
        shortest: Annotated[
            float, Query(ge=0, description="Seconds; shorter ones are left out.")
        ] = 0,
        limit: Annotated[int, Query(ge=1, le=100_000, description="The first so many.")] = 10_000,
    ) -> list[contract.GapInfo]:
        first, last = time_range(start, end)
        if last - first > LONGEST:
            raise Problem(422, "the range is longer than a year", "ask for a shorter one")
        found = gaps(
            *(app.historian, tag_ids(app, tags), first, last),
            shortest=round(shortest * 1e9),
            limit=limit,
        )
        return [gap_info(gap, app.path(gap.tag)) for gap in found]

    return router


def gap_info(gap: Gap, path: str) -> contract.GapInfo:
    """A gap of the tag at `path`, as it is told."""
    return contract.GapInfo(
        tag=gap.tag,
        path=path,
        start=gap.start / 1e6,
        end=gap.end / 1e6,
        quality=gap.quality,
        quality_name=Status.word(gap.quality),
        reason=gap.reason,
    )
