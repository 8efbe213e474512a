"""Statistical process control: limits of charts, capability, and the rules of Western Electric.

Limits come from the spread within subgroups (Shewhart; constants of normal samples), never from
the spread of all values: that would hide what the chart is there to show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from isthmus.model.sample import Bools, Floats

# Mean and standard deviation of the range of so many normal values with a deviation of 1.
D2 = {2: 1.128379, 3: 1.692569, 4: 2.058751, 5: 2.325929, 6: 2.534413, 7: 2.704357, 8: 2.847201}
D2 |= {9: 2.970026, 10: 3.077505}
D3 = {2: 0.852502, 3: 0.888368, 4: 0.879808, 5: 0.864082, 6: 0.848040, 7: 0.833205, 8: 0.819831}
D3 |= {9: 0.807834, 10: 0.797051}
MOST = max(D2)  # values a subgroup; beyond, a range tells little of them
FEWEST = 2  # points of a chart
LEAST = float(np.finfo(np.float64).eps)  # of the mean: below, a spread is what rounding left


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """Points with their centre and limits; `sigma` is the spread of a point around the centre."""

    points: Floats
    centre: float
    sigma: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Signal:
    """A rule that was broken, 1 to 4, at the point that broke it (from 0)."""

    rule: int
    at: int


RULES = {
    1: "one point beyond three sigma",
    2: "two of three points beyond two sigma on one side",
    3: "four of five points beyond one sigma on one side",
    4: "eight points in a row on one side",
}


def individuals(values: Floats) -> Chart | None:
    """The chart of single values, limits from the ranges of neighbours; None below two."""
    if len(values) < FEWEST:
        return None
    centre, sigma = float(values.mean()), float(np.abs(np.diff(values)).mean()) / D2[2]
    return Chart(values, centre, sigma, centre - 3 * sigma, centre + 3 * sigma)


def subgroups(values: Floats, size: int) -> tuple[Chart, Chart] | None:
    """The charts of means and of ranges of subgroups of `size` values in order (Xbar-R).

    What does not fill the last subgroup is left out; None below two subgroups.
    """
    _require_size(size)
    whole = len(values) // size
    if whole < FEWEST:
        return None
    rows = values[: whole * size].reshape(whole, size)
    means, ranges = rows.mean(axis=1), np.ptp(rows, axis=1)
    return limits(means, ranges, size)


def limits(means: Floats, ranges: Floats, size: int) -> tuple[Chart, Chart]:
    """The charts of means and of ranges that were taken of subgroups of `size` values."""
    _require_size(size)
    grand, mean_range = float(means.mean()), float(ranges.mean())
    within = mean_range / D2[size]
    sigma, spread = within / size**0.5, within * D3[size]
    least = max(0.0, mean_range - 3 * spread)
    return (
        Chart(means, grand, sigma, grand - 3 * sigma, grand + 3 * sigma),
        Chart(ranges, mean_range, spread, least, mean_range + 3 * spread),
    )


def _require_size(size: int) -> None:
    if size not in D2:
        raise ValueError(f"a subgroup has 2 to {MOST} values, not {size}")


def western_electric(chart: Chart) -> list[Signal]:
    """Where the points break the four rules (Western Electric handbook, 1956), in their order."""
    if chart.sigma <= 0:
        return []
    away = (chart.points - chart.centre) / chart.sigma
    return sorted(_signals(away), key=lambda signal: (signal.at, signal.rule))


def _signals(away: Floats) -> Iterator[Signal]:
    for side in (away, -away):
        for rule, many, of, beyond in ((1, 1, 1, 3), (2, 2, 3, 2), (3, 4, 5, 1), (4, 8, 8, 0)):
            for at in np.flatnonzero(_many(side > beyond, many, of)).tolist():
                yield Signal(rule, at)


def _many(beyond: Bools, many: int, of: int) -> Bools:
    """Whether a point is beyond, as are `many` of the last `of`, itself included."""
    total = np.concatenate([[0], np.cumsum(beyond)])
    place = np.arange(1, len(total))
    found: Bools = beyond & (total[place] - total[np.maximum(place - of, 0)] >= many)
    return found


@dataclass(frozen=True, slots=True)
class Capability:
    """How well values fit between limits (ISO 22514-2); None where a limit is missing.

    `cp` and `cpk` compare with the spread within subgroups, `pp` and `ppk` with that of all values.
    """

    count: int
    mean: float
    within: float
    overall: float
    cp: float | None
    cpk: float | None
    pp: float | None
    ppk: float | None


def capability(
    values: Floats, *, lower: float | None = None, upper: float | None = None, size: int = 1
) -> Capability | None:
    """The capability of values; None where there are too few, or they do not vary.

    The spread within is of neighbours where `size` is 1, of subgroups otherwise.
    """
    if size == 1:
        chart = individuals(values)
        within = chart.sigma if chart else 0.0
    else:
        charts = subgroups(values, size)
        within = charts[0].sigma * size**0.5 if charts else 0.0
    if len(values) < FEWEST:
        return None
    mean, overall = float(values.mean()), float(values.std(ddof=1))
    if min(within, overall) <= LEAST * max(abs(mean), 1e-200):
        return None
    return Capability(
        *(len(values), mean, within, overall),
        *_indices(mean, within, lower, upper),
        *_indices(mean, overall, lower, upper),
    )


def _indices(
    mean: float, sigma: float, lower: float | None, upper: float | None
) -> tuple[float | None, float | None]:
    sides = [upper - mean] if upper is not None else []
    sides += [mean - lower] if lower is not None else []
    width = None if lower is None or upper is None else (upper - lower) / (6 * sigma)
    return width, min(sides) / (3 * sigma) if sides else None
