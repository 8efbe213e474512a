"""Events beside the samples, in a Delta table of their own."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from isthmus.historian.delta.damage import Damage, checked, is_shortage
from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.delta.narrow import narrowed
from isthmus.historian.delta.parquet import Sink
from isthmus.historian.durable import fsync
from isthmus.historian.event import matching
from isthmus.historian.settings import DAY
from isthmus.model.errors import StorageError
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds

BROKEN = (pa.ArrowException, OSError, ValueError)
EVENTS = pa.schema(
    [
        pa.field("time", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("sub_ns", pa.int16()),
        pa.field("path", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("severity", pa.int32(), nullable=False),
        pa.field("data", pa.string()),  # a JSON object
        pa.field("seq", pa.int64(), nullable=False),
    ]
)


def encode_events(events: Sequence[Event], seq: int) -> pa.Table:
    """The table of schema `EVENTS` that holds `events`, written by seal number `seq`."""
    time = np.array([event.time for event in events], np.int64)
    return pa.table(
        [
            pa.array(time // 1000).cast(EVENTS.field("time").type),
            pa.array([event.time % 1000 or None for event in events], pa.int16()),
            pa.array([event.path for event in events], pa.string()),
            pa.array([event.kind for event in events], pa.string()),
            pa.array([_clean(event.text) for event in events], pa.string()),
            pa.array([event.severity for event in events], pa.int32()),
            pa.array([json.dumps(dict(event.data)) if event.data else None for event in events]),
            pa.array(np.full(len(events), seq, np.int64)),
        ],
        schema=EVENTS,
    )


def fit(events: Sequence[Event]) -> None:
    """ValueError for what could be appended and never sealed."""
    try:
        encode_events(events, 0)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"an event that no table can hold: {error}") from error


def _clean(text: str) -> str:
    """The text without lone surrogates, which UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()


def decode_events(table: pa.Table) -> list[Event]:
    """The events in a table of schema `EVENTS`."""
    micro = table["time"].cast(pa.int64()).to_pylist()
    names = ("sub_ns", "path", "kind", "text", "severity", "data")
    return [
        Event(
            Nanoseconds(time * 1000 + (rest or 0)),
            path,
            kind,
            text,
            severity,
            json.loads(data) if data else {},
        )
        for time, rest, path, kind, text, severity, data in zip(
            micro, *(table[name].to_pylist() for name in names), strict=True
        )
    ]


def write_events(
    table: Path, draft: Path, events: Iterable[Event], seq: int, *, turn: int = 0
) -> list[DataFile]:
    """Durable files of `events`, one for each UTC day, moved into `table`; raises OSError."""
    days: dict[int, list[Event]] = {}
    for event in events:
        days.setdefault(event.time // DAY, []).append(event)
    made = []
    for day, rows in sorted(days.items()):
        rows.sort(key=lambda event: event.time)
        date = str(np.datetime64(day, "D"))
        with Sink(draft) as sink:
            pq.write_table(
                encode_events(rows, seq),
                sink,
                compression="zstd",
                write_page_checksum=True,
                row_group_size=16_384,
            )
        folder = table / f"date={date}"
        if not folder.is_dir():
            folder.mkdir()
            fsync(table)
        path = folder / f"{seq:012d}-{turn:06d}-{sink.crc:08x}.parquet"
        size = draft.stat().st_size
        draft.rename(path)
        fsync(folder)
        times = (rows[0].time, rows[-1].time)
        name = f"{folder.name}/{path.name}"
        made.append(DataFile(name, size, len(rows), date, seq, times=times))
    return made


def file_events(root: Path, file: DataFile) -> list[Event]:
    """All events of one sealed file, by time."""
    return decode_events(checked(root / file.path))


def read_events(
    root: Path,
    files: Sequence[DataFile],
    start: int,
    end: int,
    *,
    limit: int,
    damaged: Damage,
    kinds: Collection[str] = (),
    path: str | None = None,
) -> list[Event]:
    """The newest `limit` matching events of sealed `files`, those of one time as they came.

    Files are read newest first, until no older file can hold a newer event. Broken ones are noted
    in `damaged` and left out. Raises StorageError where this process cannot read just now.
    """
    found: list[Event] = []
    parts: list[tuple[int, list[Event]]] = []
    near = [
        file
        for file in files
        if file.times[0] < end and file.times[1] >= start and file.path not in damaged
    ]
    for file in sorted(near, key=lambda file: file.times, reverse=True):
        if len(found) >= limit and file.times[1] < sorted(e.time for e in found)[-limit]:
            continue
        try:
            table = narrowed(checked(root / file.path), start, end, path, kind=kinds)
            part = matching(decode_events(table), start, end)
        except BROKEN as error:  # maintenance sets it aside
            if is_shortage(error):
                raise StorageError(f"reading {root / file.path}: {error}") from error
            damaged.note(file, error)
            continue
        parts.append((file.seq, part))
        found += part
    return [event for _, part in sorted(parts, key=lambda each: each[0]) for event in part]
