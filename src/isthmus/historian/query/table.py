"""Answers as Arrow tables: a row for each time and tag, or a column for each tag (wide)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from isthmus.historian.query.aggregate import Answer
from isthmus.historian.query.grid import Grid
from isthmus.historian.query.states import UNKNOWN, StateTimes
from isthmus.historian.query.step import Intervals
from isthmus.historian.query.words import unit_of
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Floats, Int32s, Int64s, TagId
from isthmus.model.tag import Tag

Tags = Mapping[TagId, Tag]
TIME = pa.timestamp("ns", "UTC")


def samples_table(rows: Batch, tags: Tags) -> pa.Table:
    """`time`, `path`, `value`, `quality` of samples."""
    return pa.table(
        {
            "time": pa.array(rows.time, TIME),
            "path": _paths(rows.tag, tags),
            "value": _numbers(rows.value),
            "quality": pa.array(rows.quality),
        }
    )


def answer_table(answer: Answer, tags: Tags, *, wide: bool = False) -> pa.Table:
    """`time` (the start), `path`, and of each aggregate its value and quality.

    `shift` names the interval where they have names; `…_time` is when, of those that have a time
    of their own. Wide: `time` and a column for each tag, named by its path, and by its aggregate
    too where there are several.
    """
    return _wide(answer, tags) if wide else _long(answer, tags)


def _long(answer: Answer, tags: Tags) -> pa.Table:
    intervals, size = answer.intervals, len(answer.tags)
    columns = {"time": pa.array(np.repeat(intervals.starts, size), TIME)}
    if intervals.names:
        columns["shift"] = _named(intervals, size)
    columns["path"] = _paths(np.tile(answer.tags, len(intervals.starts)), tags)
    for name, column in answer.columns.items():
        word = name.replace("-", "_")
        columns[word] = _numbers(column.value.T.ravel())
        if column.time is not None:
            columns[f"{word}_time"] = pa.array(column.time.T.ravel(), TIME)
        columns[f"{word}_quality"] = pa.array(column.status.T.ravel())
    return pa.table(columns)


def _wide(answer: Answer, tags: Tags) -> pa.Table:
    intervals = answer.intervals
    fields = [pa.field("time", TIME)]
    arrays = [pa.array(intervals.starts, TIME)]
    if intervals.names:
        arrays.append(_named(intervals, 1))
        fields.append(pa.field("shift", arrays[-1].type))
    for place, number in enumerate(answer.tags.tolist()):
        tag = tags[TagId(number)]
        for name, column in answer.columns.items():
            title = tag.path if len(answer.columns) == 1 else f"{tag.path}:{name}"
            fields.append(_field(title, unit_of(name, tag.unit)))
            arrays.append(_numbers(column.value[place]))
    return pa.table(arrays, schema=pa.schema(fields))


def grid_table(grid: Grid, tags: Tags, *, wide: bool = True) -> pa.Table:
    """`time` and a column for each tag; long: `time`, `path`, `value`, `quality`."""
    if not wide:
        column, size = grid.column, len(grid.tags)
        return pa.table(
            {
                "time": pa.array(np.repeat(grid.times, size), TIME),
                "path": _paths(np.tile(grid.tags, len(grid.times)), tags),
                "value": _numbers(column.value.T.ravel()),
                "quality": pa.array(column.status.T.ravel()),
            }
        )
    found = [tags[TagId(number)] for number in grid.tags.tolist()]
    fields = [pa.field("time", TIME), *(_field(tag.path, tag.unit) for tag in found)]
    arrays = [pa.array(grid.times, TIME), *map(_numbers, grid.column.value)]
    return pa.table(arrays, schema=pa.schema(fields))


def events_table(found: Sequence[Event]) -> pa.Table:
    """`time`, `path`, `kind`, `text`, `severity`, `data` (JSON) of events."""
    return pa.table(
        {
            "time": pa.array([event.time for event in found], TIME),
            "path": pa.array([event.path for event in found], pa.string()),
            "kind": pa.array([event.kind for event in found], pa.string()),
            "text": pa.array([event.text for event in found], pa.string()),
            "severity": pa.array([event.severity for event in found], pa.int32()),
            "data": pa.array([json.dumps(dict(event.data)) for event in found], pa.string()),
        }
    )


def states_table(found: StateTimes, intervals: Intervals, tags: Tags) -> pa.Table:
    """`time`, `path`, `state` (its word in the legend), `code`, `seconds`."""
    words = {number: _legend(tag) for number, tag in tags.items()}
    pairs = zip(found.tag.tolist(), found.code.tolist(), strict=True)
    texts = [words[TagId(tag)].get(code, str(code)) for tag, code in pairs]
    return pa.table(
        {
            "time": pa.array(intervals.starts[found.interval], TIME),
            "path": _paths(found.tag, tags),
            "state": pa.array(texts, pa.string()).dictionary_encode(),
            "code": pa.array(found.code, mask=found.code == UNKNOWN),
            "seconds": _numbers(found.seconds),
        }
    )


def _legend(tag: Tag) -> dict[int, str]:
    return {**tag.legend, UNKNOWN: "unknown"}


def _field(title: str, unit: str) -> pa.Field:
    return pa.field(title, pa.float64(), metadata={"unit": unit} if unit else None)


def _numbers(value: Floats) -> pa.Array:
    """Numbers with null for NaN."""
    return pa.array(np.ascontiguousarray(value), from_pandas=True)


def _named(intervals: Intervals, each: int) -> pa.Array:
    names = [name for name in intervals.names for _ in range(each)]
    return pa.array(names, pa.string()).dictionary_encode()


def _paths(tag: Int32s | npt.NDArray[np.int32], tags: Tags) -> pa.Array:
    known = np.array(sorted(tags), np.int32)
    names = pa.array([tags[TagId(number)].path for number in known.tolist()], pa.string())
    places: Int64s = np.searchsorted(known, tag)
    return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32)), names)
