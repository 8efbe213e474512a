"""The rows of a small table that a question is about, found before they become objects."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

US = 1_000  # ns in the microseconds of a table
MOST = 2**63 // US


def narrowed(
    table: pa.Table, start: int, end: int, path: str | None = None, **words: Collection[str]
) -> pa.Table:
    """The rows whose time begins in [start, end), ns, with all of the microsecond that `end` cuts.

    Only those at or below `path`, and with one of `words` in the column so named (any if empty).
    """
    moment = table.schema.field("time").type
    first, last = (pa.scalar(_micro(time), pa.int64()).cast(moment) for time in (start, end + 999))
    wanted = (pc.field("time") >= first) & (pc.field("time") < last)
    if path is not None:
        at = pc.field("path")
        wanted &= (at == path) | pc.starts_with(at, pattern=f"{path}/")
    for name, some in words.items():
        if some:
            wanted &= pc.field(name).isin(pa.array(sorted(some), pa.string()))
    return table.filter(wanted)


def _micro(time: int) -> int:
    return max(-MOST, min(time // US, MOST))
