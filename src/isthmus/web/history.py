"""History for charts: trends reduced to the pixels, and the ribbons of states."""

from __future__ import annotations

import json
import struct
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from isthmus.historian.settings import Trend
from isthmus.historian.trend import buckets
from isthmus.model.sample import Batch, Floats, Int32s, Nanoseconds, Status, TagId
from isthmus.model.tag import Kind
from isthmus.runtime.app import App
from isthmus.web import contract
from isthmus.web.ask import equipment, line_of, tag_ids, time_range
from isthmus.web.quality import late_stretches, stretches
from isthmus.web.ribbon import ribbons

COLUMNS = "application/vnd.isthmus.columns"

From = Annotated[float, Query(alias="from", description="Milliseconds since 1970 UTC.")]
To = Annotated[float, Query(alias="to", description="Milliseconds since 1970 UTC.")]
Place = Annotated[str, Query(description="Path of a unit or line; the first line where empty.")]
Tags = Annotated[str, Query(description="Tag ids or paths between commas, at most 500.")]


def routes(app: App) -> APIRouter:
    """The routes that read history."""
    router = APIRouter(prefix="/api", tags=["history"])

    @router.get(
        "/history",
        summary="Trends of several tags, min and max of each pixel kept",
        response_model=contract.History,
        responses={200: {"content": {COLUMNS: {}}}},
    )
    def history(
        request: Request,
        tags: Tags,
        start: From,
        end: To,
        points: Annotated[int, Query(ge=1, le=4_000, description="Rows a tag, at most.")] = 800,
    ) -> contract.History | Response:
        ids = tag_ids(app, tags)
        pens = _pens(app, ids, *time_range(start, end), points)
        if COLUMNS in request.headers.get("accept", ""):
            return Response(_binary(start, end, pens), media_type=COLUMNS)
        return contract.History(start=start, end=end, pens=[_json(pen) for pen in pens])

    @router.get("/states", summary="State ribbons of a unit, or of every unit of a line")
    def states(start: From, end: To, path: Place = "") -> list[contract.Ribbon]:
        place = equipment(app, path) if path else line_of(app, None)
        return ribbons(app, place, *time_range(start, end))

    return router


class PenColumns:
    """One pen's columns before they take a form; NaN is a gap."""

    __slots__ = (
        *("good", "last", "late", "max", "mean", "min"),
        *("quality", "raw", "samples", "tag", "time"),
    )

    def __init__(
        self,
        tag: int,
        columns: tuple[Floats, Floats, Floats, Floats],
        *,
        raw: bool,
        samples: int,
        good: float,
        last: float | None,
        quality: list[contract.QualityStretch] | None = None,
        late: list[contract.LateStretch] | None = None,
    ) -> None:
        self.tag, self.raw, self.samples, self.good, self.last = tag, raw, samples, good, last
        self.quality, self.late = quality or [], late or []
        self.time, self.min, self.max, self.mean = columns


def _pens(
    app: App, ids: Int32s, start: Nanoseconds, end: Nanoseconds, points: int
) -> list[PenColumns]:
    trends = app.historian.trend(ids, start, end, points)
    held = app.historian.before(ids, start)
    origin, width = buckets(start, end, points)
    known = Nanoseconds(min(end, max(app.now(), start)))
    pens = []
    for number in ids.tolist():
        before = held.where(held.tag == number)
        trend = trends.get(TagId(number)) or EMPTY
        stepped = app.namespace[TagId(number)].kind in (Kind.ENUMERATION, Kind.BOOLEAN)
        pens.append(
            PenColumns(
                number,
                drawn(trend, before, start, width, origin=origin, stepped=stepped),
                raw=trend.raw,
                samples=trend.samples,
                good=100 * trend.good_share,
                last=trend.last,
                quality=stretches(app.historian, TagId(number), trend, before, (start, known)),
                late=late_stretches(app, TagId(number), start, end),
            )
        )
    return pens


NONE = np.empty(0)
EMPTY = Trend(True, np.empty(0, np.int64), *(NONE,) * 6, 0, 0.0, None)


def drawn(
    trend: Trend,
    before: Batch,
    start: Nanoseconds,
    width: int,
    *,
    origin: int | None = None,
    stepped: bool,
) -> tuple[Floats, Floats, Floats, Floats]:
    """The rows of a pen: times in ms, min, max, mean; a value holds until the next row.

    Buckets of `width` ns are counted from `origin`, or from `start` where that is not given.
    What held at `start` (the last row of `before`) opens the pen. A bucket that others without
    samples follow is closed by its last value, or by a gap where that one is bad. States
    (`stepped`) have no mean: their last value stands for it.
    """
    time, mean = trend.time, trend.final if stepped else trend.mean
    rows = np.stack([time.astype(np.float64), trend.min, trend.max, mean])
    if not trend.raw and len(time):
        first = start if origin is None else origin
        bucket = (time - first) // width
        alone = np.flatnonzero(np.append(np.diff(bucket) > 1, np.isnan(trend.final[-1])))
        ends = (first + (bucket[alone] + 1) * width).astype(np.float64)
        closing = np.stack([ends, *(trend.final[alone],) * 3])
        rows = np.insert(rows, alone + 1, closing, axis=1)
    if len(before) and (not len(time) or time[0] > start):
        value = before.value[-1] if before.quality[-1] < Status.BAD else np.nan
        rows = np.concatenate([[[float(start)], [value], [value], [value]], rows], axis=1)
    return rows[0] / 1e6, rows[1], rows[2], rows[3]


def numbers(column: Floats) -> list[float | None]:
    """`column` for JSON, which knows neither NaN nor infinity."""
    return [value if known else None for value, known in zip(column.tolist(), np.isfinite(column))]  # noqa: B905


def _json(pen: PenColumns) -> contract.Pen:
    return contract.Pen(
        tag=pen.tag,
        raw=pen.raw,
        time=pen.time.tolist(),
        min=numbers(pen.min),
        max=numbers(pen.max),
        mean=numbers(pen.mean),
        samples=pen.samples,
        good_percent=pen.good,
        last=pen.last,
        quality=pen.quality,
        late=pen.late,
    )


def _binary(start: float, end: float, pens: list[PenColumns]) -> bytes:
    """Length, JSON header, padding to 8 bytes, then float64 little-endian columns of each pen."""
    head = json.dumps(
        {
            "start": start,
            "end": end,
            "pens": [
                {
                    "tag": pen.tag,
                    "raw": pen.raw,
                    "rows": len(pen.time),
                    "samples": pen.samples,
                    "good_percent": pen.good,
                    "last": pen.last,
                    "quality": [each.model_dump() for each in pen.quality],
                    "late": [each.model_dump() for each in pen.late],
                }
                for pen in pens
            ],
        }
    ).encode()
    head += b" " * (-(4 + len(head)) % 8)
    columns = [
        np.ascontiguousarray(column, "<f8").tobytes()
        for pen in pens
        for column in (pen.time, pen.min, pen.max, pen.mean)
    ]
    return b"".join([struct.pack("<I", len(head)), head, *columns])
