"""The orders of the line: an endless, repeating book, so that there is always a next one."""

from __future__ import annotations

import math
from dataclasses import dataclass

_BOOK = (
    ("lemon 0.5 L", 18_000, 113.2),
    ("still 0.5 L", 48_000, 118.4),
    ("still 0.5 L", 36_000, 118.4),
    ("sparkling 0.5 L", 24_000, 110.0),
)
_SCRAP = 1.0145  # bottles to fill for one that arrives
_MINUTE_RATE = 96.0  # pieces a minute, stops included: for dates


@dataclass(frozen=True, slots=True)
class Order:
    """One job order; `speed` is what the product allows, in pieces a minute."""

    number: int
    product: str
    planned: int
    speed: float

    @property
    def name(self) -> str:
        """As people write it: `JO-1042`."""
        return f"JO-{self.number}"

    @property
    def fills(self) -> int:
        """Bottles that the filler takes for it."""
        return math.ceil(self.planned * _SCRAP)

    @property
    def seconds(self) -> int:
        """How long it is expected to take."""
        return round(self.planned / _MINUTE_RATE * 60)


def order(number: int) -> Order:
    """The order of this number; the book has one for every number."""
    product, planned, speed = _BOOK[number % len(_BOOK)]
    return Order(number, product, planned, speed)
