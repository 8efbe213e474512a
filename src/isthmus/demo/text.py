"""What the plant tells in words: orders, products, shifts; as text tags and as events."""

from __future__ import annotations

import json

from isthmus.demo.physics.order import Order, order
from isthmus.demo.physics.plant import Plant
from isthmus.demo.signal import LINE, TEXTS
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds

_SECOND = 1_000_000_000
_NEXT = 4  # orders shown after the running one
_SLACK = 1.15  # promised time over expected time

Entry = dict[str, str | float | int | bool | None]


def book(plant: Plant) -> list[Entry]:
    """The order that ended last, the one that runs, and those to come; times in ns UTC.

    `state` is `done`, `start` (it runs since `start`) or `next`.
    """
    ended, good = plant.finished
    entries = [_entry(order(ended), "done", None, good)] if ended else []
    start = plant.filling_since
    for number in range(plant.filling, plant.filling + _NEXT + 1):
        one = order(number)
        if number != ended:  # else the filler is being set up for the next one
            entries.append(_entry(one, "start" if number == plant.filling else "next", start, 0))
        start += one.seconds
    return entries


def texts(plant: Plant) -> dict[str, str]:
    """Every text tag's value, by path; `orders` is the book as JSON."""
    running = plant.order
    orders = json.dumps(book(plant), separators=(",", ":"))
    return dict(zip(TEXTS, (running.name, running.product, orders), strict=True))


def opening(plant: Plant) -> list[Event]:
    """What is to be told of a plant of which nothing was told yet."""
    return [*_orders(plant, "start", "next"), *_texts(plant)]


def happened(plant: Plant) -> list[Event]:
    """What happened since the last call; an order brings its texts with it."""
    events: list[Event] = []
    for happening in plant.happenings:
        if happening.kind == "shift":
            site = LINE.partition("/")[0]
            events.append(Event(_ns(happening.now), site, "shift", happening.text))
        else:
            states = ("start", "next") if happening.kind == "start" else ("done",)
            events += [*_orders(plant, *states), *_texts(plant)]
    plant.happenings.clear()
    return events


def _orders(plant: Plant, *states: str) -> list[Event]:
    return [
        Event(_ns(plant.now), LINE, "order", str(entry["order"]), data=entry)
        for entry in book(plant)
        if entry["state"] in states
    ]


def _texts(plant: Plant) -> list[Event]:
    return [Event(_ns(plant.now), path, "text", text) for path, text in texts(plant).items()]


def _entry(one: Order, state: str, start: int | None, done: int) -> Entry:
    due = None if start is None else _ns(start + round(_SLACK * one.seconds))
    return {
        "order": one.name,
        "product": one.product,
        "planned": one.planned,
        "done": done,
        "start": None if start is None else _ns(start),
        "due": due,
        "state": state,
    }


def _ns(second: int) -> Nanoseconds:
    return Nanoseconds(second * _SECOND)
