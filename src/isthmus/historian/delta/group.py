"""Row groups of one open file, and where in them each tag lies.

A file is sorted by (tag, time), so a tag's rows lie together. Where each tag begins is learnt from
the tag column of a row group once; from then on only times, values and states are decoded, and of
those only row groups that hold a tag that was asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from isthmus.historian.columns import decode
from isthmus.historian.delta.damage import check_footer
from isthmus.model.sample import Batch, Int32s, Int64s

COLUMNS = ("tag", "time", "sub_ns", "value", "exact", "status")


@dataclass(frozen=True, slots=True)
class Runs:
    """Tags that follow each other: row `first[n]` up to `first[n + 1]` are of `tag[n]`."""

    tag: Int32s
    first: Int64s

    @classmethod
    def of(cls, tag: Int32s) -> Runs:
        """The runs of an ascending column."""
        edge = np.flatnonzero(tag[1:] != tag[:-1]) + 1
        first = np.concatenate(([0], edge, [len(tag)])).astype(np.int64)
        return cls(tag[first[:-1]], first)

    def only(self, tags: Int32s) -> tuple[Int32s, Int64s, Int64s]:
        """Of `tags` (ascending) those that are here, their first row and the row after the last."""
        if len(tags) < len(self.tag):
            place = np.searchsorted(self.tag, tags)
            place[place == len(self.tag)] = 0
            place = place[self.tag[place] == tags]
        else:
            there = np.searchsorted(tags, self.tag)
            there[there == len(tags)] = 0
            place = np.flatnonzero(tags[there] == self.tag)
        return self.tag[place], self.first[place], self.first[place + 1]


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file, and per row group its first and last tag and time (ns, widened).

    `columns` are those of a row group that are not null throughout, without `tag`. `runs` are
    learnt when they are first asked for.
    """

    file: Any
    lock: threading.Lock
    low: Int32s
    high: Int32s
    start: Int64s
    end: Int64s
    columns: list[list[str]]
    runs: dict[int, Runs]

    @classmethod
    def load(cls, path: Path) -> Opened:
        """The file at `path`, its row groups indexed."""
        check_footer(path)
        file = pq.ParquetFile(path, memory_map=True, page_checksum_verification=True)
        groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
        tags = [group.column(0).statistics for group in groups]
        times = [group.column(1).statistics for group in groups]
        bounds = [(time.min_raw, time.max_raw) for time in times]
        widened = np.array(bounds, np.int64).reshape(-1, 2) * 1000
        columns = [
            [
                name
                for place, name in enumerate(COLUMNS)
                if place and group.column(place).statistics.null_count < group.num_rows
            ]
            for group in groups
        ]
        return cls(
            file,
            threading.Lock(),
            np.array([tag.min for tag in tags], np.int32),
            np.array([tag.max for tag in tags], np.int32),
            widened[:, 0],
            widened[:, 1] + 999,
            columns,
            {},
        )

    def near(self, tags: Int32s, start: int, end: int) -> list[int]:
        """The row groups that may hold rows of `tags` (ascending) in [start, end)."""
        near = (self.start < end) & (self.end >= start)
        first = np.searchsorted(tags, self.low, "left")
        near &= first < np.searchsorted(tags, self.high, "right")
        return np.flatnonzero(near).tolist()

    def runs_of(self, number: int) -> Runs:
        """Where each tag of a row group lies."""
        found = self.runs.get(number)
        if found is None:
            if self.low[number] == self.high[number]:
                rows = self.file.metadata.row_group(number).num_rows
                found = Runs(self.low[number : number + 1], np.array([0, rows], np.int64))
            else:
                found = Runs.of(self.read([number], ["tag"])["tag"].to_numpy())
            self.runs[number] = found
        return found

    def read(self, numbers: list[int], columns: list[str] | None = None) -> pa.Table:
        """Some row groups, without their tags where no columns are named."""
        if columns is None:
            used = {name for number in numbers for name in self.columns[number]}
            columns = [name for name in COLUMNS if name in used]
        with self.lock:  # a Parquet reader is not made for two threads
            return self.file.read_row_groups(numbers, columns=columns, use_threads=len(numbers) > 1)

    def may_hold(self, number: int, tags: Int32s) -> bool:
        """Whether a row group holds rows of `tags`, as far as that is known."""
        known = self.runs.get(number)
        return known is None or bool(len(known.only(tags)[0]))

    def each(self, numbers: list[int]) -> Iterator[pa.Table]:
        """Some row groups, read at once; where their tags lie is known afterwards."""
        new = [one for one in numbers if one not in self.runs and self.low[one] < self.high[one]]
        columns = {name for number in numbers for name in self.columns[number]}
        columns |= {"tag"} if new else set()
        table = self.read(numbers, [name for name in COLUMNS if name in columns])
        at = 0
        for number in numbers:
            rows = self.file.metadata.row_group(number).num_rows
            part = table.slice(at, rows)
            if number in new:
                self.runs[number] = Runs.of(part["tag"].to_numpy())
            yield part.drop_columns("tag") if new else part
            at += rows

    def whole(self, number: int) -> Batch:
        """All rows of a row group."""
        return decode(self.read([number], ["tag", *self.columns[number]]))


def rows_in(
    table: pa.Table, tags: Int32s, first: Int64s, stop: Int64s, start: int, end: int
) -> Batch:
    """The rows of `tags` in [start, end), of which each lies at `first` up to `stop`.

    `sub_ns` is looked at last: until then a microsecond more counts as inside.
    """
    time = table["time"].to_numpy().view(np.int64)
    early, late = start // 1_000, end // 1_000
    low, high = int(first[0]), int(stop[-1])
    if len(tags) == 1:
        high = low + int(np.searchsorted(time[low:high], late, "right"))
        low += int(np.searchsorted(time[low:high], early, "left"))
        rows = decode(table.slice(low, high - low), np.full(high - low, tags[0], np.int32))
    elif high - low == (stop - first).sum() and _all_in(time[low:high], early, late):
        rows = decode(table.slice(low, high - low), np.repeat(tags, stop - first))
    else:
        size = stop - first
        place = np.arange(int(size.sum())) + np.repeat(first - (np.cumsum(size) - size), size)
        moment = time[place]
        inside = (moment >= early) & (moment <= late)
        rows = decode(table.take(place[inside]), np.repeat(tags, size)[inside])
    inside = (rows.time >= start) & (rows.time < end)
    return rows if inside.all() else rows.where(inside)


def _all_in(time: Int64s, early: int, late: int) -> bool:
    return bool(time.min() >= early and time.max() <= late)
