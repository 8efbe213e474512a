"""Batches as Arrow columns and back, exact to the last bit and the last nanosecond.

Plant values are mostly decimals of few places. Where a value is an exact multiple of 0.001, the
file holds it as DECIMAL(18,3) in a delta-packed INT64 (1.5 bytes a sample against 2.7 for a
dictionary of doubles), elsewhere as DOUBLE; one of the pair is null. Delta Lake timestamps are
microseconds, so `sub_ns` holds the 0 to 999 ns that are left, null where there are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from isthmus.model.sample import Batch, Bools, Floats, Int32s, Int64s, TagId

N = TypeVar("N", bound=np.generic)
SAMPLES = pa.schema(
    [
        pa.field("tag", pa.int32(), nullable=False),
        pa.field("time", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("sub_ns", pa.int16()),
        pa.field("value", pa.float64()),
        pa.field("exact", pa.decimal128(18, 3)),
        pa.field("status", pa.int32(), nullable=False),  # the bits of OPC UA's uint32
        pa.field("seq", pa.int64(), nullable=False),  # of the seal: the greater one wins
    ]
)
MOST_TAGS = 1 << 24  # of a site; last values are kept by id, so a wild one must not make room
LONG = 32  # rows that a tag has in a row, on average, from which on it is copied in one go
EXACT_BELOW = 1e12  # so that value * 1000 stays below 2**53


def _validity(keep: Bools) -> tuple[pa.Buffer, int]:
    """Arrow's validity bitmap of a mask, and how many are null."""
    return pa.py_buffer(np.packbits(keep, bitorder="little")), len(keep) - int(keep.sum())


def _pair(value: Floats) -> tuple[pa.Array, pa.Array]:
    """`value` as (doubles, decimals), each null where the other is not."""
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.where(np.abs(value) < EXACT_BELOW, np.rint(value * 1000), 0.0)
        exact = (scaled / 1000 == value) & ~((value == 0) & np.signbit(value))
    wide = np.zeros((len(value), 2), np.int64)
    wide[:, 0] = scaled
    wide[:, 1] = wide[:, 0] >> 63
    bits, nulls = _validity(exact)
    decimals = pa.Array.from_buffers(
        pa.decimal128(18, 3), len(value), [bits, pa.py_buffer(wide)], null_count=nulls
    )
    bits, nulls = _validity(~exact)
    doubles = pa.Array.from_buffers(
        pa.float64(),
        len(value),
        [bits, pa.py_buffer(np.ascontiguousarray(value))],
        null_count=nulls,
    )
    return doubles, decimals


def encode(batch: Batch, seq: int) -> pa.RecordBatch:
    """The record batch of schema `SAMPLES` that holds `batch`, written by seal number `seq`."""
    size = len(batch)
    micro = batch.time // 1000
    rest = (batch.time - micro * 1000).astype(np.int16)
    doubles, decimals = _pair(batch.value)
    bits, nulls = _validity(rest != 0)
    columns = [
        pa.array(batch.tag),
        pa.array(micro).cast(SAMPLES.field("time").type),
        pa.Array.from_buffers(pa.int16(), size, [bits, pa.py_buffer(rest)], null_count=nulls),
        doubles,
        decimals,
        pa.array(batch.quality.view(np.int32)),
        pa.array(np.full(size, seq, np.int64)),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SAMPLES)


def decode(table: pa.Table, tag: Int32s | None = None) -> Batch:
    """The samples in a table of schema `SAMPLES`, copied out of it.

    `seq` may be missing, and so may columns that are null throughout, and `tag` where it is given.
    """
    size = table.num_rows
    if not size:
        return Batch.empty()
    column = {name: _one(table.column(name)) for name in table.schema.names if name != "seq"}
    time = _numbers(column["time"], np.int64) * 1000
    if (rest := column.get("sub_ns")) is not None:
        time += rest.fill_null(0).to_numpy(zero_copy_only=False)
    return Batch(
        _numbers(column["tag"], np.int32).copy() if tag is None else tag,
        time,
        _values(column.get("value"), column.get("exact")),
        _numbers(column["status"], np.int32).copy().view(np.uint32),
    )


def _one(column: pa.ChunkedArray) -> pa.Array:
    """A chunked column as one array."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _numbers(column: pa.Array, kind: type[N]) -> npt.NDArray[N]:
    """The data buffer of a column without nulls, as a view."""
    return np.frombuffer(column.buffers()[1], kind, len(column), column.offset * kind().itemsize)


def _values(doubles: pa.Array, decimals: pa.Array) -> Floats:
    """The doubles of a pair of columns, of which one may be None.

    An integer of 1/1000 divided by 1000 gives back the double that it came from; Arrow's own cast
    of a decimal to double does not (it differs in the last bit of every twelfth value).
    """
    if decimals is None or (doubles is not None and not doubles.null_count):
        return np.asarray(doubles.to_numpy(zero_copy_only=False), np.float64).copy()
    words = np.frombuffer(decimals.buffers()[1], np.int64)
    low = words[2 * decimals.offset : 2 * (decimals.offset + len(decimals)) : 2]
    exact: Floats = low / 1000
    if doubles is not None and decimals.null_count:
        absent = decimals.is_null().to_numpy(zero_copy_only=False)
        exact[absent] = doubles.to_numpy(zero_copy_only=False)[absent]
    return exact


def ids(tags: Sequence[TagId] | Int32s) -> Int32s:
    """The tags as an ascending column without repetition."""
    return np.unique(np.asarray(tags, np.int32))


def fit_tags(batch: Batch) -> None:
    """ValueError where a tag's id is none that a site gives."""
    if not len(batch):
        return
    if (low := int(batch.tag.min())) < 0:
        raise ValueError(f"a tag id below zero: {low}")
    if (high := int(batch.tag.max())) >= MOST_TAGS:
        raise ValueError(f"a tag id beyond {MOST_TAGS - 1:,}: {high:,}")


def by_tag(tag: Int32s) -> Int64s:
    """The stable order by tag, in linear time: 16 bits at a time, which NumPy sorts by radix."""
    if not len(tag):
        return np.empty(0, np.int64)
    low, high = int(tag.min()), int(tag.max())
    if low < 0:
        return np.argsort(tag, kind="stable")
    order = np.argsort((tag & 0xFFFF).astype(np.uint16), kind="stable")
    if high > 0xFFFF:  # noqa: PLR2004 - 16 bits
        order = order[np.argsort((tag[order] >> 16).astype(np.uint16), kind="stable")]
    return order


def arranged(batch: Batch) -> Batch:
    """The rows by (tag, time); rows of equal tag and time keep their order."""
    if len(batch) < 2:  # noqa: PLR2004 - one row is in order
        return batch
    tag, time = batch.tag, batch.time
    turned = tag[1:] < tag[:-1]
    if not (turned | ((tag[1:] == tag[:-1]) & (time[1:] < time[:-1]))).any():
        return batch
    order = by_tag(tag)
    tag, time = tag[order], time[order]
    if ((time[1:] < time[:-1]) & (tag[1:] == tag[:-1])).any():  # late rows: sort in full
        order = np.lexsort((batch.time, batch.tag))
        tag, time = batch.tag[order], batch.time[order]
    return Batch(tag, time, batch.value[order], batch.quality[order])


def settled(batch: Batch) -> Batch:
    """The rows by (tag, time), of equal tag and time only the last written."""
    rows = arranged(batch)
    tag, time = rows.tag, rows.time
    again = (tag[1:] == tag[:-1]) & (time[1:] == time[:-1])
    return rows.where(np.append(~again, True)) if again.any() else rows


def joined(parts: Sequence[Batch]) -> Batch:
    """The rows of arranged parts by (tag, time), of equal tag and time those of the last part.

    Parts mostly follow each other in time. So a tag's rows of a part are copied as they lie, and
    only of tags whose rows overlap are they sorted.
    """
    parts = [part for part in parts if len(part)]
    if len(parts) < 2:  # noqa: PLR2004 - one part is in order
        return settled(Batch.concat(parts))
    runs = [np.append(0, np.flatnonzero(part.tag[1:] != part.tag[:-1]) + 1) for part in parts]
    if sum(map(len, runs)) * LONG > sum(map(len, parts)):
        return settled(Batch.concat(parts))
    stops = [np.append(first[1:], len(part)) for part, first in zip(parts, runs, strict=True)]
    tag = np.concatenate([part.tag[at] for part, at in zip(parts, runs, strict=True)])
    begin = np.concatenate([part.time[at] for part, at in zip(parts, runs, strict=True)])
    end = np.concatenate([part.time[at - 1] for part, at in zip(parts, stops, strict=True)])
    cut = [
        part.slice(*places)
        for part, first, stop in zip(parts, runs, stops, strict=True)
        for places in zip(first.tolist(), stop.tolist(), strict=True)
    ]
    order = np.lexsort((begin, tag))
    meet = (tag[order][1:] == tag[order][:-1]) & (begin[order][1:] <= end[order][:-1])
    late = np.isin(tag, tag[order][1:][meet])
    found = [cut[at] for at in order[~late[order]].tolist()]
    if late.any():
        found += _by_tags(settled(Batch.concat([cut[at] for at in np.flatnonzero(late)])))
        found.sort(key=lambda rows: int(rows.tag[0]))
    return Batch.concat(found)


def _by_tags(rows: Batch) -> list[Batch]:
    """Arranged rows, each tag's alone."""
    edges = np.flatnonzero(rows.tag[1:] != rows.tag[:-1]) + 1
    return [rows.slice(first, stop) for first, stop in pairwise([0, *edges.tolist(), len(rows)])]


def ends(rows: Batch) -> Batch:
    """The last row of each tag of arranged rows."""
    return rows.where(np.append(rows.tag[1:] != rows.tag[:-1], True)) if len(rows) else rows


def rows_of(batch: Batch, tags: Int32s, start: int, end: int) -> Batch:
    """The rows of `tags` (ascending) in [start, end) of an arranged batch."""
    tag, time = batch.tag, batch.time
    if not len(tag) or not len(tags):
        return Batch.empty()
    if len(tags) > 64:  # noqa: PLR2004 - a mask over all is cheaper than so many searches
        wanted = np.zeros(int(max(tag[-1], tags[-1])) + 1, np.bool_)
        wanted[tags] = True
        return batch.where(wanted[tag] & (time >= start) & (time < end))
    parts = []
    for low, high in zip(
        np.searchsorted(tag, tags, "left"), np.searchsorted(tag, tags, "right"), strict=True
    ):
        if low < high:
            first, stop = np.searchsorted(time[low:high], (start, end))
            if first < stop:
                parts.append(batch.slice(int(low + first), int(low + stop)))
    return Batch.concat(parts)
