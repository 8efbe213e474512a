"""The plant's texts: the order, its product and the order book."""

from __future__ import annotations

import json

from isthmus.demo.physics.order import order
from isthmus.demo.physics.plant import Plant
from isthmus.demo.signal import TEXTS

_NEXT = 4  # orders shown after the running one


def texts(plant: Plant) -> dict[str, str]:
    """Every text tag's value, by path."""
    running = plant.order
    return dict(zip(TEXTS, (running.name, running.product, _book(plant)), strict=True))


def _book(plant: Plant) -> str:
    """The running order and those after it; dates in seconds UTC, no state that moves by itself."""
    start = plant.filling_since
    book = []
    for number in range(plant.filling, plant.filling + _NEXT + 1):
        one = order(number)
        book.append(
            {
                "order": one.name,
                "product": one.product,
                "planned": one.planned,
                "start": start,
                "due": start + round(1.15 * one.seconds),
                "state": "running" if number == plant.filling else "next",
            }
        )
        start += one.seconds
    return json.dumps(book, separators=(",", ":"))
