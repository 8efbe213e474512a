"""How far a wide view reads where a query does not say from when."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow.compute as pc

from isthmus.historian.settings import LakeSettings
from isthmus.historian.sql.allow import ForbiddenError
from isthmus.historian.sql.bounds import Bounds
from isthmus.historian.sql.shelf import Shelf
from isthmus.historian.sql.sources import Node, is_preview

DAY_US = 86_400_000_000
LIMIT = "53400"  # as the protocol says of what exceeds a limit


def windowed(
    name: str, bounds: Bounds, tree: Node, shelf: Shelf, settings: LakeSettings
) -> tuple[Bounds, bool]:
    """`bounds` where they will do, and whether rows before them are to be left out.

    Where any rows will do, those of the newest day; ForbiddenError where nothing says from when and
    history is long.
    """
    if bounds.start is not None:
        return bounds, False
    oldest, newest = _span(shelf)
    end = newest if bounds.end is None else min(newest, bounds.end)
    if end - oldest <= settings.sql_window // 1000:
        return bounds, False
    if is_preview(tree.get("node", {})):
        return Bounds(newest - min(DAY_US, settings.sql_window // 1000)), True
    raise ForbiddenError(
        LIMIT,
        f"{name} is read without a time, and history begins {_day(oldest)}",
        hint="say from when in the SELECT that reads it: `where time >= now() - interval '1 day'`; "
        "`sql: {limits: {window: 31 d}}` allows more",
    )


def _span(shelf: Shelf) -> tuple[int, int]:
    """The oldest and the newest time of a sample, in microseconds."""
    files = [*shelf.clean, *shelf.mixed]
    starts = [file.times[0] // 1000 for file in files]
    ends = [file.times[1] // 1000 for file in files]
    if len(shelf.hot):
        found = pc.min_max(shelf.hot["time"].cast("int64")).as_py()
        starts.append(found["min"])
        ends.append(found["max"])
    return min(starts, default=0), max(ends, default=0)


def _day(microseconds: int) -> str:
    return f"{datetime.fromtimestamp(microseconds / 1e6, UTC):%Y-%m-%d}"
