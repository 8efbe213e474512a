"""What moved with a tag: rank correlation on a common grid, at the lag where it is strongest."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from isthmus.model.sample import Bools, Floats

FEWEST = 30  # stretches in which both are known; below it nothing is said
BETTER = 0.03  # by how much another lag has to be stronger than none
CHANCE = 0.05  # of naming one where there is none, over all that were tried


@dataclass(frozen=True, slots=True)
class Together:
    """How a series moved with another one.

    `rho` is Spearman's rank correlation, over the `pairs` stretches in which both are known;
    `lag` is by how many stretches it comes after the other (negative: before). Neighbouring
    stretches are alike, so that the pairs are worth only `independent` ones: a chance
    correlation is about 1 / sqrt(independent).
    """

    rho: float
    lag: int
    pairs: int
    independent: float
    tried: int

    @property
    def sure(self) -> bool:
        """Whether chance alone gives so strong a `rho` in fewer than one of twenty whole tries."""
        errors = NormalDist().inv_cdf(1 - CHANCE / 2 / self.tried)
        return self.independent > 1 and abs(self.rho) * self.independent**0.5 > errors


def together(
    one: Floats, other: Floats, counted: Bools, most_lag: int, *, series: int = 1
) -> Together | None:
    """How `other` moved with `one`, equal stretches of time; None where too little is known.

    NaN is not known; only stretches of `one` that are `counted` take part. A series that does not
    move has no correlation; `series` is how many are compared with `one` in all.
    """
    one = np.where(counted, one, np.nan)
    lag = _strongest(ranks(one), ranks(other), most_lag)
    mine, others = _shifted(one, other, lag)
    known = ~np.isnan(mine) & ~np.isnan(others)
    pairs = int(known.sum())
    if pairs < FEWEST:
        return None
    left, right = ranks(mine[known]), ranks(others[known])
    rho = _pearson(left, right)
    if rho is None:
        return None
    alike = _neighbours(left) * _neighbours(right)
    tried = (2 * most_lag + 1) * max(1, series)
    return Together(rho, lag, pairs, pairs * (1 - alike) / (1 + alike), tried)


def ranks(values: Floats) -> Floats:
    """The rank of each value from 1 on, equal ones share their mean; NaN keeps no rank."""
    found = np.full(len(values), np.nan)
    known = ~np.isnan(values)
    _, place, count = np.unique(values[known], return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    found[known] = (last - (count - 1) / 2)[place]
    return found


def _strongest(one: Floats, other: Floats, most: int) -> int:
    """The lag at which the ranks of both have the strongest correlation; 0 where none is better."""
    found, best = 0, abs(_at(one, other, 0)) + BETTER
    for size in range(1, most + 1):
        for lag in (size, -size):
            if (here := abs(_at(one, other, lag))) > best:
                found, best = lag, here
    return found


def _at(one: Floats, other: Floats, lag: int) -> float:
    left, right = _shifted(one, other, lag)
    known = ~np.isnan(left) & ~np.isnan(right)
    if int(known.sum()) < FEWEST:
        return 0.0
    return _pearson(left[known], right[known]) or 0.0


def _shifted(one: Floats, other: Floats, lag: int) -> tuple[Floats, Floats]:
    """Both cut so that equal places lie `lag` stretches apart."""
    size = len(one)
    return (one[: size - lag], other[lag:]) if lag >= 0 else (one[-lag:], other[: size + lag])


def _pearson(left: Floats, right: Floats) -> float | None:
    left, right = left - left.mean(), right - right.mean()
    size = float(np.sqrt((left @ left) * (right @ right)))
    return float(np.clip(left @ right / size, -1.0, 1.0)) if size > 0 else None


def _neighbours(ranked: Floats) -> float:
    """How alike a stretch is to the next one, from 0 (not at all) to just below 1."""
    return float(np.clip(_pearson(ranked[:-1], ranked[1:]) or 0.0, 0.0, 0.999))
