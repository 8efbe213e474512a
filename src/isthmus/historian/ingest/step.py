"""Times of a load put on equal steps: which step, jitter, midnights; what is astray is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np

from isthmus.model.errors import ConfigError, Mistake
from isthmus.model.sample import Int64s

SECOND = 10**9
MINUTE, DAY = 60 * SECOND, 86_400 * SECOND
USUAL = (
    np.array(
        [1, 2, 5, 10, 15, 20, 30]
        + [60 * minutes for minutes in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)]
        + [3_600 * hours for hours in (1, 2, 3, 4, 6, 8, 12, 24)],
        np.int64,
    )
    * SECOND
)
NEAR = 0.05  # steps that jitter are a usual one that is so near
EARLY = 0.9  # where more come before their step, they mean what they say: 23:59:59
MOST_EARLY = 5 * MINUTE
SHARED = 0.2  # of the rows that may tell the time of another
ALIKE = 0.9  # of the times of a logger that are told about as often as most
BACK = 0.001  # of them that may be earlier than the one before: a clock that was set
APART = 731 * DAY
LISTED = 8
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def step_of(wall: Int64s, name: str) -> int:
    """The step of most rows (ns); ConfigError where there is none that divides a day."""
    apart = np.abs(np.diff(wall))
    apart = apart[apart > 0]
    if not len(apart):
        raise ConfigError(f"{name}: fewer than two different times", hint="is it the right column?")
    steps, counts = np.unique(apart, return_counts=True)
    step = int(steps[counts.argmax()])
    if counts.max() * 2 <= len(apart):
        typical = float(np.median(apart))
        usual = int(USUAL[np.abs(USUAL - typical).argmin()])
        step = usual if abs(usual - typical) <= NEAR * usual else step
    if DAY % step:
        raise ConfigError(
            f"{name}: most rows are {step / SECOND:g} s apart, no whole part of a day",
            hint="average it to 15 min first, such as `isthmus export --every 15m`",
        )
    return step


def steadied(wall: Int64s, step: int) -> Int64s:
    """Times that are a little before or after their step, at it; those of steady clocks stay."""
    nearest = (wall + step // 2) // step * step
    near = np.abs(wall - nearest) < min(step // 4, MOST_EARLY)
    early = near & (wall < nearest)
    if not early.any() or early.sum() > EARLY * near.sum():
        return wall
    return np.where(near, nearest, wall)


def midnights(wall: Int64s, step: int) -> tuple[Int64s, bool]:
    """Midnights that bear the date of the day that they end, put a day later, and if there are any.

    Loggers that write when a step ends name 24:00 so: 23:45, 00:00 of the same day, 00:15.
    """
    back = np.zeros(len(wall), np.bool_)
    if step < DAY:  # a day told twice is no midnight
        back[1:] = (np.diff(wall) == step - DAY) & (wall[1:] % DAY == 0)
        back[:-1] &= np.diff(wall) >= DAY  # and then on as if nothing had been
    return np.where(back, wall + DAY, wall), bool(back.any())


def averaged(wall: Int64s, finest: int) -> bool:
    """Whether these are times in order, `finest` apart or less, each told about as often.

    So writes a logger of every few seconds that tells no seconds.
    """
    begins = np.flatnonzero(np.diff(wall, prepend=wall[:1] - 1))
    apart = np.diff(wall[begins])
    if not len(apart) or np.median(apart) > finest or (apart < 0).mean() > BACK:
        return False
    often = np.diff(begins)  # but of the last, which may be cut
    usual = float(np.median(often))
    alike = np.abs(often - usual) <= max(1.0, SHARED * usual)
    return bool(alike.mean() >= ALIKE)


def require_own_times(
    wall: Int64s, rows: Int64s, name: str, column: str, hint: Callable[[], str]
) -> None:
    """Refuse a column that says the same of many rows, such as the day of hours."""
    order = np.argsort(wall, kind="stable")
    again = order[1:][np.diff(wall[order]) == 0]
    if len(again) <= SHARED * len(wall):
        return
    place = int(again.min())
    text = (
        f"{len(again):,} of {len(wall):,} rows tell a time that an earlier one told,"
        f" here {_told(wall[place])}: `{column}` does not tell them apart"
    )
    raise ConfigError(f"{name}: {text}", mistakes=[Mistake(name, int(rows[place]), text, hint())])


def require_one_span(wall: Int64s, rows: Int64s, name: str) -> None:
    """Refuse times that stand years apart from all others."""
    order = np.argsort(wall, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(wall[order]) > APART) + 1)
    most = max(parts, key=len)
    astray = np.sort(np.concatenate([part for part in parts if part is not most] or [order[:0]]))
    if not len(astray):
        return
    others = f"{_told(wall[most[0]])} to {_told(wall[most[-1]])}"
    hint = f"is the clock of it astray? correct or remove the line; all others are of {others}"
    raise ConfigError(
        f"{name}: {len(astray):,} rows stand years apart from the others, of {others}",
        mistakes=[
            Mistake(name, int(rows[at]), f"{_told(wall[at])} stands years apart", hint)
            for at in astray[:LISTED].tolist()
        ],
    )


def _told(wall: int) -> str:
    return f"{EPOCH + timedelta(seconds=int(wall) // SECOND):%Y-%m-%d %H:%M}"
