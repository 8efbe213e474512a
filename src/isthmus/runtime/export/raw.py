"""Samples as they were stored, a bounded number at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa

from isthmus.historian.export import table
from isthmus.historian.port import Samples
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Tag

HOUR = 3_600 * 10**9
FEW, MANY = 50_000, 250_000  # rows a read: below, the next one spans more; above, less
RAW = pa.schema(
    [
        pa.field("time", pa.timestamp("ns", "UTC")),
        pa.field("tag", pa.dictionary(pa.int32(), pa.string())),
        pa.field("value", pa.float64()),
        pa.field("quality", pa.uint32()),
    ]
)


def raw_tables(
    samples: Samples, tags: Mapping[TagId, Tag], start: Nanoseconds, end: Nanoseconds
) -> Iterator[pa.Table]:
    """Tables of schema `RAW`: all samples in [start, end), by tag in the order given, then time."""
    paths = {number: tag.path for number, tag in tags.items()}
    span = 6 * HOUR
    for number in tags:
        at = int(start)
        while at < end:
            until = min(at + span, int(end))
            rows = samples.raw([number], Nanoseconds(at), Nanoseconds(until))
            yield table(rows, paths)
            at = until
            if len(rows) < FEW:
                span = min(span * 4, 400 * 24 * HOUR)
            elif len(rows) > MANY:
                span = max(span // 2, HOUR // 60)
