"""History by the plant's names: one read of the lake for all the series that a figure needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np

from isthmus.insight.accounting.accounts import Accounts
from isthmus.insight.accounting.calendar import Stretch, planned, shift_at
from isthmus.insight.accounting.own_states import either, meant_by
from isthmus.insight.counter import Growth
from isthmus.insight.series import Series
from isthmus.model.event import Event
from isthmus.model.plant import Calendar, Equipment, Plant
from isthmus.model.sample import Batch, Clock, Floats, Int32s, Int64s, Nanoseconds, TagId
from isthmus.model.state import CAUSE
from isthmus.model.tag import FIGURE_UNITS, Counter, Namespace, Tag
from isthmus.model.unit import Quantity, Unit, UnitError


class History(Protocol):
    """What figures ask of a historian."""

    def raw(self, tags: Int32s, start: Nanoseconds, end: Nanoseconds) -> Batch:
        """The samples in [start, end) by (tag, time)."""
        ...

    def before(self, tags: Int32s, time: Nanoseconds) -> Batch:
        """The last sample of each tag at or before `time`."""
        ...


class Texts(Protocol):
    """What figures ask of a historian about texts."""

    def __call__(
        self,
        start: Nanoseconds,
        end: Nanoseconds,
        *,
        kinds: Collection[str] = (),
        path: str | None = None,
        limit: int = 10_000,
    ) -> list[Event]:
        """The newest `limit` events in [start, end) by time, at or below `path`."""
        ...


def no_texts(
    start: Nanoseconds,  # noqa: ARG001
    end: Nanoseconds,  # noqa: ARG001
    *,
    kinds: Collection[str] = (),  # noqa: ARG001
    path: str | None = None,  # noqa: ARG001
    limit: int = 10_000,  # noqa: ARG001
) -> list[Event]:
    """Nothing is told in words."""
    return []


Bounds = tuple[Nanoseconds, Nanoseconds]


@dataclass(frozen=True, slots=True)
class Window:
    """A named range of time, ns UTC."""

    name: str
    start: Nanoseconds
    end: Nanoseconds


Told = Callable[[Equipment, Accounts], Accounts]
"""The accounts of a unit with the reasons that people gave for its stops."""


def as_measured(_: Equipment, accounts: Accounts) -> Accounts:
    """The accounts as the machine tells them."""
    return accounts


class Shelf(Mapping[str, Series]):
    """The series of several tags over one window, by tag path; unknown tags have empty ones."""

    def __init__(
        self,
        series: Mapping[str, Series],
        window: Window,
        told: Told = as_measured,
        words: Mapping[int, str] = CAUSE,
    ) -> None:
        self._series = series
        self.window = window
        self._told, self._words = told, words

    def __getitem__(self, path: str) -> Series:
        return self._series[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._series)

    def __len__(self) -> int:
        return len(self._series)

    def of(self, tag: Tag | None) -> Series:
        """The series of `tag` in the unit of its role, if that has one (`FIGURE_UNITS`).

        One that knows nothing where there is no such tag, or its unit measures something else.
        """
        if tag is not None and tag.path in self._series:
            series, scale = self._series[tag.path], factor(tag)
            return series if scale == 1 else replace(series, value=series.value * scale)
        start, end = self.window.start, self.window.end
        return Series(np.array([start], np.int64), np.array([np.nan]), start, end)

    def growth(self, tag: Tag | None) -> Growth:
        """How much the counter `tag` grew."""
        counter = tag.counter if tag and tag.counter else Counter(resets=True)
        if tag and counter.wraps_at:
            counter = replace(counter, wraps_at=counter.wraps_at * factor(tag))
        return Growth.of(self.of(tag), counter)

    def power(self, sources: Iterable[Equipment], edges: Int64s) -> Floats:
        """The mean kW of those of `sources` that tell it; NaN where one of them is not known."""
        tags = [tag for unit in sources if (tag := unit.tag("power"))]
        parts = [self.of(tag).bucket_means(edges) for tag in tags]
        return np.sum(parts, axis=0) if parts else np.full(len(edges) - 1, np.nan)

    def kwh(self, sources: Iterable[Equipment], edges: Int64s) -> Floats:
        """The kWh of `sources` together in each bucket as far as all of them are known, else NaN.

        Where a unit has no energy counter, its mean power times the bucket stands for it.
        """
        hours = np.diff(edges) / (3_600 * 10**9)
        counters, parts = [], []
        for unit in sources:
            if tag := unit.tag("energy"):
                counters.append(self.growth(tag))
            else:
                parts.append(self.of(unit.tag("power")).bucket_means(edges) * hours)
        known = [each for each in counters if each.known]
        if known:
            first = max(int(each.time[0]) for each in known)
            last = min(int(each.time[-1]) for each in known)
            edges = np.clip(edges, first, max(first, last))
        parts += [each.per_bucket(edges) for each in counters]
        return np.sum(parts, axis=0) if parts else np.full(len(edges) - 1, np.nan)

    def accounts(self, unit: Equipment) -> Accounts:
        """The time accounts of `unit`, with the reasons that people gave."""
        state, tag = self.of(unit.tag("state")), unit.tag("cause")
        cause = self.of(tag) if tag else None
        if unit.states:
            state, meant = meant_by(unit.states, state)
            cause = meant if cause is None else either(cause, meant)
        return self._told(unit, Accounts.of(state, cause, self._words))


Dark = Callable[[TagId], Nanoseconds | None]
"""Since when history may lack what a tag did, because its edge is silent or behind."""


def all_told(_: TagId) -> None:
    """Nothing is dark: whoever reads history has all that there will be."""


@dataclass(frozen=True, slots=True)
class Records:
    """The plant's history and calendar, for whoever computes figures.

    What `dark` says is not known yet is a gap, neither production nor a stop. What took long to
    read is kept: in `hours` what baselines and measures are made of, by line and day: when it was
    read, and its columns; in `quarters` the kW of quarter hours of meters: when they were read,
    since when they are told, and what they are.
    """

    plant: Plant
    namespace: Namespace
    historian: History
    now: Clock
    dark: Dark = all_told
    told: Told = as_measured
    texts: Texts = no_texts
    hours: dict[str, dict[int, tuple[Nanoseconds, Mapping[str, Floats]]]] = field(
        default_factory=dict
    )
    quarters: dict[str, tuple[Nanoseconds, Nanoseconds, Floats]] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.plant.timezone)

    def calendar(self, line: Equipment) -> Calendar | None:
        """The line's calendar, None where it has none."""
        return self.plant.calendars.get(line.calendar)

    def shelf(self, tags: Iterable[Tag | None], window: Window) -> Shelf:
        """The series of `tags` over `window`, read at once."""
        wanted = {tag.path: tag for tag in tags if tag is not None}
        ids = {path: self.namespace.id(path) for path in wanted}
        numbers = np.array(
            sorted(number for number in ids.values() if number is not None), np.int32
        )
        if not len(numbers) or window.end <= window.start:
            return Shelf({}, window, self.told, self.plant.reasons.words)
        rows = self.historian.raw(numbers, window.start, window.end)
        held = self.historian.before(numbers, window.start)
        order = np.argsort(held.tag, kind="stable")
        held = held.where(order)
        found = {}
        for path, number in ids.items():
            if number is None:
                continue
            left, right = np.searchsorted(rows.tag, [number, number + 1])
            first, last = np.searchsorted(held.tag, [number, number + 1])
            series = Series.of(
                *(rows.slice(int(left), int(right)), window.start, window.end),
                held.slice(int(first), int(last)),
            )
            since = self.dark(number)
            found[path] = series if since is None else series.unknown_from(since)
        return Shelf(found, window, self.told, self.plant.reasons.words)

    def window(self, line: Equipment, name: str) -> Window:
        """The window of that name up to now: `hour`, `shift`, `day`, `week` or `month`."""
        now = self.now()
        if name == "shift":
            stretch = self.shift(line)
            return Window(name, stretch.start, now)
        seconds = {"hour": 3_600, "day": 86_400, "week": 604_800, "month": 2_592_000}[name]
        return Window(name, Nanoseconds(now - seconds * 10**9), now)

    def shift(self, line: Equipment) -> Stretch:
        """The shift running now on `line`; the last 8 hours where it has no calendar."""
        calendar = self.calendar(line)
        now = self.now()
        if calendar is None:
            eight = 8 * 3_600 * 10**9
            return Stretch("", Nanoseconds(now - eight), Nanoseconds(now + eight))
        return shift_at(calendar, now, self.zone)

    def planned(self, line: Equipment, window: Window) -> list[Stretch]:
        """The planned time of `line` inside `window`."""
        return planned(self.calendar(line), window.start, window.end, self.zone)


def factor(tag: Tag) -> float:
    """What makes a value of `tag` one in the unit of its role; NaN where nothing does."""
    unit = FIGURE_UNITS.get(tag.role or tag.name)
    if unit is None or not tag.unit or tag.unit == unit:
        return 1.0
    try:
        return Quantity(1.0, Unit.parse(tag.unit)).to(unit)
    except UnitError:
        return float("nan")


def units(line: Equipment) -> list[Equipment]:
    """The line's work units in the order of the material; all its units without a flow."""
    by_path = {unit.path: unit for unit in line.walk()}
    if not line.flow:
        return [unit for unit in line.children if unit.tag("state")]
    return [by_path[step.unit] for step in line.flow if step.unit in by_path]


def meters(plant: Plant, line: Equipment) -> list[Equipment]:
    """What measures the whole line: its declared meter, else all its units that tell power."""
    declared = plant.equipment(line.energy_meter) if line.energy_meter else None
    if declared is not None:
        return [declared]
    found = units(line) or list(line.children)
    return [unit for unit in found if unit.tag("power") or unit.tag("energy")]


def bottleneck(line: Equipment) -> Equipment | None:
    """The unit that sets the line's rate: the declared one, else the first of the flow."""
    found = units(line)
    return next(
        (unit for unit in found if unit.path == line.bottleneck), found[0] if found else None
    )


def ideal_rate(line: Equipment) -> float | None:
    """The pieces a second of `line` at its best: its own `ideal_rate`, else its bottleneck's."""
    unit = bottleneck(line)
    return line.ideal_rate or (unit.ideal_rate if unit else None)
