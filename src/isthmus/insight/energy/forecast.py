"""The load of the next 24 hours: the weighted median of the days that were like this one.

A day of the past counts the more, the more its evening and week before were like ours, the newer it
is, and each hour of it by its kind of day. The median makes absolute errors small; other shares of
the same days are the interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from isthmus.model.sample import Floats, Int64s

CLOSED = 7  # the kind of a day without work; 0 to 6 are Monday to Sunday
SATURDAY, SUNDAY = 5, 6
FEWEST = 1  # whole days that a forecast needs; one repeats itself

FADE = 120.0  # days after which a day counts a third
EVENING = 4 / 24  # of a day before it begins
UNLIKE_EVENING = 0.7  # of the mean load: by how much other evenings count a third
UNLIKE_WEEK = 0.5  # likewise of the week before
WEEK, WEEKS = 7, 4  # days of a week, and the weeks that tell the level
BREAK = 1.5  # levels further apart than this factor are another state of the plant, and no trend
FOLLOWS = 0.5  # how far the level of today moves what was then: the power of their ratio
WORKDAYS = 0.5  # what another workday counts where the same one counts 1
LAST_RESORT = 1e-9  # what days of another kind count: only where there are no others


@dataclass(frozen=True, slots=True, eq=False)
class Ahead:
    """The forecast of a day in steps: a row a share (0.5 is the median) and a column a step.

    `peak` is the highest step's load, by the same shares: a median of days hides their peaks, so
    the peak of a day is forecast for itself.
    """

    shares: tuple[float, ...]
    load: Floats
    peak: Floats


def ahead(
    load: Floats, kind: Int64s, coming: Int64s, *, shares: Sequence[float] = (0.5,)
) -> Ahead | None:
    """What follows after `load` (equal steps, NaN where unknown), `coming` steps of a day long.

    `kind` and `coming` are the kinds of day of the past and of the coming steps. None where there
    is no whole day. Nothing but what is handed in is used.
    """
    steps = len(coming)
    days = len(load) // steps
    if days < FEWEST:
        return None
    past = load[-days * steps :].reshape(days, steps)
    known = np.isfinite(past)
    if not known.any():
        return None
    weight = _likeness(past)[:, None] * _kinds()[kind[-days * steps :].reshape(days, steps), coming]
    level = _levels(past)
    trend = level[-1] / level[:-1]
    trend[(trend > BREAK) | (trend < 1 / BREAK)] = 1.0
    scaled = past * (trend**FOLLOWS)[:, None]
    whole = known.mean(axis=1) > 0.9  # noqa: PLR2004 - else its peak may lie where nothing is known
    highest = np.where(whole, np.nanmax(np.where(known, scaled, -np.inf), axis=1), np.nan)
    peak = _quantiles(highest[:, None], weight.mean(axis=1)[:, None], shares)[:, 0]
    return Ahead(tuple(shares), _quantiles(scaled, weight, shares), peak)


def _kinds() -> Floats:
    """What a step of one kind of day (row) is worth for a step of another (column)."""
    worth = np.full((CLOSED + 1, CLOSED + 1), LAST_RESORT)
    worth[:SATURDAY, :SATURDAY] = WORKDAYS
    worth[SUNDAY, CLOSED] = worth[CLOSED, SUNDAY] = WORKDAYS
    np.fill_diagonal(worth, 1.0)
    return worth


def _likeness(past: Floats) -> Floats:
    """What each day counts by its age and by how like its beginning was to ours."""
    days, steps = past.shape
    evenings = np.append(np.nan, _means(past[:, -max(1, round(steps * EVENING)) :]))
    day = np.append(np.nan, _means(past))
    weeks = np.array([_mean(day[max(0, at - 6) : at + 1]) for at in range(days + 1)])
    mean = max(_mean(np.abs(past.ravel())), 1e-12)
    count: Floats = np.exp((np.arange(days) - days) / FADE)
    for told, width in ((evenings, UNLIKE_EVENING), (weeks, UNLIKE_WEEK)):
        apart = np.abs(told[:-1] - told[-1]) / (width * mean)
        count *= np.exp(-np.where(np.isfinite(apart), apart, 1.0))
    return count


def _levels(past: Floats) -> Floats:
    """The level before each day and before the coming one: the median day of the weeks before.

    Of the four weeks only those count that are like the newest: a shutdown is no level of the work
    that follows it.
    """
    day = _means(past)
    before = np.concatenate([np.full(WEEKS * WEEK, np.nan), day])
    months = sliding_window_view(before, WEEKS * WEEK)
    weeks = _means(months.reshape(-1, WEEK)).reshape(-1, WEEKS)
    newest = weeks[:, -1:]
    unlike = (weeks > newest * BREAK) | (weeks < newest / BREAK)
    like = np.isfinite(months) & ~np.repeat(unlike, WEEK, axis=1)
    level = np.full(len(months), np.nan)
    for at in np.flatnonzero(like.any(axis=1)).tolist():
        level[at] = np.median(months[at][like[at]])
    known = np.isfinite(level) & (level > 0)
    if not known.any():
        return np.ones(len(level))
    level[~known] = np.median(level[known])
    return level


def _quantiles(value: Floats, weight: Floats, shares: Sequence[float]) -> Floats:
    """The weighted quantiles of each column, one row a share; what is NaN has no weight."""
    known = np.isfinite(value)
    order = np.argsort(np.where(known, value, np.inf), axis=0)
    ranked = np.take_along_axis(value, order, axis=0)
    until = np.cumsum(np.take_along_axis(np.where(known, weight, 0.0), order, axis=0), axis=0)
    found = np.empty((len(shares), value.shape[1]))
    for row, share in enumerate(shares):
        place = (until >= share * until[-1]).argmax(axis=0)
        found[row] = ranked[place, np.arange(value.shape[1])]
    return np.where(until[-1] > 0, found, np.nan)


def _means(rows: Floats) -> Floats:
    """The mean of what is known in each row."""
    known = np.isfinite(rows)
    count = known.sum(axis=1)
    total = np.where(known, rows, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
