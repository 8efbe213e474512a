"""The CO2 that a kWh stands for: one number, by the time of the day, of a file, or of a tag."""

from __future__ import annotations

from dataclasses import dataclass

MOST_KG = 3.0  # for a kWh, in any grid; what is above was told in grams


@dataclass(frozen=True, slots=True)
class Factors:
    """kg of CO2 for a kWh, the first of these that tells one: rows, tag, spans, `otherwise`.

    `rows` are (ns, kg), each good until the next one; `spans` (first minute, last minute, kg) of
    the local day. `otherwise` is None where the plant file tells none.
    """

    spans: tuple[tuple[int, int, float], ...] = ()
    rows: tuple[tuple[int, float], ...] = ()
    tag: str = ""
    otherwise: float | None = None
