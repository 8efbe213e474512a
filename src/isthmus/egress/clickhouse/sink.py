"""Samples in ClickHouse: what is sent twice has the effect of being sent once.

ClickHouse has no transactions. Every row carries when the stream stored it; the tables keep of
equal keys the row written last (ReplacingMergeTree), and the position goes in after the rows. So a
parcel that a crash cut off is sent again, and falls on its own rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import numpy as np

from isthmus.egress.clickhouse.http import Server
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Int64s, TagId
from isthmus.model.secret import Secret
from isthmus.model.sink import Parcel
from isthmus.model.tag import Tag

TABLES = (
    """create table if not exists {db}.samples (
      tag Int32, time_ns Int64, value Float64, quality UInt32, written UInt64,
      time DateTime('UTC') materialized toDateTime(intDiv(time_ns, 1000000000), 'UTC')
    ) engine = ReplacingMergeTree(written) partition by toYYYYMM(time) order by (tag, time_ns)""",
    """create table if not exists {db}.tags (
      tag Int32, path String, equipment String, name String, unit String, kind String,
      written UInt64
    ) engine = ReplacingMergeTree(written) order by tag""",
    """create table if not exists {db}.events (
      stream String, seq UInt64, place UInt32, time_ns Int64, path String, kind String,
      text String, severity UInt32, data String, written UInt64,
      time DateTime('UTC') materialized toDateTime(intDiv(time_ns, 1000000000), 'UTC')
    ) engine = ReplacingMergeTree(written) partition by toYYYYMM(time)
    order by (stream, seq, place)""",
    """create table if not exists {db}.positions (stream String, position UInt64, written UInt64)
    engine = ReplacingMergeTree(position) order by stream""",
)
ROW = np.dtype(  # of RowBinary: the columns behind each other, little-endian
    [
        ("tag", "<i4"),
        ("time_ns", "<i8"),
        ("value", "<f8"),
        ("quality", "<u4"),
        ("written", "<u8"),
    ]
)
SAMPLES = f"insert into {{db}}.samples ({', '.join(ROW.names or ())}) format RowBinary"
EVENTS = (
    "insert into {db}.events "
    "(stream, seq, place, time_ns, path, kind, text, severity, data, written) format RowBinary"
)
TAGS = "insert into {db}.tags (tag, path, equipment, name, unit, kind, written) format RowBinary"
POSITIONS = "insert into {db}.positions (stream, position, written) format RowBinary"


class ClickHouseSink:
    """One database of one server."""

    def __init__(
        self,
        url: str,
        *,
        database: str,
        user: str,
        password: Secret | None,
        ca: str,
        timeout: float,
        root: str,
    ) -> None:
        self._server = Server(url, user=user, password=password, ca=ca, timeout=timeout)
        self._database, self._root = database, root
        self._named: dict[TagId, Tag] = {}

    def _ask(self, query: str, body: bytes = b"") -> str:
        return self._server.ask(query.format(db=self._database), body)

    def open(self) -> Mapping[str, int]:
        """Make the tables where there are none; the position of each stream."""
        for table in TABLES:
            self._ask(table)
        self._named.clear()
        found = self._ask(
            "select stream, max(position) from {db}.positions group by stream format TabSeparated"
        )
        rows = (line.split("\t") for line in found.splitlines())
        own = f"{self._root}/"
        return {name[len(own) :]: int(at) for name, at in rows if name.startswith(own)}

    def write(self, parcel: Parcel) -> None:
        """Names first, then rows and events, at last the position."""
        fresh = {id_: tag for id_, tag in parcel.tags.items() if self._named.get(id_) != tag}
        newest = int(parcel.written.max(initial=1))
        if fresh:
            self._ask(TAGS, _tags(fresh.items(), newest))
            self._named.update(fresh)
        if len(parcel.batch):
            self._ask(SAMPLES, _samples(parcel.batch, parcel.written))
        if parcel.events:
            self._ask(EVENTS, _events(f"{self._root}/{parcel.stream}", parcel.events))
        position = _text(f"{self._root}/{parcel.stream}") + _u64(parcel.position) + _u64(newest)
        self._ask(POSITIONS, position)

    def close(self) -> None:
        """Leave."""
        self._server.close()


def _samples(batch: Batch, written: Int64s) -> bytes:
    rows = np.empty(len(batch), ROW)
    rows["tag"], rows["time_ns"], rows["value"] = batch.tag, batch.time, batch.value
    rows["quality"], rows["written"] = batch.quality, written
    # of rows of one message with the same tag and time, the last is meant
    return rows[_last(batch, written)].tobytes()


def _last(batch: Batch, written: Int64s) -> Int64s:
    order = np.lexsort((np.arange(len(batch)), written, batch.time, batch.tag))
    key = np.stack([batch.tag[order].astype(np.int64), batch.time[order]])
    final = np.append((key[:, 1:] != key[:, :-1]).any(axis=0), True)
    places: Int64s = order[final]
    return places


def _tags(tags: Iterable[tuple[TagId, Tag]], written: int) -> bytes:
    return b"".join(
        _i32(id_)
        + b"".join(map(_text, (tag.path, tag.equipment, tag.name, tag.unit, tag.kind.value)))
        + _u64(written)
        for id_, tag in tags
    )


def _events(stream: str, events: Iterable[tuple[int, int, Event]]) -> bytes:
    parts, seen = [], (-1, 0)
    for written, seq, event in events:
        seen = (seq, seen[1] + 1 if seq == seen[0] else 0)
        data = json.dumps(dict(event.data)) if event.data else ""
        parts += [_text(stream), _u64(seq), _u32(seen[1]), _i64(event.time)]
        parts += [_text(event.path), _text(event.kind), _text(event.text)]
        parts += [_u32(event.severity), _text(data), _u64(written)]
    return b"".join(parts)


def _text(text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    size, head = len(data), bytearray()
    while size > 0x7F:  # noqa: PLR2004 - seven bits a byte
        head.append(size & 0x7F | 0x80)
        size >>= 7
    head.append(size)
    return bytes(head) + data


def _i32(number: int) -> bytes:
    return number.to_bytes(4, "little", signed=True)


def _i64(number: int) -> bytes:
    return number.to_bytes(8, "little", signed=True)


def _u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "little")
