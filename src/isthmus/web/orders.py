"""The orders of a line: as a machine keeps them, or as events told them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress

from isthmus.model.plant import Equipment
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.app import App
from isthmus.runtime.figures.read import Window, bottleneck
from isthmus.web import contract

HOUR = 3_600 * 10**9


def orders(app: App, line: Equipment) -> list[contract.OrderInfo]:
    """The line's order book as a machine tells it, else as the events of the last days do."""
    rows = [_order(app, line, data, at) for data, at in _book(app, line) or told_orders(app, line)]
    open_rows = [row for row in rows if row.state != "done"]
    done = [row for row in rows if row.state == "done"]
    return sorted(open_rows, key=lambda row: row.state != "running")[:5] + done[-1:]


Order = tuple[Mapping[str, object], float | None]
"""What is known of an order, and when it was started (ms), None where it was not."""


def _book(app: App, line: Equipment) -> list[Order]:
    """The orders in a text tag named `orders`: a JSON list, kept up to date by the machine."""
    for tag in (tag for unit in line.walk() for tag in unit.tags if tag.name == "orders"):
        number = app.namespace.id(tag.path)
        with suppress(ValueError, TypeError, AttributeError):
            entries = json.loads(app.live.text.get(number or -1, "[]"))
            return [(entry, _started(entry)) for entry in entries]
    return []


def _started(entry: Mapping[str, object]) -> float | None:
    start = entry.get("start")
    return start / 1e6 if isinstance(start, int | float) and start else None


def told_orders(app: App, line: Equipment) -> list[Order]:
    """The line's orders as events of kind `order` told them, with state start, done or next."""
    since = Nanoseconds(app.now() - 36 * HOUR)
    events = app.historian.events(since, Nanoseconds(app.now() + 1), kinds=("order",), limit=500)
    latest: dict[str, Order] = {}
    for event in sorted(events, key=lambda event: event.time):
        if event.path != line.path and not event.path.startswith(f"{line.path}/"):
            continue
        name = str(event.data.get("order") or event.text)
        before = latest.get(name)
        started = event.time / 1e6 if event.data.get("state") == "start" else None
        latest[name] = (
            {"order": name, **event.data},
            started or (before[1] if before else None),
        )
    return list(latest.values())


_STATE = {"start": "running", "done": "done"}


def _order(
    app: App, line: Equipment, data: Mapping[str, object], started: float | None
) -> contract.OrderInfo:
    state = _STATE.get(str(data.get("state")), "next")
    done = _number(data.get("done"))
    if state == "running" and started is not None:
        counted = _done_since(app, line, Nanoseconds(int(started * 1e6)))
        done = done if counted is None else counted
    due = data.get("due")
    return contract.OrderInfo.model_validate(
        {
            "order": str(data.get("order") or ""),
            "product": str(data.get("product") or ""),
            "planned": _number(data.get("planned")),
            "done": done,
            "start": started,
            "due": due / 1e6 if isinstance(due, int | float) and due else None,
            "state": state,
        }
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _done_since(app: App, line: Equipment, start: Nanoseconds) -> float | None:
    unit = bottleneck(line)
    if unit is None or app.now() <= start:
        return None
    shelf = app.records.shelf([unit.tag("good_count")], Window("", start, app.now()))
    return shelf.growth(unit.tag("good_count")).sum
