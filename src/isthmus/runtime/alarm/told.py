"""The journal of alarms as history has it, and what it says of the alarm system."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isthmus.historian.newest import newest
from isthmus.insight.alarm.statistics import Advice, Entry, Statistics, advice, statistics
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.alarm.journal import KIND, once

if TYPE_CHECKING:
    from isthmus.runtime.app import App

MOST = 100_000


@dataclass(frozen=True, slots=True)
class Past:
    """The journal of a time, oldest first; `more` where it holds more than can be told."""

    events: list[Event]
    more: bool


def journal(
    app: App, start: int, end: int, *, path: str = "", seen: Callable[[str], bool] | None = None
) -> Past:
    """The journal in [start, end), at or below `path`; of the alarms that are `seen` alone."""
    found, more = newest(
        *(app.historian, Nanoseconds(start), Nanoseconds(end)),
        limit=MOST,
        seen=seen,
        kinds=(KIND,),
        path=path or None,
    )
    return Past(once(found), more)


def entries(events: Iterable[Event], seen: Collection[str] | None = None) -> list[Entry]:
    """The lines of the journal for figures; those of `seen` paths alone where given."""
    return [
        Entry(
            event.path,
            event.time,
            int(str(event.data.get("priority") or 3)),
            str(event.data.get("change")),
        )
        for event in events
        if seen is None or event.path in seen
    ]


def figures(app: App, start: int, end: int, lines: Iterable[Entry], paths: set[str]) -> Statistics:
    """The figures of the alarms at `paths` in [start, end)."""
    active = {
        each.alarm.path: each.raised
        for each in app.alarms.asking()
        if each.active and each.alarm.path in paths
    }
    return statistics([each for each in lines if each.path in paths], start, end, active)


def rationalise(app: App, lines: Iterable[Entry], paths: set[str]) -> list[Advice]:
    """What the past says of each of the alarms at `paths`, with the delays that it has now."""
    kinds = {alarm.path: alarm.definition for alarm in app.alarms.all}
    delays = {path: (kind.on_delay, kind.off_delay) for path, kind in kinds.items()}
    return advice([each for each in lines if each.path in paths], delays)
