"""Energy by several drivers: the baseline of a measure, and what it saved, with error bars.

Hours that follow each other are alike, so that they say less than as many independent ones would:
errors are widened by the residuals' autocorrelation (IPMVP option C, ASHRAE Guideline 14).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isthmus.insight.energy.student import bound, chance
from isthmus.model.sample import Bools, Floats

SHARE = 0.95
LEAST = 4  # hours beyond the number of terms
MOST_ALIKE = 0.99
ALIKE = 1e-9  # of a driver's spread that others do not explain: less is none of its own


@dataclass(frozen=True, slots=True)
class Term:
    """One term: kWh an hour for each of its unit, its standard error, t, and the p-value of 0."""

    name: str
    value: float
    error: float
    t: float
    p: float


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """kWh an hour = base load + sum of terms * drivers, by least squares.

    `terms` begin with `base`. `residual` is the standard deviation of what is left (kWh), `alike`
    the correlation of neighbouring hours' residuals, `effective` how many independent hours the
    `hours` are worth. `unscaled` is the inverse of X'X.
    """

    terms: tuple[Term, ...]
    r2: float
    cv: float
    residual: float
    hours: int
    effective: float
    alike: float
    unscaled: Floats

    @property
    def freedom(self) -> float:
        """Degrees of freedom of what is left."""
        return max(self.effective - len(self.terms), 1.0)

    @property
    def widened(self) -> float:
        """What the autocorrelation multiplies variances of sums with."""
        return (1 + self.alike) / (1 - self.alike)

    def expected(self, drivers: Mapping[str, Floats]) -> Floats:
        """kWh of each hour as the old way would have used them."""
        rows = _matrix(self._names, drivers, _size(drivers))
        told: Floats = rows @ np.array([term.value for term in self.terms])
        return told

    def saved(
        self, energy: Floats, drivers: Mapping[str, Floats], weight: Floats
    ) -> tuple[float, float]:
        """Weighted sum of expected minus used over the hours, and half its 95 % interval.

        The weights are 1 for kWh, prices for money, kg a kWh for CO2.
        """
        rows = _matrix(self._names, drivers, len(energy))
        won = float(((self.expected(drivers) - energy) * weight).sum())
        toward = rows.T @ weight
        variance = float((weight**2).sum() + toward @ self.unscaled @ toward)
        error = self.residual * math.sqrt(variance * self.widened)
        return won, bound(SHARE, self.freedom) * error

    def band(self, drivers: Mapping[str, Floats]) -> Floats:
        """Half the width of the interval in which 95 % of single hours fall (kWh)."""
        rows = _matrix(self._names, drivers, _size(drivers))
        lever = np.einsum("ij,jk,ik->i", rows, self.unscaled, rows)
        error: Floats = self.residual * np.sqrt(1 + lever * self.widened)
        return bound(SHARE, self.freedom) * error

    def cusum(
        self, energy: Floats, drivers: Mapping[str, Floats], use: Bools
    ) -> tuple[Floats, Floats]:
        """Used minus expected kWh summed up over the hours that `use` marks, NaN elsewhere.

        And half its 95 % interval. It falls while the line saves; what is not known it skips.
        """
        known = use & np.isfinite(energy)
        for name in self._names:
            known &= np.isfinite(drivers[name])
        told = {name: column[known] for name, column in drivers.items()}
        run, margin = np.full((2, len(energy)), np.nan)
        if known.any():
            rows = _matrix(self._names, told, int(known.sum()))
            run[known] = np.cumsum(energy[known] - self.expected(told))
            toward = np.cumsum(rows, axis=0)
            lever = np.einsum("ij,jk,ik->i", toward, self.unscaled, toward)
            error = self.residual * np.sqrt((np.arange(1, len(rows) + 1) + lever) * self.widened)
            margin[known] = bound(SHARE, self.freedom) * error
        return run, margin

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(term.name for term in self.terms[1:])


def regression(energy: Floats, drivers: Mapping[str, Floats], use: Bools) -> Regression | None:
    """The regression over the hours that `use` marks and of which all is known.

    A driver that does not move, or moves as others do, is left out: nothing tells what it does.
    None with fewer than four hours more than terms.
    """
    known = use & np.isfinite(energy)
    for column in drivers.values():
        known &= np.isfinite(column)
    y = energy[known]
    kept = _independent({name: column[known] for name, column in drivers.items()}, len(y))
    count, size = len(y), len(kept) + 1
    if count < size + LEAST:
        return None
    rows = _matrix(tuple(kept), kept, count)
    unscaled = np.linalg.inv(rows.T @ rows).astype(np.float64)
    values = unscaled @ rows.T @ y
    left = y - rows @ values
    spread = float(((y - y.mean()) ** 2).sum())
    alike = _neighbours(left, np.flatnonzero(known))
    effective = count * (1 - alike) / (1 + alike)
    residual = math.sqrt(float(left @ left) / (count - size))
    widened = (1 + alike) / (1 - alike)
    freedom = max(effective - size, 1.0)
    errors = residual * np.sqrt(np.diag(unscaled) * widened)
    terms = tuple(
        _term(name, float(value), float(error), freedom)
        for name, value, error in zip(("base", *kept), values, errors, strict=True)
    )
    r2 = 1 - float(left @ left) / spread if spread > 0 else 0.0
    mean = float(y.mean())
    cv = residual / mean if mean > 0 else math.inf
    return Regression(terms, r2, cv, residual, count, effective, alike, unscaled)


def _term(name: str, value: float, error: float, freedom: float) -> Term:
    t = value / error if error > 0 else math.copysign(math.inf, value)
    return Term(name, value, error, t, chance(t, freedom))


def _size(drivers: Mapping[str, Floats]) -> int:
    return len(next(iter(drivers.values()), ()))


def _matrix(names: tuple[str, ...], drivers: Mapping[str, Floats], size: int) -> Floats:
    return np.column_stack([np.ones(size), *(drivers[name] for name in names)])


def _independent(drivers: Mapping[str, Floats], size: int) -> dict[str, Floats]:
    """The drivers that tell something of their own, in their order."""
    kept: dict[str, Floats] = {}
    for name, column in drivers.items():
        others = np.column_stack([np.ones(size), *kept.values()])
        own = column - others @ np.linalg.lstsq(others, column, rcond=None)[0] if size else column
        if float(own @ own) > ALIKE * float(column @ column):
            kept[name] = column
    return kept


def _neighbours(left: Floats, place: np.ndarray) -> float:
    """The correlation of residuals of hours that follow each other; 0 where it is negative."""
    next_ = np.diff(place) == 1
    whole = float(left @ left)
    if whole <= 0 or not next_.any():
        return 0.0
    found = float((left[:-1] * left[1:])[next_].sum()) / whole * len(left) / int(next_.sum())
    return min(max(found, 0.0), MOST_ALIKE)
