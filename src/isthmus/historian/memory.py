"""A history in a dictionary: slow, small, obviously right; what the engines are tested against."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from isthmus.historian.columns import fit_tags
from isthmus.historian.settings import DAY, LakeStats, Sealed, Trend
from isthmus.historian.trend import buckets
from isthmus.model.errors import Refused
from isthmus.model.event import Event
from isthmus.model.kpi import KpiResult
from isthmus.model.sample import Batch, Int32s, Nanoseconds, Status, TagId
from isthmus.model.tag import Tag

Sample = tuple[float, int]  # value, quality
NAN = math.nan


class Memory:
    """Samples by tag and time; the later write of the same tag and time wins."""

    def __init__(self, *, look_back: int = 7 * DAY) -> None:
        self._samples: dict[int, dict[int, Sample]] = {}
        self._positions: dict[str, int] = {}
        self._kpis: list[KpiResult] = []
        self._events: list[Event] = []
        self._sealed = False
        self._look_back = look_back

    def positions(self) -> Mapping[str, int]:
        """The last sequence of each stream."""
        return dict(self._positions)

    def append(
        self, batch: Batch, *, stream: str, position: int, events: Sequence[Event] = ()
    ) -> None:
        """Take the rows in their order; nothing if the position is known already."""
        if position <= self._positions.get(stream, -1):
            return
        fit_tags(batch)
        self._sealed = False
        self._events += events
        self._positions[stream] = position
        columns = (
            column.tolist() for column in (batch.tag, batch.time, batch.value, batch.quality)
        )
        for tag, time, value, quality in zip(*columns, strict=True):
            self._samples.setdefault(tag, {})[time] = (value, quality)

    def append_events(self, events: Sequence[Event], *, stream: str, position: int) -> None:
        """Take the events; nothing if the position is known already."""
        self.append(Batch.empty(), stream=stream, position=position, events=events)

    def due(self) -> bool:
        """Never: it has no better place to keep anything."""
        return False

    def seal(self) -> Sealed | None:
        """None where nothing came since the last one."""
        if self._sealed or not self._positions:
            return None
        self._sealed = True
        return Sealed(0, 0, 0, 0, 0, 0.0)

    def maintain(self) -> None:
        """Nothing: it is as quick as it gets."""

    def write_tags(self, tags: Iterable[tuple[TagId, Tag]]) -> None:
        """Nothing: it knows no SQL that would ask for names."""

    def sql(self, query: str, *, seconds: float = 30.0, rows: int = 100_000) -> pa.Table:
        """Refused: it knows no SQL."""
        raise Refused(f"running the query in {seconds:g} s for {rows} rows: {query}")

    def close(self) -> None:
        """Nothing: the next writer has a dictionary of its own."""

    def stats(self) -> LakeStats:
        """How much there is."""
        times = [time for of in self._samples.values() for time in of]
        return LakeStats(
            rows=len(times),
            hot_rows=0,
            bytes=0,
            files=0,
            events=len(self._events),
            last_seal=None,
            last_commit_ms=0.0,
            oldest=Nanoseconds(min(times)) if times else None,
            newest=Nanoseconds(max(times)) if times else None,
            free_bytes=-1,
            state="up",
        )

    def events(
        self,
        start: Nanoseconds,
        end: Nanoseconds,
        *,
        kinds: Collection[str] = (),
        path: str | None = None,
        limit: int = 10_000,
    ) -> list[Event]:
        """The newest `limit` events in [start, end) by time, at or below `path`."""
        found = [
            event
            for event in self._events
            if start <= event.time < end
            and (not kinds or event.kind in kinds)
            and (path is None or event.path == path or event.path.startswith(f"{path}/"))
        ]
        return sorted(found, key=lambda event: event.time)[-limit:]

    def last(self, tags: Sequence[TagId] | Int32s) -> Batch:
        """The newest sample of each tag by time, in the order asked."""
        return _batch(
            (int(tag), max(of), of[max(of)]) for tag in tags if (of := self._samples.get(int(tag)))
        )

    def raw(
        self,
        tags: Sequence[TagId] | Int32s,
        start: Nanoseconds,
        end: Nanoseconds,
        *,
        limit: int | None = None,
    ) -> Batch:
        """The samples of `tags` in [start, end) by (tag, time), the first `limit` of them."""
        found = [
            (tag, time, sample)
            for tag in sorted({int(tag) for tag in tags})
            for time, sample in sorted(self._samples.get(tag, {}).items())
            if start <= time < end
        ]
        return _batch(found[:limit])

    def before(self, tags: Sequence[TagId] | Int32s, time: Nanoseconds) -> Batch:
        """The last sample of each tag at or before `time`, by tag, as far as the look-back."""
        found = []
        for tag in sorted({int(tag) for tag in tags}):
            of = self._samples.get(tag, {})
            times = [moment for moment in of if time - self._look_back <= moment <= time]
            if times:
                found.append((tag, max(times), of[max(times)]))
        return _batch(found)

    def write_kpis(self, results: Sequence[KpiResult]) -> None:
        """Keep derived values; of equal keys the last holds."""
        self._kpis += results

    def kpis(
        self,
        start: Nanoseconds,
        end: Nanoseconds,
        *,
        names: Collection[str] = (),
        path: str | None = None,
        period: str = "",
        versions: bool = False,
        limit: int = 10_000,
    ) -> list[KpiResult]:
        """The newest `limit` results of windows that begin in [start, end), by start."""
        last = {result.key: place for place, result in enumerate(self._kpis)}
        found = [
            result
            for place, result in enumerate(self._kpis)
            if start <= result.start < end
            and (not names or result.kpi in names)
            and (path is None or result.path == path or result.path.startswith(f"{path}/"))
            and (not period or result.period == period)
            and (versions or last[result.key] == place)
        ]
        found.sort(key=lambda result: (result.start, result.path, result.kpi, result.period))
        return found[-limit:]

    def trend(
        self,
        tags: Sequence[TagId] | Int32s,
        start: Nanoseconds,
        end: Nanoseconds,
        points: int,
    ) -> Mapping[TagId, Trend]:
        """Each tag's samples in [start, end) in at most `points` buckets of equal length."""
        return {
            TagId(int(tag)): _trend(
                self.raw([TagId(int(tag))], start, end), *buckets(start, end, points), points
            )
            for tag in tags
        }


def _batch(rows: Iterable[tuple[int, int, Sample]]) -> Batch:
    found = list(rows)
    return Batch(
        np.array([tag for tag, _, _ in found], np.int32),
        np.array([time for _, time, _ in found], np.int64),
        np.array([value for _, _, (value, _) in found], np.float64),
        np.array([quality for _, _, (_, quality) in found], np.uint32),
    )


def _trend(rows: Batch, origin: int, width: int, points: int) -> Trend:
    samples = list(zip(rows.time.tolist(), rows.value.tolist(), rows.quality.tolist(), strict=True))
    raw = len(samples) <= points
    buckets: dict[int, list[tuple[int, float, int]]] = {}
    for place, sample in enumerate(samples):
        buckets.setdefault(place if raw else (sample[0] - origin) // width, []).append(sample)
    columns: list[tuple[int, float, float, float, float, float, float]] = []
    for bucket in buckets.values():
        drawn = [v for _, v, quality in bucket if quality < Status.BAD and not math.isnan(v)]
        good = sum(quality < Status.UNCERTAIN for _, _, quality in bucket) / len(bucket)
        low, high = min(drawn, default=NAN), max(drawn, default=NAN)
        mean = sum(drawn) / len(drawn) if drawn else NAN
        _, value, quality = bucket[-1]
        final = value if quality < Status.BAD and not math.isnan(value) else NAN
        columns.append((bucket[0][0], low, high, mean, drawn[0] if drawn else NAN, final, good))
    drawn = [v for _, v, quality in samples if quality < Status.BAD and not math.isnan(v)]
    good = sum(quality < Status.UNCERTAIN for _, _, quality in samples)
    table = np.array(columns, np.float64).reshape(-1, 7)
    return Trend(
        raw,
        np.array([row[0] for row in columns], np.int64),
        table[:, 1],
        table[:, 2],
        table[:, 3],
        table[:, 4],
        table[:, 5],
        table[:, 6],
        len(samples),
        good / len(samples) if samples else 0.0,
        drawn[-1] if drawn else None,
    )
