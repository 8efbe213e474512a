"""One tag's history as a step function: a value holds until the next sample, a bad one is a gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.model.sample import Batch, Floats, Int64s, Nanoseconds, Status


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Samples of one tag inside [start, end), in order of time; NaN where not good.

    `time[0]` is `start`: the sample that held there, or NaN where nothing was known.
    """

    time: Int64s
    value: Floats
    start: Nanoseconds
    end: Nanoseconds

    @classmethod
    def of(cls, batch: Batch, start: Nanoseconds, end: Nanoseconds, before: Batch) -> Series:
        """The series of one tag's sorted rows; `before` is its last row at or before `start`."""
        first, inside, last = np.searchsorted(batch.time, [start, start + 1, end]).tolist()
        at_start = batch.slice(first, inside) if first < inside else before
        return cls(
            np.concatenate([np.array([start], np.int64), batch.time[inside:last]]),
            np.concatenate(
                [
                    _known(at_start)[-1:] if len(at_start) else np.array([np.nan]),
                    _known(batch.slice(inside, last)),
                ]
            ),
            start,
            end,
        )

    def unknown_from(self, time: Nanoseconds) -> Series:
        """The same series with nothing known from `time` on."""
        if time >= self.end:
            return self
        since = max(int(time), int(self.start))
        kept = self.time < since
        times = np.append(self.time[kept], np.int64(since))
        return Series(times, np.append(self.value[kept], np.nan), self.start, self.end)

    def changes(self) -> Series:
        """The same series with only the samples that tell something else than the one before."""
        same = self.value[1:] == self.value[:-1]
        same |= np.isnan(self.value[1:]) & np.isnan(self.value[:-1])
        kept = np.concatenate([[True], ~same])
        return Series(self.time[kept], self.value[kept], self.start, self.end)

    @property
    def lasts(self) -> Floats:
        """How long each sample held, in seconds; they add up to the window."""
        return np.diff(np.append(self.time, self.end)) / 1e9

    @property
    def known(self) -> float:
        """The share of the window with a good value, 0 to 1."""
        span = (self.end - self.start) / 1e9
        return float(self.lasts[~np.isnan(self.value)].sum() / span) if span > 0 else 0.0

    def mean(self) -> float | None:
        """The time-weighted average of what is known (OPC UA Part 13, TimeAverage, stepped)."""
        good = ~np.isnan(self.value)
        seconds = self.lasts[good]
        if not seconds.sum():
            return None
        return float((self.value[good] * seconds).sum() / seconds.sum())

    def spread(self) -> float | None:
        """The time-weighted standard deviation of what is known."""
        mean = self.mean()
        if mean is None:
            return None
        good = ~np.isnan(self.value)
        seconds = self.lasts[good]
        return float(np.sqrt(((self.value[good] - mean) ** 2 * seconds).sum() / seconds.sum()))

    def mean_over(self, starts: Int64s, ends: Int64s) -> float | None:
        """The time-weighted average over the stretches from `starts` to `ends` (ns)."""
        if not len(starts):
            return None
        area, known, times = self._areas()
        begin, stop = starts.astype(np.float64), ends.astype(np.float64)
        span = (np.interp(stop, times, known) - np.interp(begin, times, known)).sum()
        total = (np.interp(stop, times, area) - np.interp(begin, times, area)).sum()
        return float(total / span) if span > 0 else None

    def bucket_means(self, edges: Int64s) -> Floats:
        """The time-weighted average in each bucket between `edges` (ns); NaN where not known."""
        area, known, times = self._areas()
        inside = np.clip(edges.astype(np.float64), float(self.start), float(self.end))
        sums = np.diff(np.interp(inside, times, area))
        spans = np.diff(np.interp(inside, times, known))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(spans > 0, sums / spans, np.nan)

    def bucket_known(self, edges: Int64s) -> Floats:
        """The share of each bucket between `edges` (ns) with a good value, 0 to 1."""
        _, known, times = self._areas()
        spans = np.diff(np.interp(edges.astype(np.float64), times, known))
        return np.asarray(spans / (np.diff(edges) / 1e9))

    def _areas(self) -> tuple[Floats, Floats, Floats]:
        """Running integrals of the value and of 1 where it is known, and the times of both."""
        good = ~np.isnan(self.value)
        held = np.where(good, self.value, 0.0)
        area = _cumulative(self.time, self.end, held)
        known = _cumulative(self.time, self.end, good.astype(np.float64))
        return area, known, np.append(self.time, self.end).astype(np.float64)


def _known(rows: Batch) -> Floats:
    """The values of `rows`, NaN where they are not good."""
    bad = rows.quality >= Status.UNCERTAIN
    return np.where(bad, np.nan, rows.value) if bad.any() else rows.value


def _cumulative(time: Int64s, end: int, value: Floats) -> Floats:
    seconds = np.diff(np.append(time, end)) / 1e9
    return np.concatenate([[0.0], np.cumsum(value * seconds)])


def grid(start: Nanoseconds, end: Nanoseconds, step: int) -> Int64s:
    """Edges every `step` ns, aligned to the step, from the one at or before `start` to `end`."""
    first = start // step * step
    edges = np.arange(first, end + step, step, dtype=np.int64)
    return edges[: int(np.searchsorted(edges, end)) + 1]


def in_order(*times: Int64s) -> Int64s:
    """All `times` (ns) in order, each once.

    `np.unique` looks for equal ones by hash since NumPy 2.3; to merge columns that are in order
    takes a twentieth of that.
    """
    every = np.concatenate(times)
    every.sort(kind="stable")
    kept = np.ones(len(every), np.bool_)
    np.not_equal(every[1:], every[:-1], out=kept[1:])
    return every[kept]
