"""The other tables of a report: parts, course, orders, energy, alarms, notes, data, formulas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from isthmus.model.plant import Equipment, Level
from isthmus.model.report import Cell, Column, Figure, Kind, Table
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.elements import elements
from isthmus.runtime.figures.key_figures import elements_of, number, sources
from isthmus.runtime.figures.read import Records, Window
from isthmus.runtime.figures.windows import windows
from isthmus.runtime.report.beside import Alarming, Beside
from isthmus.runtime.report.figures import Numbers
from isthmus.runtime.report.period import FINER, course, local
from isthmus.runtime.report.scope import called, lines_of
from isthmus.runtime.scorecard.board import Stand
from isthmus.runtime.scorecard.book import Note

MINUTE = 60.0
MOST_ORDERS, MOST_ALARMS, MOST_FLOODS, MOST_TAGS = 30, 10, 5, 20
WHOLE = 0.9995
_RATIOS = (
    ("oee_index", "OEE index"),
    ("availability", "availability"),
    ("effectiveness", "effectiveness"),
    ("quality_ratio", "quality"),
)
_COUNTED = (
    Column("good", "pc", 0, total=True),
    Column("scrap", "pc", 0, total=True),
    Column("down", "min", 1, total=True),
    Column("energy", "kWh", 1, total=True),
)
_OF_UNITS = (_RATIOS[1], _RATIOS[3])  # a unit has no ideal rate of its own


def part_table(numbers: Numbers) -> Table | None:
    """What the place is made of, a row each; they add up where it is more than one line."""
    line = numbers.place.level is Level.WORK_CENTER
    shown = _OF_UNITS if line else _RATIOS
    rows = []
    for part, found in numbers.parts:
        ratios = numbers.figures(found) if found else {}
        values: list[Cell] = [
            None if not ratios or (value := ratios[name].at(numbers.row)) is None else 100 * value
            for name, _ in shown
        ]
        told = [_element(found.columns.get(name), numbers.row) for name in _NAMES] if found else []
        values += _in_units(told) if told else [None] * len(_NAMES)
        rows.append((called(part) if part.title else part.name, *values))
    if not rows:
        return None
    if line:
        says, counted = (
            "Each unit by itself.",
            tuple(Column(each.head, each.unit, each.digits) for each in _COUNTED),
        )
    else:
        says, counted = "Their times and pieces added up give the figures above.", _COUNTED
    title = "Units" if line else "Lines and areas"
    return Table(
        title,
        (Column("name"), *(Column(head, "%") for _, head in shown), *counted),
        tuple(rows),
        says,
    )


_NAMES = ("GQ", "SQ", "ADOT", "EN")


def _in_units(told: Sequence[float | None]) -> list[Cell]:
    good, scrap, down, energy = told
    return [good, scrap, None if down is None else down / MINUTE, energy]


def _element(column: np.ndarray[tuple[int], np.dtype[np.float64]] | None, row: int) -> float | None:
    return None if column is None else number(column[row])


def course_table(numbers: Numbers, kind: Kind) -> Table:
    """How it went inside of the time: by hour, by shift or by day."""
    records, place = numbers.records, numbers.place
    rows = course(records, place, kind, numbers.window)
    (found,) = elements_of(records, [place], rows) if rows else [None]
    told = []
    if found is not None:
        ratios = numbers.figures(found)
        for row, window in enumerate(rows):
            oee = ratios["oee_index"].at(row)
            counted = _in_units([_element(found.columns.get(name), row) for name in _NAMES])
            start = local(records, window.start).replace(tzinfo=None)
            told.append(
                (
                    window.name or f"{start:%H:%M}",
                    start,
                    None if oee is None else 100 * oee,
                    *counted,
                )
            )
    finer = FINER[kind]
    return Table(
        f"By {finer if any(window.name for window in rows) else 'hour'}",
        (Column("name"), Column("from"), Column("OEE index", "%"), *_COUNTED),
        tuple(told),
    )


def order_table(numbers: Numbers) -> Table | None:
    """The orders of the lines, what was planned, and what came of it; None where none is told."""
    records, window, found = numbers.records, numbers.window, []
    lines = lines_of(numbers.place)
    for line in lines:
        told = list(windows(records, line, "order", window.start, window.end))
        if told:
            found += list(_orders(records, line, told, window, many_lines=len(lines) > 1))
    if not found:
        return None
    return Table(
        "Orders",
        (
            Column("order"),
            Column("from"),
            Column("to"),
            Column("planned", "pc", 0),
            Column("good", "pc", 0, total=True),
            Column("scrap", "pc", 0, total=True),
            Column("good of all", "%", 2),
            Column("good in this time", "pc", 0, total=True),
        ),
        tuple(found[-MOST_ORDERS:]),
        "Each order whole, from its beginning to its end or to now.",
    )


def _orders(
    records: Records, line: Equipment, told: list[Window], window: Window, *, many_lines: bool
) -> Iterator[tuple[Cell, ...]]:
    inside = [
        Window(
            one.name,
            Nanoseconds(max(one.start, window.start)),
            Nanoseconds(min(one.end, window.end)),
        )
        for one in told
    ]
    found = elements(records, line, [*told, *inside])
    planned = _planned(records, line, told)
    for row, one in enumerate(told):
        good, scrap, part = (
            _element(found.columns.get(name), at) if found else None
            for name, at in (("GQ", row), ("SQ", row), ("GQ", row + len(told)))
        )
        made = (good or 0.0) + (scrap or 0.0)
        yield (
            f"{one.name}, {called(line)}" if many_lines else one.name,
            *(local(records, at).replace(tzinfo=None) for at in (one.start, one.end)),
            *(planned[row], good, scrap),
            100 * good / made if good is not None and made else None,
            part,
        )


def _planned(records: Records, line: Equipment, told: list[Window]) -> list[float | None]:
    """What a tag of role `order_quantity` told last while each order ran."""
    roles = ("order_quantity",)
    tags = [tag for unit in line.walk() for role in roles if (tag := unit.tag(role))]
    if not tags:
        return [None] * len(told)
    found = []
    for one in told:
        series = records.shelf(tags[:1], Window("", one.start, one.end)).of(tags[0])
        known = series.value[np.isfinite(series.value)]
        found.append(float(known[-1]) if len(known) else None)
    return found


def alarm_tables(records: Records, found: Alarming | None) -> Iterator[Table]:
    """The most frequent alarms, and the times in which too many came."""
    if found is None:
        return
    told = found.statistics
    rows = [
        (
            found.titles.get(each.path, each.path),
            float(each.raised),
            100 * each.share,
            "chatters" if each.chatters else "",
        )
        for each in told.actors[:MOST_ALARMS]
    ]
    says = (
        f"{told.raised:,} alarms came, {told.mean:.1f} in ten minutes, {told.most} at most; "
        f"{100 * told.flooded:.1f} % of the time was a flood (more than ten in ten minutes)."
    )
    if found.more:
        says += " There were more than can be counted here."
    columns = (Column("alarm"), Column("times", "", 0), Column("of all", "%"), Column("remark"))
    yield Table("Alarms", columns, tuple(rows), says, "no alarm came")
    if told.floods:
        yield Table(
            "Floods of alarms",
            (Column("flood"), Column("from"), Column("length", "min"), Column("alarms", "", 0)),
            tuple(
                (
                    f"{number_}",
                    local(records, each.start).replace(tzinfo=None),
                    (each.end - each.start) / 60e9,
                    float(each.alarms),
                )
                for number_, each in enumerate(told.floods[:MOST_FLOODS], start=1)
            ),
        )


def note_tables(numbers: Numbers, beside: Beside) -> Iterator[Table]:
    """What was said and decided in that time, and which actions are open."""
    records, window = numbers.records, numbers.window
    goals = {stand.goal.name: stand for stand in beside.stands}
    about = [note for note in beside.notes if _about(note, numbers.place, goals)]
    said = [
        note
        for note in about
        if note.kind != "action" and window.start <= beside.noted(note.time) < window.end
    ]
    if said:
        yield Table(
            "Comments and decisions",
            (Column("what"), Column("kind"), Column("about"), Column("when"), Column("by")),
            tuple(
                (
                    *(note.text, note.kind, _titled(note, goals)),
                    local(records, beside.noted(note.time)).replace(tzinfo=None),
                    note.by,
                )
                for note in reversed(said)
            ),
        )
    actions = [note for note in about if note.kind == "action" and note.state == "open"]
    if actions:
        yield Table(
            "Open actions",
            (Column("what"), Column("who"), Column("due"), Column("about")),
            tuple(
                (
                    note.text,
                    f"{note.side.upper()} {note.who}".strip(),
                    note.due,
                    _titled(note, goals),
                )
                for note in sorted(actions, key=lambda note: (note.due or "9", note.number))
            ),
        )


def _about(note: Note, place: Equipment, goals: Mapping[str, Stand]) -> bool:
    """Whether a note is about this place, or about no goal of another."""
    stand = goals.get(note.goal)
    line = stand.line if stand else note.line
    return not line or not place.path or f"{line}/".startswith(f"{place.path}/")


def _titled(note: Note, goals: Mapping[str, Stand]) -> str:
    stand = goals.get(note.goal)
    return (stand.goal.title or stand.measure.title) if stand else note.goal or note.line


def data_table(numbers: Numbers) -> tuple[Table, float]:
    """The tags of which something is not known, and the share of time in which all are."""
    found = sources(numbers.records, numbers.place, [numbers.window])
    length = (numbers.window.end - numbers.window.start) / 60e9
    gappy = sorted((each for each in found if each.known < WHOLE), key=lambda one: one.known)
    known = sum(each.known for each in found) / len(found) if found else 0.0
    says = (
        f"{len(found)} tags were read, {sum(each.samples for each in found):,} samples; "
        f"{len(found) - len(gappy)} of them are known without a gap."
    )
    if len(gappy) > MOST_TAGS:
        says += f" {len(gappy) - MOST_TAGS} more have gaps."
    table = Table(
        "Data behind this report",
        (
            Column("tag"),
            Column("samples", "", 0),
            Column("known", "%", 2),
            Column("unknown", "min"),
        ),
        tuple(
            (
                each.tag.path,
                float(each.samples),
                100 * each.known,
                length * (1 - each.known),
            )
            for each in gappy[:MOST_TAGS]
        ),
        says,
        "no gap",
    )
    return table, known


def formula_table(figures: Sequence[Figure]) -> Table:
    """How each figure is computed."""
    rows = tuple((each.title, each.says) for each in figures if each.says)
    return Table("How this is computed", (Column("figure"), Column("formula")), rows)
