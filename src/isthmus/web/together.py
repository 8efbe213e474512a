"""Which tags moved with a tag: ranks of means over a common grid, while its unit ran."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query

from isthmus.historian.settings import Trend
from isthmus.historian.trend import buckets
from isthmus.insight.accounting.accounts import RUNNING
from isthmus.insight.together import FEWEST, Together, together
from isthmus.model.sample import Batch, Bools, Floats, Int32s, Nanoseconds, Status, TagId
from isthmus.model.tag import Kind, Tag
from isthmus.runtime.app import App
from isthmus.web import contract
from isthmus.web.access import Seen
from isthmus.web.ask import Problem, tag_ids, time_range
from isthmus.web.history import From, To

STRETCHES = 360
MOST_LAG = 30
MOST = 300  # tags that are compared, the nearest in the plant first
SHOWN = 8
KNOWN = 0.5  # share of a stretch that has to be known
When = Literal["running", "always"]
RUNS = [float(state) for state in RUNNING]


def routes(app: App) -> APIRouter:
    """The route that finds what moved with a tag."""
    router = APIRouter(prefix="/api", tags=["history"])

    @router.get("/together", summary="Which tags moved with a tag between two times")
    def moved(
        seen: Seen,
        tag: Annotated[str, Query(description="Id or path of one tag.")],
        start: From,
        end: To,
        when: Annotated[When, Query(description="Only while its unit ran, or always.")] = "running",
    ) -> contract.MovedTogether:
        ids = tag_ids(app, tag)
        if len(ids) != 1:
            raise Problem(422, f"{len(ids)} tags asked for", "give one tag")
        if not _moves(app.namespace[TagId(int(ids[0]))]):
            raise Problem(
                422,
                f"{app.namespace[TagId(int(ids[0]))].path} is no measured number",
                "states, texts and counters have no correlation; ask for a measured value",
            )
        span, running = time_range(start, end), when == "running"
        return compared(app, TagId(int(ids[0])), *span, running=running, visible=seen.one)

    return router


def compared(
    app: App,
    tag: TagId,
    start: Nanoseconds,
    end: Nanoseconds,
    *,
    running: bool = True,
    visible: Callable[[str], bool] = bool,
) -> contract.MovedTogether:
    """What `visible` tags moved with `tag`, the strongest first; over all times if it never ran."""
    end = Nanoseconds(min(end, max(app.now(), start + STRETCHES)))
    others, left_out = _near(app, tag)
    others = [other for other in others if visible(app.namespace[other].path)]
    state = _state(app, tag) if running else None
    asked = np.array([tag, *others, *([] if state is None else [state])], np.int32)
    grid = Grid(app, asked, start, end)
    one = grid.means(tag)
    counted = np.ones(len(one), np.bool_) if state is None else grid.within(state, RUNS)
    only_running = state is not None and int((counted & ~np.isnan(one)).sum()) >= FEWEST
    if not only_running:
        counted = np.ones(len(one), np.bool_)
    found: list[tuple[TagId, Together]] = []
    for other in others:
        both = together(one, grid.means(other), counted, MOST_LAG, series=len(others))
        if both is not None:
            found.append((other, both))
    sure = sorted((row for row in found if row[1].sure), key=lambda row: -abs(row[1].rho))
    return contract.MovedTogether(
        tag=tag,
        stretch=grid.width / 1e6,
        stretches=int(counted.sum()),
        known=int((counted & ~np.isnan(one)).sum()),
        while_running=only_running,
        compared=len(found),
        unknown=len(others) - len(found),
        left_out=left_out,
        rows=[
            contract.Companion(
                tag=other,
                rho=both.rho,
                lag=both.lag * grid.width / 1e6,
                pairs=both.pairs,
                independent=both.independent,
            )
            for other, both in sure[:SHOWN]
        ],
    )


class Grid:
    """Trends of several tags in equal stretches of one length."""

    def __init__(self, app: App, tags: Int32s, start: Nanoseconds, end: Nanoseconds) -> None:
        self._origin, self.width = buckets(start, end, STRETCHES)
        self._size = max(1, -(-(end - self._origin) // self.width))
        self._trends = app.historian.trend(tags, start, end, STRETCHES)
        self._held = app.historian.before(tags, start)
        self._start = start

    def means(self, tag: TagId) -> Floats:
        """What the tag was on average in each stretch; NaN where less than half is known."""
        trend = self._trends.get(tag)
        held = self._before(tag)
        if trend is None or not len(trend.time):
            return np.full(self._size, held)
        if trend.raw:
            return self._by_time(trend, held)
        at = (trend.time - self._origin) // self.width
        found = self._holding(trend, held)
        found[at] = np.where(trend.good >= KNOWN, trend.mean, np.nan)
        return found

    def within(self, tag: TagId, values: list[float]) -> Bools:
        """The stretches in which the tag was one of `values` all the time."""
        trend = self._trends.get(tag)
        held = self._before(tag)
        if trend is None or not len(trend.time):
            return np.full(self._size, held in values)
        after = self._holding(trend, held)
        same = np.isin(after, values)
        same[1:] &= np.isin(after[:-1], values)
        same[0] &= held in values
        at = (trend.time - self._origin) // self.width
        np.logical_and.at(same, at, (trend.min == trend.max) & np.isin(trend.max, values))
        return same

    def _before(self, tag: TagId) -> float:
        rows: Batch = self._held.where(self._held.tag == tag)
        return float(rows.value[-1]) if len(rows) and rows.quality[-1] < Status.BAD else np.nan

    def _holding(self, trend: Trend, held: float) -> Floats:
        """What held at the end of each stretch."""
        ends = self._origin + self.width * np.arange(1, self._size + 1)
        return np.append(held, trend.final)[np.searchsorted(trend.time, ends, "left")]

    def _by_time(self, trend: Trend, held: float) -> Floats:
        """The time-weighted mean of each stretch, of samples that are all there."""
        time = np.append(self._start, trend.time)
        value = np.append(held, trend.final)
        edges = self._origin + self.width * np.arange(self._size + 1)
        cuts = np.unique(np.concatenate([time, edges]))
        lasts = np.diff(cuts).astype(np.float64)
        place = np.searchsorted(time, cuts[:-1], "right")
        holds = np.append(np.nan, value)[place]
        cell = np.clip((cuts[:-1] - self._origin) // self.width, 0, self._size - 1)
        seconds = np.where(np.isnan(holds), 0.0, lasts)
        known = np.bincount(cell, seconds, self._size)
        area = np.bincount(cell, seconds * np.nan_to_num(holds), self._size)
        enough = known >= KNOWN * self.width
        return np.where(enough, area / np.where(enough, known, 1.0), np.nan)


def _moves(tag: Tag) -> bool:
    return tag.kind is Kind.NUMBER and tag.counter is None


def _near(app: App, tag: TagId) -> tuple[list[TagId], int]:
    """The measured numbers beside `tag`, nearest in the plant first, and how many are too far."""
    own = app.namespace[tag].path.split("/")

    def apart(path: str) -> int:
        words = path.split("/")
        pairs = zip(own, words, strict=False)
        return -next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(own), len(words)))

    numbers = map(TagId, range(len(app.namespace)))
    all_of = [each for each in numbers if each != tag and _moves(app.namespace[each])]
    near = sorted(all_of, key=lambda each: apart(app.namespace[each].path))
    return near[:MOST], len(near[MOST:])


def _state(app: App, tag: TagId) -> TagId | None:
    """The state of the unit that `tag` belongs to, the nearest above it."""
    path = app.namespace[tag].path
    while path:
        path = path.rpartition("/")[0]
        unit = app.plant.equipment(path)
        state = unit.tag("state") if unit else None
        if state is not None:
            return app.namespace.id(state.path)
    return None
