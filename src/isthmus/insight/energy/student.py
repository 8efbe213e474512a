"""Student's t distribution: how likely so large a t is by chance, and which t is so unlikely."""

from __future__ import annotations

import math

SURE = 0.95  # of the interval that a margin is half of
TINY = 1e-300
ENOUGH = 1e-15
MOST = 300


def chance(t: float, freedom: float) -> float:
    """The probability of a t as far from 0 as this, to either side (the p-value)."""
    if math.isnan(t):
        return math.nan
    if math.isinf(t):
        return 0.0
    return _beta(freedom / 2, 0.5, freedom / (freedom + t * t))


def surpassed(goal: float, value: float, margin: float, freedom: float) -> float:
    """How probably the truth is `goal` or more, if it is `value` within a 95 % `margin`."""
    far = value - goal
    if margin <= 0:
        return float(far >= 0)
    beyond = chance(far * bound(SURE, freedom) / margin, freedom) / 2
    return 1 - beyond if far > 0 else beyond


def bound(share: float, freedom: float) -> float:
    """The t that `share` of all lie within: 1.96 for 0.95 and endless freedom."""
    low, high = 0.0, 2.0
    while chance(high, freedom) > 1 - share:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(middle, freedom) > 1 - share else (low, middle)
    return high


def _beta(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function by its continued fraction (Lentz)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(b, a, 1 - x)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front += a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) / a / _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    upper, lower, found = 1.0, 0.0, 1.0
    for number in range(1, MOST):
        half, odd = divmod(number, 2)
        if odd:
            term = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            term = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        lower = 1 / (1 + term * lower or TINY)
        upper = 1 + term / upper or TINY
        found *= upper * lower
        if abs(upper * lower - 1) < ENOUGH:
            break
    return found
