"""Each tag between two times: figures by time, extremes, growth, how long in which state."""

from __future__ import annotations

import numpy as np
from fastapi import APIRouter

from isthmus.historian.settings import Trend
from isthmus.insight.counter import Growth
from isthmus.insight.series import Series
from isthmus.model.sample import Batch, Int32s, Nanoseconds, Status, TagId
from isthmus.model.tag import Counter, Kind, Tag
from isthmus.runtime.app import App
from isthmus.web import contract
from isthmus.web.ask import tag_ids, time_range
from isthmus.web.history import From, Tags, To

EXACT = 2_000_000  # samples of all tags together that are read one by one
LONG = 4 * 86_400 * 10**9  # ns from which on it is asked first how many there are
POINTS = 4_000
STATES = 32


def routes(app: App) -> APIRouter:
    """The route between two cursors."""
    router = APIRouter(prefix="/api", tags=["history"])

    @router.get("/statistics", summary="Each tag between two times")
    def statistics(tags: Tags, start: From, end: To) -> list[contract.Statistics]:
        return measured(app, tag_ids(app, tags), *time_range(start, end))

    return router


def measured(
    app: App, ids: Int32s, start: Nanoseconds, end: Nanoseconds
) -> list[contract.Statistics]:
    """The statistics of `ids`: of each sample, or of a trend where there are millions of them."""
    end = Nanoseconds(min(end, max(app.now(), start + 1)))
    trends = app.historian.trend(ids, start, end, POINTS) if end - start > LONG else {}
    if sum(trend.samples for trend in trends.values()) > EXACT:
        return [
            _rough(app.namespace[TagId(number)], number, trends.get(TagId(number)), start, end)
            for number in ids.tolist()
        ]
    rows = app.historian.raw(ids, start, end, limit=EXACT + 1)
    if len(rows) > EXACT:
        trends = app.historian.trend(ids, start, end, POINTS)
        return [
            _rough(app.namespace[TagId(number)], number, trends.get(TagId(number)), start, end)
            for number in ids.tolist()
        ]
    held = app.historian.before(ids, start)
    return [
        _exact(
            app.namespace[TagId(number)], number, rows, held.where(held.tag == number), start, end
        )
        for number in ids.tolist()
    ]


def _exact(
    tag: Tag, number: int, rows: Batch, held: Batch, start: Nanoseconds, end: Nanoseconds
) -> contract.Statistics:
    left, right = np.searchsorted(rows.tag, [number, number + 1])
    own = rows.slice(int(left), int(right))
    series = Series.of(own, start, end, held)
    share = float((own.quality < Status.UNCERTAIN).mean()) if len(own) else series.known
    return _told(tag, number, series, samples=len(own), share=share)


def _rough(
    tag: Tag, number: int, trend: Trend | None, start: Nanoseconds, end: Nanoseconds
) -> contract.Statistics:
    """Of a trend: extremes are those of all samples, means are of its stretches."""
    if trend is None or not len(trend.time):
        unknown = Series(np.array([start], np.int64), np.array([np.nan]), start, end)
        return _told(tag, number, unknown, samples=0, share=0.0)
    numeric = tag.kind is Kind.NUMBER and tag.counter is None
    value = trend.mean if numeric else trend.final
    series = Series(np.append(np.int64(start), trend.time), np.append(np.nan, value), start, end)
    found = _told(tag, number, series, samples=trend.samples, share=trend.good_share)
    if tag.kind is not Kind.NUMBER or not np.isfinite(trend.max).any():
        return found.model_copy(update={"exact": False, "std": None})
    low, high = int(np.nanargmin(trend.min)), int(np.nanargmax(trend.max))
    extremes = {
        "min": float(trend.min[low]),
        "min_time": trend.time[low] / 1e6,
        "max": float(trend.max[high]),
        "max_time": trend.time[high] / 1e6,
    }
    return found.model_copy(update={**extremes, "exact": False, "std": None})


def _told(
    tag: Tag, number: int, series: Series, *, samples: int, share: float
) -> contract.Statistics:
    good = np.isfinite(series.value)
    low = int(np.nanargmin(series.value)) if good.any() else None
    high = int(np.nanargmax(series.value)) if good.any() else None
    counts = tag.counter is not None and tag.kind is Kind.NUMBER
    return contract.Statistics(
        tag=number,
        at_start=_finite(series.value[0]),
        at_end=_finite(series.value[-1]),
        min=None if low is None else float(series.value[low]),
        min_time=None if low is None else series.time[low] / 1e6,
        mean=series.mean(),
        max=None if high is None else float(series.value[high]),
        max_time=None if high is None else series.time[high] / 1e6,
        std=series.spread(),
        growth=Growth.of(series, tag.counter or Counter()).sum if counts else None,
        states=[] if tag.kind is Kind.NUMBER else _states(tag, series),
        samples=samples,
        good_percent=100 * share,
    )


def _states(tag: Tag, series: Series) -> list[contract.StateShare]:
    """How long what held, the longest first."""
    value, lasts = series.value, series.lasts
    entered = np.append(
        True, ~((value[1:] == value[:-1]) | (np.isnan(value[1:]) & np.isnan(value[:-1])))
    )
    whole = float(lasts.sum()) or 1.0
    found = [
        contract.StateShare(
            state=tag.legend.get(int(code), f"{code:g}"),
            seconds=float(lasts[value == code].sum()),
            percent=100 * float(lasts[value == code].sum()) / whole,
            times=int(entered[value == code].sum()),
        )
        for code in np.unique(value[np.isfinite(value)]).tolist()[:STATES]
    ]
    return sorted(found, key=lambda one: -one.seconds)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
