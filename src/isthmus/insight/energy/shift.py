"""Load-shift advice: which hours of a machine's work cost less, or ease the peak, elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.model.sample import Floats

MOST = 3  # moves of one machine
WORTH = 0.5  # of the mean work of an hour: less is not worth moving


@dataclass(frozen=True, slots=True)
class Move:
    """An hour of work moved from step `start` to step `to`: kWh, and what it saves.

    `money` is of energy alone; `peak_kw` by how much the highest step of the whole falls.
    """

    start: int
    to: int
    steps: int
    kwh: float
    money: float
    co2: float
    peak_kw: float


def moves(
    whole: Floats, load: Floats, price: Floats, co2: Floats, *, room: float, within: int, hour: int
) -> list[Move]:
    """The moves of a machine's work that save most, at most three, best first.

    Columns are steps of the coming day: kW of the `whole` line or site, kW of the machine, price
    and CO2 of a kWh. `room` is the most that the machine can draw, `within` how many steps work
    may be moved, `hour` the steps of an hour. What the machine draws anyhow, its lowest step,
    stays. No move makes a new peak, and none goes where the load is not known.
    """
    whole, load = whole.copy(), load.copy()
    work = np.maximum(load - np.nanmin(load), 0.0) if np.isfinite(load).any() else np.zeros(0)
    work = np.nan_to_num(work)
    least = WORTH * float(work[work > 0].mean()) if (work > 0).any() else 0.0
    found: list[Move] = []
    while len(found) < MOST and (best := _best(whole, load, work, price, co2, room, within, hour)):
        move, score = best
        if score <= 0 or move.kwh < least:
            break
        found.append(move)
        start, to = slice(move.start, move.start + hour), slice(move.to, move.to + hour)
        moved = work[start].copy()
        for column in (whole, load):
            column[start] -= moved
            column[to] += moved
        work[start] = work[to] = 0.0  # neither the hour that is left nor the one that is filled
    return found


def _best(
    whole: Floats,
    load: Floats,
    work: Floats,
    price: Floats,
    co2: Floats,
    room: float,
    within: int,
    hour: int,
) -> tuple[Move, float] | None:
    """The one move that saves most; of those that save alike the one that eases the peak most."""
    best: tuple[Move, float] | None = None
    peak = float(np.nanmax(whole)) if np.isfinite(whole).any() else 0.0
    places = range(0, len(work) - hour + 1, hour)
    for start in places:
        out = slice(start, start + hour)
        moved = work[out]
        if not moved.any():
            continue
        for to in places:
            into = slice(to, to + hour)
            fits = (load[into] + moved <= room).all() and np.isfinite(whole[into]).all()
            if to == start or abs(to - start) > within or not fits:
                continue
            after = whole.copy()
            after[out] -= moved
            after[into] += moved
            eased = peak - float(np.nanmax(after))
            if eased < -1e-9:  # noqa: PLR2004 - rounding
                continue
            money = float((moved * (price[out] - price[into])).sum()) / hour
            saved = float((moved * (co2[out] - co2[into])).sum()) / hour
            move = Move(start, to, hour, float(moved.sum()) / hour, money, saved, max(eased, 0.0))
            score = money + 1e-3 * saved + 1e-6 * eased  # money first; no kW for the price of CO2
            if score > 0 and (best is None or score > best[1] + 1e-12):
                best = move, score
    return best
