"""What every engine asks of events: which of them match, and how heavy they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from isthmus.model.event import Event


def weight(event: Event) -> int:
    """About how many bytes an event takes in memory."""
    return 256 + len(event.text) + sum(32 + len(str(value)) for value in event.data.values())


def matching(
    events: Iterable[Event],
    start: int,
    end: int,
    *,
    kinds: Collection[str] = (),
    path: str | None = None,
) -> list[Event]:
    """Those in [start, end) of one of `kinds` (all if empty) at or below `path`."""
    below = f"{path}/"
    return [
        event
        for event in events
        if start <= event.time < end
        and (not kinds or event.kind in kinds)
        and (path is None or event.path == path or event.path.startswith(below))
    ]
