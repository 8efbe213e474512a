"""History for charts: trends reduced to the pixels, and statistics between cursors."""

from __future__ import annotations

import json
import struct
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from isthmus.historian.settings import Trend
from isthmus.historian.trend import buckets
from isthmus.insight.series import Series
from isthmus.model.sample import Batch, Floats, Int32s, Nanoseconds, Status, TagId
from isthmus.model.tag import Kind
from isthmus.runtime.app import App
from isthmus.web import contract
from isthmus.web.ask import Problem, equipment, line_of, tag_ids, time_range
from isthmus.web.ribbon import ribbons

COLUMNS = "application/vnd.isthmus.columns"
MOST_ROWS = 5_000_000

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

    @router.get("/statistics", summary="Each tag between two times")
    def statistics(tags: Tags, start: From, end: To) -> list[contract.Statistics]:
        return _statistics(app, tag_ids(app, tags), *time_range(start, end))

    @router.get("/states", summary="State ribbons of a unit, or of every unit of a line")
    def states(start: From, end: To, path: Place = "") -> list[contract.Ribbon]:
        place = equipment(app, path) if path else line_of(app, None)
        return ribbons(app, place, *time_range(start, end))

    return router


class PenColumns:
    """One pen's columns before they take a form; NaN is a gap."""

    __slots__ = ("good", "last", "max", "mean", "min", "raw", "samples", "tag", "time")

    def __init__(
        self,
        tag: int,
        columns: tuple[Floats, Floats, Floats, Floats],
        *,
        raw: bool,
        samples: int,
        good: float,
        last: float | None,
    ) -> None:
        self.tag, self.raw, self.samples, self.good, self.last = tag, raw, samples, good, last
        self.time, self.min, self.max, self.mean = columns


def _pens(
    app: App, ids: Int32s, start: Nanoseconds, end: Nanoseconds, points: int
) -> list[PenColumns]:
    trends = app.historian.trend(ids, start, end, points)
    held = app.historian.before(ids, start)
    origin, width = buckets(start, end, points)
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
        alone = np.flatnonzero(np.append(np.diff(bucket) > 1, False))
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


def samples(
    app: App, ids: Int32s, start: Nanoseconds, end: Nanoseconds, *, most: int = MOST_ROWS
) -> Batch:
    """All samples of `ids` in [start, end) by (tag, time); refused where there are too many."""
    rows = app.historian.raw(ids, start, end, limit=most + 1)
    if len(rows) > most:
        raise Problem(413, f"more than {most:,} samples", "ask for fewer tags or less time")
    return rows


def _statistics(
    app: App, ids: Int32s, start: Nanoseconds, end: Nanoseconds
) -> list[contract.Statistics]:
    rows = samples(app, ids, start, end)
    held = app.historian.before(ids, start)
    found = []
    for number in ids.tolist():
        left, right = np.searchsorted(rows.tag, [number, number + 1])
        own = rows.slice(int(left), int(right))
        series = Series.of(own, start, end, held.where(held.tag == number))
        good = series.value[np.isfinite(series.value)]
        share = float((own.quality < Status.UNCERTAIN).mean()) if len(own) else series.known
        found.append(
            contract.Statistics(
                tag=number,
                at_start=_finite(series.value[0]),
                at_end=_finite(series.value[-1]),
                min=_finite(good.min()) if len(good) else None,
                mean=series.mean(),
                max=_finite(good.max()) if len(good) else None,
                std=series.spread(),
                samples=len(own),
                good_percent=100 * share,
            )
        )
    return found


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
