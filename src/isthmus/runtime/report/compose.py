"""A report of a line: the same figures as the pages', over one shift, local day or week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from isthmus.insight.accounting.calendar import instant, local_day, shift_at
from isthmus.model.errors import Refused
from isthmus.model.plant import Equipment
from isthmus.model.report import Figure, Kind, Report, Table
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.performance import LinePerformance, performance
from isthmus.runtime.figures.read import Records, Window, meters
from isthmus.runtime.scorecard.book import Note

MOST = 12  # losses
MINUTE = 60.0


def window_of(records: Records, line: Equipment, kind: Kind, at: Nanoseconds) -> Window:
    """The shift, local day or week (from Monday on) around `at`, up to now."""
    zone, now = records.zone, records.now()
    if at > now:
        raise Refused("that time is still to come", hint="leave `at` out for the one that runs")
    if kind == "shift":
        calendar = records.calendar(line)
        if calendar is None:
            raise Refused(
                f"{line.path} has no calendar", hint="give the line a `calendar`, or ask for a day"
            )
        found = shift_at(calendar, at, zone)
        return Window(f"{found.name or 'no'} shift", found.start, min(found.end, now))
    day = local_day(at, zone)
    days = 1
    if kind == "week":
        day, days = day - timedelta(days=day.weekday()), 7
    start, end = instant(day, 0, zone), instant(day + timedelta(days=days), 0, zone)
    return Window(kind, start, min(end, now))


def compose(
    records: Records, line: Equipment, window: Window, notes: Sequence[Note] = ()
) -> Report:
    """The report of `line` over `window`; `notes` are those of the scorecard."""
    found = performance(records, line, window)
    if found is None:
        raise Refused(f"{line.path} has no unit with a state", hint="bind a tag with `role: state`")
    length = window.end - window.start
    before = Window("", Nanoseconds(window.start - length), window.start)
    then = performance(records, line, before)
    used, used_then = energy(records, line, window), energy(records, line, before)
    return Report(
        f"{line.title or line.path}: {window.name}",
        f"{records.plant.enterprise} / {records.plant.site} / {line.path}",
        f"{_moment(records, window.start)} to {_moment(records, window.end)}",
        100 * (1 - found.known),
        _moment(records, records.now()),
        (*_figures(found, then), *_energy(found, then, used, used_then)),
        (_time(found), _losses(found), *_actions(notes)),
        tuple(_remarks(line, found, used)),
    )


def energy(records: Records, line: Equipment, window: Window) -> float | None:
    """The kWh of the line over the window; None where part of it is not known."""
    sources = meters(records.plant, line)
    tags = [unit.tag(role) for unit in sources for role in ("energy", "power")]
    if not sources:
        return None
    edges = np.array([window.start, window.end], np.int64)
    used = float(records.shelf(tags, window).kwh(sources, edges)[0])
    return used if np.isfinite(used) else None


def _figures(found: LinePerformance, then: LinePerformance | None) -> list[Figure]:
    now, old = found.oee, then.oee if then else None
    made = [
        Figure(title, _percent(value), "%", 1, _percent(getattr(old, name) if old else None))
        for title, name, value in (
            ("OEE index", "index", now.index),
            ("Availability", "availability", now.availability),
            ("Effectiveness", "effectiveness", now.effectiveness),
            ("Quality ratio", "quality", now.quality),
        )
    ]
    count, past = found.count, then.count if then else None
    for title in ("good", "scrap"):
        value = getattr(count, title) if count else None
        before = getattr(past, title) if past else None
        made.append(Figure(f"{title.capitalize()} pieces", value, "pc", 0, before))
    return made


def _energy(
    found: LinePerformance,
    then: LinePerformance | None,
    used: float | None,
    before: float | None,
) -> list[Figure]:
    each, past = _each(used, found), _each(before, then)
    return [
        Figure("Energy", used, "kWh", 1, before),
        Figure("Energy per good piece", each, "kWh", 4, past),
    ]


def _each(used: float | None, found: LinePerformance | None) -> float | None:
    good = found.count.good if found and found.count else 0.0
    return used / good if used is not None and good > 0 else None


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _time(found: LinePerformance) -> Table:
    times = found.times
    steps = (
        ("Planned busy", times.planned_busy),
        ("Breakdown", times.actual_unit_down),
        ("Delay", times.actual_unit_delay),
        ("Setup", times.actual_unit_setup),
        ("No data", times.unknown),
        ("Producing", times.actual_production),
        ("of that speed below ideal", found.speed_loss),
        ("of that scrap", found.scrap_loss),
    )
    busy = times.planned_busy
    rows = tuple(
        (title, spent / MINUTE, 100 * spent / busy if busy else None) for title, spent in steps
    )
    return Table("Where the time went", ("element", "minutes", "% of planned"), rows)


def _losses(found: LinePerformance) -> Table:
    rows = tuple(
        (loss.unit, loss.cause, loss.seconds / MINUTE, f"{loss.stops}")
        for loss in found.losses[:MOST]
        if loss.seconds >= 1
    )
    return Table("Largest losses", ("unit", "cause", "minutes", "stops"), rows)


def _actions(notes: Sequence[Note]) -> list[Table]:
    rows = tuple(
        (note.text, f"{note.side.upper()} {note.who}".strip(), note.due)
        for note in notes
        if note.kind == "action" and note.state == "open"
    )
    return [Table("Open actions", ("what", "who", "due"), rows)] if rows else []


def _remarks(line: Equipment, found: LinePerformance, used: float | None) -> list[str]:
    made = []
    if not line.ideal_rate:
        made.append("The line has no ideal rate: effectiveness is 100 % by definition.")
    if found.count is None:
        made.append("The good counter tells nothing: nothing is counted.")
    if found.known < 1:
        made.append(f"Nothing is known of {100 * (1 - found.known):.1f} % of the time.")
    if used is None:
        made.append("The energy of this time is not known whole, so it is not told.")
    return made


def _moment(records: Records, time: Nanoseconds) -> str:
    return f"{datetime.fromtimestamp(time / 1e9, records.zone):%Y-%m-%d %H:%M %Z}"
