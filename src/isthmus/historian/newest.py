"""The newest events that somebody may see, however many others lie between them."""

from __future__ import annotations

from collections.abc import Callable, Collection

from isthmus.historian.port import History
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds

PAGE = 10_000  # events read at first, at least
LOOKED_AT = 500_000  # events, seen or not


def newest(
    history: History,
    start: Nanoseconds,
    end: Nanoseconds,
    *,
    limit: int,
    seen: Callable[[str], bool] | None = None,
    kinds: Collection[str] = (),
    path: str | None = None,
) -> tuple[list[Event], bool]:
    """The newest `limit` events in [start, end) whose paths are `seen`, by time; whether more are.

    It gives up after half a million events, most of them hidden, and then says that more are.
    """
    if seen is None:
        found = history.events(start, end, kinds=kinds, path=path, limit=limit + 1)
        return found[-limit:], len(found) > limit
    found, looked, until, size = [], 0, end, max(limit + 1, PAGE)
    while looked < LOOKED_AT:
        page = history.events(start, until, kinds=kinds, path=path, limit=size)
        looked += len(page)
        if len(page) < size:
            found[:0] = [event for event in page if seen(event.path)]
            return found[-limit:], len(found) > limit
        first = page[0].time  # others of this moment may be cut off: it comes with the next page
        size *= 2  # each page reads whole files: few large ones are quicker
        if first == page[-1].time:
            continue
        until = Nanoseconds(first + 1)
        found[:0] = [event for event in page if event.time > first and seen(event.path)]
        if len(found) > limit:
            break
    return found[-limit:], True
