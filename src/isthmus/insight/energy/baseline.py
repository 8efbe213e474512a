"""Energy per piece, the load of a day, and the load that runs while nothing is made."""

from __future__ import annotations

import numpy as np

from isthmus.model.sample import Floats, Int64s

HOUR = 3_600 * 10**9


def per_piece(energy: Floats, pieces: Floats) -> float | None:
    """kWh for each good piece over all buckets that have both, base load included.

    Sums are divided, never ratios averaged. None where no good piece was made.
    """
    known = np.isfinite(energy) & np.isfinite(pieces)
    made = float(pieces[known].sum())
    return float(energy[known].sum()) / made if made > 0 else None


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


def base_load(power: Floats, busy: Floats) -> float | None:
    """Mean kW of the buckets in which `busy` (pieces, or a share) is 0; None where none is."""
    idle = np.isfinite(power) & (np.nan_to_num(busy, nan=1.0) == 0)
    return float(power[idle].mean()) if idle.any() else None
