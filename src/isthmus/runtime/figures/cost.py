"""What the energy of lines cost, each quarter hour at its own price, and the CO2 of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.insight.series import grid
from isthmus.model.plant import Equipment
from isthmus.runtime.figures.bucket import reaching
from isthmus.runtime.figures.emission import emission
from isthmus.runtime.figures.read import Records, Window, meters
from isthmus.runtime.figures.tariff import Tariff

QUARTER = 900 * 10**9


@dataclass(frozen=True, slots=True)
class Cost:
    """kWh, what they cost in the plant's currency, and kg of CO2."""

    kwh: float
    money: float
    co2: float


def cost(records: Records, lines: Sequence[Equipment], window: Window) -> Cost | None:
    """What the energy of `lines` over `window` cost; None where part of it is not known."""
    sources = [unit for line in lines for unit in meters(records.plant, line)]
    tags = [unit.tag("energy") or unit.tag("power") for unit in sources]
    if not any(tags) or window.end <= window.start:
        return None
    inner = grid(window.start, window.end, QUARTER)
    inner = inner[(inner > window.start) & (inner < window.end)]
    edges = np.concatenate([[window.start], inner, [window.end]]).astype(np.int64)
    used = reaching(records, tags, window.start, window.end).kwh(sources, edges)
    if not np.isfinite(used).all():
        return None
    price, factor = Tariff.of(records.plant).over(edges), emission(records, edges).kg
    return Cost(*(float(column.sum()) for column in (used, used * price, used * factor)))
