"""Energy per piece, base load, and the baseline that says what the old way would have used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.model.sample import Bools, Floats, Int64s

ENOUGH = 8
HOUR = 3_600 * 10**9


@dataclass(frozen=True, slots=True)
class Baseline:
    """Energy an hour as `base` (kWh) + `slope` (kWh a piece) * good pieces, by least squares.

    With `base` every hour carries the load that runs whether anything is made or not. `residual`
    is the standard deviation of what the line does not explain (kWh), `hours` how many it saw.
    """

    base: float
    slope: float
    r2: float
    residual: float
    hours: int
    mean_pieces: float
    spread_pieces: float
    mean_energy: float

    def expected(self, pieces: Floats) -> Floats:
        """kWh the old way would have used in hours with so many good pieces."""
        return self.base + self.slope * pieces

    def band(self, pieces: Floats, *, z: float = 1.96) -> Floats:
        """Half the width of the interval in which 95 % of single hours fall (kWh)."""
        distance = (pieces - self.mean_pieces) ** 2
        leverage = 1 / self.hours + distance / max(self.spread_pieces, 1e-12)
        return z * self.residual * np.sqrt(1 + leverage)

    @property
    def cv(self) -> float:
        """CV(RMSE): the residual as a share of the mean hour (ASHRAE Guideline 14)."""
        return self.residual / self.mean_energy if self.mean_energy else float("inf")


def baseline(energy: Floats, pieces: Floats, use: Bools) -> Baseline | None:
    """The regression over the hours that `use` marks and that have data.

    None with fewer than 8 hours, or where all hours made the same: then a slope means nothing.
    A negative slope or base is kept as found; the fit (R2) tells what it is worth.
    """
    known = use & np.isfinite(energy) & np.isfinite(pieces)
    x, y = pieces[known], energy[known]
    hours = len(x)
    if hours < ENOUGH:
        return None
    spread = float(((x - x.mean()) ** 2).sum())
    if spread <= 1e-9 * max(1.0, float(x.mean()) ** 2):
        return None
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / spread)
    base = float(y.mean() - slope * x.mean())
    left = y - base - slope * x
    total = float(((y - y.mean()) ** 2).sum())
    residual = float(np.sqrt((left**2).sum() / (hours - 2)))
    r2 = 1 - float((left**2).sum()) / total if total else 0.0
    return Baseline(base, slope, r2, residual, hours, float(x.mean()), spread, float(y.mean()))


def per_piece(energy: Floats, pieces: Floats) -> float | None:
    """kWh for each good piece over all buckets that have both, base load included.

    Sums are divided, never ratios averaged. None where no good piece was made.
    """
    known = np.isfinite(energy) & np.isfinite(pieces)
    made = float(pieces[known].sum())
    return float(energy[known].sum()) / made if made > 0 else None


def cusum(energy: Floats, pieces: Floats, use: Bools, line: Baseline) -> Floats:
    """Running sum of used minus expected kWh over the whole hours that `use` marks, NaN elsewhere.

    It falls while the line saves, and skips hours of which nothing is known.
    """
    known = use & np.isfinite(energy) & np.isfinite(pieces)
    left = np.where(known, energy - line.expected(np.nan_to_num(pieces)), 0.0)
    return np.where(known, np.cumsum(left), np.nan)


@dataclass(frozen=True, slots=True)
class Saving:
    """Energy saved against the baseline (kWh), and half its 95 % interval."""

    kwh: float
    margin: float
    share: float | None
    hours: int


def saving(energy: Floats, pieces: Floats, use: Bools, line: Baseline) -> Saving | None:
    """What the hours that `use` marks saved.

    The margin has the spread of single hours and of the line itself (ISO 50015; fractional
    savings uncertainty without autocorrelation).
    """
    known = use & np.isfinite(energy) & np.isfinite(pieces)
    hours = int(known.sum())
    if not hours:
        return None
    expected = float(line.expected(pieces[known]).sum())
    total = expected - float(energy[known].sum())
    mean = float(pieces[known].mean())
    of_line = hours**2 * (1 / line.hours + (mean - line.mean_pieces) ** 2 / line.spread_pieces)
    margin = 1.96 * line.residual * float(np.sqrt(hours + of_line))
    return Saving(total, margin, total / expected if expected else None, hours)


def profile(edges: Int64s, power: Floats, offset: int | Int64s, steps: int = 96) -> Floats:
    """Mean kW by time of the day: `steps` buckets of the local day.

    `offset` is how far (ns) local time is ahead of UTC, of each bucket where it changes.
    """
    middle = (edges[:-1] + edges[1:]) // 2 + offset
    place = middle % (24 * HOUR) * steps // (24 * HOUR)
    known = np.isfinite(power)
    sums = np.bincount(place[known], weights=power[known], minlength=steps)
    counts = np.bincount(place[known], minlength=steps)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(counts > 0, sums / counts, np.nan)


def base_load(power: Floats, pieces: Floats) -> float | None:
    """Mean kW of the buckets in which nothing was made; None where there were none."""
    idle = np.isfinite(power) & (np.nan_to_num(pieces, nan=1.0) == 0)
    return float(power[idle].mean()) if idle.any() else None
