"""A row of numbers as a row of bars."""

from __future__ import annotations

from collections.abc import Sequence

LEVELS = "▁▂▃▄▅▆▇█"
GAP = "·"


def bars(values: Sequence[float | None]) -> str:
    """A bar for each value between the least and the greatest; a dot where there is none."""
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    step = (high - low) / (len(LEVELS) - 1)
    return "".join(
        GAP if value is None else LEVELS[round((value - low) / step) if step > 0 else 0]
        for value in values
    )
