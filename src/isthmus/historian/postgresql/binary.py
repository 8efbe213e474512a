"""Samples as rows of PostgreSQL's binary COPY: one structured array, no object a row.

A row is the number of its fields, then of each field its length and its bytes, big-endian; a
`timestamptz` is int64 microseconds since 2000. The nanoseconds below are a field of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from isthmus.model.errors import ProtocolError
from isthmus.model.sample import Batch, Int64s

HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
EPOCH = 946_684_800_000_000  # 2000-01-01 in microseconds of 1970
ROWS = 32_768  # of one piece: 2 MB

WRITTEN = ("time", "value", "seq", "tag", "status", "sub_ns")
READ = ("time", "value", "tag", "status", "sub_ns")
KEY = ("time", "tag", "sub_ns")
KINDS = {"time": "i8", "value": "f8", "seq": "i4", "tag": "i4", "status": "i4", "sub_ns": "i2"}


def layout(names: Iterable[str]) -> np.dtype[np.void]:
    """The dtype of a row of these columns."""
    fields = [("fields", ">i2")]
    for name in names:
        fields += [(f"{name} size", ">i4"), (name, f">{KINDS[name]}")]
    return np.dtype(fields)


def micros(time: Int64s) -> tuple[Int64s, Int64s]:
    """Times (ns UTC) as PostgreSQL's microseconds, and the 0 to 999 ns that are left."""
    micro = time // 1000
    return micro - EPOCH, time - micro * 1000


def encode(batch: Batch, names: tuple[str, ...], seq: int = 0) -> Iterator[bytes]:
    """The stream of bytes that copies the rows into columns `names`, in pieces."""
    row = layout(names)
    yield HEAD
    for start in range(0, len(batch), ROWS):
        part = batch.slice(start, start + ROWS)
        rows = np.zeros(len(part), row)
        rows["fields"] = len(names)
        for name in names:
            rows[f"{name} size"] = np.dtype(KINDS[name]).itemsize
        time, rest = micros(part.time)
        columns = {
            "time": time,
            "value": part.value,
            "seq": seq,
            "tag": part.tag,
            "status": part.quality.view(np.int32),
            "sub_ns": rest,
        }
        for name in names:
            rows[name] = columns[name]
        yield rows.tobytes()
    yield END


def decode(data: bytes) -> Batch:
    """The samples in a whole stream of the columns `READ`; ProtocolError where it is none."""
    row = layout(READ)
    count, rest = divmod(len(data) - len(HEAD) - len(END), row.itemsize)
    if rest or not data.startswith(HEAD[:11]) or not data.endswith(END):
        raise ProtocolError(f"reading samples: {len(data)} bytes are no whole binary COPY")
    rows = np.frombuffer(data, row, count, len(HEAD))
    if not (rows["fields"] == len(READ)).all():
        raise ProtocolError("reading samples: a row of other columns")
    return Batch(
        rows["tag"].astype(np.int32),
        (rows["time"].astype(np.int64) + EPOCH) * 1000 + rows["sub_ns"],
        rows["value"].astype(np.float64),
        rows["status"].astype(np.int32).view(np.uint32),
    )
