"""Whether a goal is reached, by how much not, and which way it goes; words before colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from isthmus.model.kpi import Better

FAR = 0.2  # of the target, beyond which it is far behind
STEADY = 0.02  # of the older mean, within which nothing moved
LEAST = 4  # points, to say which way it goes


class Standing(StrEnum):
    """How a value stands to its target."""

    REACHED = "reached"
    BEHIND = "behind"
    FAR_BEHIND = "far behind"
    UNKNOWN = "unknown"
    NO_TARGET = "no target"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A standing, and by how much the value is behind (0 where it is not)."""

    standing: Standing
    short: float = 0.0


def verdict(value: float | None, target: float | None, better: Better) -> Verdict:
    """How `value` stands to `target`."""
    if value is None:
        return Verdict(Standing.UNKNOWN)
    if target is None or better is Better.NEITHER:
        return Verdict(Standing.NO_TARGET)
    short = target - value if better is Better.MORE else value - target
    if short <= 0:
        return Verdict(Standing.REACHED)
    far = short > FAR * abs(target) if target else False
    return Verdict(Standing.FAR_BEHIND if far else Standing.BEHIND, short)


class Way(StrEnum):
    """Where a goal is going."""

    BETTER = "better"
    WORSE = "worse"
    STEADY = "steady"
    UNKNOWN = ""


def way(values: Sequence[float | None], better: Better) -> Way:
    """Whether the newer half of `values` is better than the older; unknown with less than four."""
    known = [value for value in values if value is not None]
    if len(known) < LEAST or better is Better.NEITHER:
        return Way.UNKNOWN
    half = len(known) // 2
    old, new = (sum(part) / len(part) for part in (known[:half], known[half:]))
    moved = new - old
    if abs(moved) <= STEADY * abs(old):
        return Way.STEADY
    return Way.BETTER if (moved > 0) == (better is Better.MORE) else Way.WORSE
