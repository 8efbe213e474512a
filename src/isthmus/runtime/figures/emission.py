"""The CO2 that the kWh of each hour stand for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from isthmus.insight.series import Series
from isthmus.model.factors import Factors
from isthmus.model.plant import Plant
from isthmus.model.sample import Bools, Floats, Int64s, Nanoseconds
from isthmus.model.tag import Tag
from isthmus.model.unit import Quantity, Unit
from isthmus.runtime.figures.read import Records, Window
from isthmus.runtime.figures.tariff import changes, electricity, held, means

CO2 = 0.363  # kg a kWh of electricity in Europe, where the plant file names none
HOUR = 3_600 * 10**9
LEARN = 14 * 24 * HOUR  # of a tag, for hours that have not been
AGAIN = 1.5  # times the usual step without a row: then nothing is told


@dataclass(frozen=True, slots=True, eq=False)
class Emission:
    """kg of CO2 for a kWh in each bucket; `assumed` where neither file nor tag told it."""

    kg: Floats
    assumed: Bools

    @property
    def mean(self) -> float:
        """The mean over all buckets; the usual one where there are none."""
        return float(self.kg.mean()) if len(self.kg) else CO2


def emission(records: Records, edges: Int64s) -> Emission:
    """The CO2 of a kWh in each bucket between `edges` (ns).

    A tag says nothing of hours to come: there its mean at that hour of the last two weeks holds.
    """
    if len(edges) < 2:  # noqa: PLR2004 - no bucket
        return Emission(np.empty(0), np.empty(0, np.bool_))
    told, zone = factors(records.plant), records.zone
    kg = np.full(len(edges) - 1, np.nan)
    if told.rows:
        kg = _rows(told.rows, edges)
    tag = _tag(records.plant, told.tag) if told.tag else None
    if tag is not None:
        kg = np.where(np.isnan(kg), _of_tag(records, tag, edges), kg)
    assumed = np.isnan(kg) if told.rows or tag else np.zeros(len(kg), np.bool_)
    if np.isnan(kg).any():
        usual = CO2 if told.otherwise is None else told.otherwise

        def at(time: Nanoseconds) -> float:
            found = held(told.spans, time, zone)
            return usual if found is None else found

        kg = np.where(np.isnan(kg), means(edges, changes(told.spans, edges, zone), at), kg)
    return Emission(kg, assumed)


def factors(plant: Plant) -> Factors:
    """What the plant file says of the CO2 of electricity."""
    told = electricity(plant).get("co2")
    if isinstance(told, Factors):
        return told
    return Factors(otherwise=float(told)) if isinstance(told, int | float) else Factors()


def _rows(rows: tuple[tuple[int, float], ...], edges: Int64s) -> Floats:
    """The mean of the rows in each bucket; a row holds until the next, or the usual step long."""
    time = np.array([each[0] for each in rows], np.int64)
    kg = np.array([each[1] for each in rows])
    step = int(np.median(np.diff(time))) if len(time) > 1 else HOUR
    after = np.minimum(time, np.iinfo(np.int64).max - step) + step
    ends = np.append(time[1:], after[-1])
    silent = ends - time > AGAIN * step
    silent[-1] = True
    time = np.concatenate([time, after[silent]])
    kg = np.concatenate([kg, np.full(int(silent.sum()), np.nan)])
    order = np.argsort(time, kind="stable")
    first, last = Nanoseconds(int(time[0])), Nanoseconds(int(max(time[-1], edges[-1])))
    return Series(time[order], kg[order], first, last).bucket_means(edges)


def _tag(plant: Plant, path: str) -> Tag | None:
    return next((tag for tag in plant.tags() if tag.path == path), None)


def _of_tag(records: Records, tag: Tag, edges: Int64s) -> Floats:
    scale = Quantity(1.0, Unit.parse(tag.unit)).to("kg/kWh") if tag.unit else 1.0
    now = records.now()
    start, end = Nanoseconds(int(edges[0])), Nanoseconds(int(min(edges[-1], now)))
    found = np.full(len(edges) - 1, np.nan)
    if end > start:
        found = records.shelf([tag], Window("", start, end)).of(tag).bucket_means(edges) * scale
    ahead = edges[:-1] >= now
    if ahead.any():
        found[ahead] = _usual(records, tag, edges[:-1][ahead]) * scale
    return found


def _usual(records: Records, tag: Tag, times: Int64s) -> Floats:
    """The tag's mean at the local hours of `times`."""
    until = Nanoseconds(records.now() // HOUR * HOUR)
    edges = np.arange(until - LEARN, until + HOUR, HOUR, dtype=np.int64)
    window = Window("", Nanoseconds(int(edges[0])), until)
    mean = records.shelf([tag], window).of(tag).bucket_means(edges)
    hour, known = _hours(edges[:-1], records.zone), np.isfinite(mean)
    count = np.bincount(hour[known], minlength=24)
    total = np.bincount(hour[known], weights=mean[known], minlength=24)
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = total / count
    return np.asarray(usual[_hours(times, records.zone)])


def _hours(times: Int64s, zone: ZoneInfo) -> Int64s:
    local = [datetime.fromtimestamp(time / 1e9, zone).hour for time in times.tolist()]
    return np.array(local, np.int64)
