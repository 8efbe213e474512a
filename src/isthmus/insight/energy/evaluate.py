"""How good day-ahead forecasts of a load would have been: each day from what was known before it.

The origin rolls: a day is forecast from the days before it alone, is then uncovered, and the next
one is forecast. Nothing is fitted to the days that are scored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from isthmus.insight.energy.forecast import CLOSED, SUNDAY, ahead
from isthmus.model.sample import Bools, Floats, Int64s

LEAST = 14  # days before the first that can be scored
LEARN = 70  # days that are not scored: ten weeks to learn from
SHARES = (0.1, 0.5, 0.9)
WEEK = 7

Forecast = Callable[[Floats, Int64s, Int64s], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Forecasts and their absolute errors: a row a scored day (numbers in `days`), a column a step.

    `inside` is the share of steps inside of the 80 % interval.
    """

    days: Int64s
    forecast: Mapping[str, Floats]
    error: Mapping[str, Floats]
    inside: float

    def mae(self, name: str, days: Int64s | None = None) -> float | None:
        """The mean absolute error of the scored days that are among `days`, of all without it."""
        rows = self.error[name]
        if days is not None:
            rows = rows[np.isin(self.days, days)]
        known = np.isfinite(rows)
        return float(rows[known].mean()) if known.any() else None


def evaluate(
    load: Floats,
    kind: Int64s,
    *,
    learn: int = LEARN,
    told: Callable[[float], None] = lambda _: None,
) -> Scores:
    """The errors from day `learn` on; `load` and `kind` are rows of days, columns of steps.

    Steps that nobody measured score nothing, and neither does one that a forecast knows nothing
    of: all are scored on the same steps. `told` hears how far it is, 0 to 1.
    """
    days, steps = load.shape
    scored = np.arange(learn, days)
    guess = {name: np.full((len(scored), steps), np.nan) for name in ("isthmus", *NAIVE)}
    low, high = np.full((2, len(scored), steps), np.nan)
    for row, day in enumerate(scored.tolist()):
        past, kinds, coming = load[:day], kind[:day], kind[day]
        found = ahead(past.ravel(), kinds.ravel(), coming, shares=SHARES)
        if found is not None:
            low[row], guess["isthmus"][row], high[row] = found.load
        for name, forecast in NAIVE.items():
            guess[name][row] = forecast(past, kinds, coming)
        told((row + 1) / len(scored))
    truth = load[learn:]
    fair = np.isfinite(truth) & np.all([np.isfinite(each) for each in guess.values()], axis=0)
    error = {name: np.where(fair, np.abs(each - truth), np.nan) for name, each in guess.items()}
    within = (truth >= low) & (truth <= high)
    return Scores(scored, guess, error, float(within[fair].mean()) if fair.any() else float("nan"))


def _week(load: Floats, _: Int64s, __: Int64s) -> Floats:
    """As a week ago."""
    return _back(load, WEEK)


def _day(load: Floats, _: Int64s, __: Int64s) -> Floats:
    """As yesterday."""
    return _back(load, 1)


def _seasonal(load: Floats, kind: Int64s, coming: Int64s) -> Floats:
    """The mean of all before of the same kind of day and the same time of the day.

    Sundays stand for a closed day where there was none yet, and all days for a kind that never was.
    """
    found = _mean_where(load, kind == coming)
    for like in ((kind == SUNDAY) & (coming == CLOSED), np.ones(load.shape, np.bool_)):
        found = np.where(np.isfinite(found), found, _mean_where(load, like))
    return found


def _mean_where(load: Floats, use: Bools) -> Floats:
    """The mean of each step over the days in which `use` marks it."""
    known = use & np.isfinite(load)
    total: Floats = np.where(known, load, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _back(load: Floats, days: int) -> Floats:
    """The day `days` ago; where that knows nothing the one twice `days` ago, and so on."""
    found: Floats = load[-days].copy()
    for row in load[-2 * days :: -days]:
        missing = ~np.isfinite(found)
        if not missing.any():
            break
        found[missing] = row[missing]
    return found


NAIVE: dict[str, Forecast] = {
    "week_naive": _week,
    "day_naive": _day,
    "seasonal_mean": _seasonal,
}
