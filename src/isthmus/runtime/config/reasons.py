"""Reasons of stops and machines' own states: from what the plant file says to what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from isthmus.model.plant import Meaning
from isthmus.model.plantfile import PlantFile
from isthmus.model.plantfile_equipment import Described, StateEntry
from isthmus.model.reason import DEFAULT, FIRST_LEVEL, Reason, Reasons
from isthmus.model.state import PACKML, Cause, State
from isthmus.runtime.config.report import Loc, Report

STATES: Mapping[str, tuple[State, Cause]] = {
    **{word: (State(code), Cause.NONE) for code, word in PACKML.items()},
    "unknown": (State.UNKNOWN, Cause.NONE),
    "running": (State.EXECUTE, Cause.NONE),
    "starved": (State.SUSPENDED, Cause.STARVED),
    "blocked": (State.SUSPENDED, Cause.BLOCKED),
    "changeover": (State.STOPPED, Cause.CHANGEOVER),
    "breakdown": (State.ABORTED, Cause.BREAKDOWN),
    "break": (State.STOPPED, Cause.BREAK),
}


def reasons(file: PlantFile, report: Report) -> tuple[Reason, ...]:
    """The plant's reasons, ours where it tells none."""
    if not file.reasons:
        return DEFAULT
    if len(file.reasons) > FIRST_LEVEL:
        report.add(
            ("reasons",),
            f"{len(file.reasons)} reasons stand side by side",
            f"nobody finds one among more than {FIRST_LEVEL}: put some below others",
        )
    found = []
    for name, entry in file.reasons.items():
        found.append(Reason(name, entry.title or _title(name), entry.category))
        for below, sub in entry.reasons.items():
            title = sub.title or _title(below)
            found.append(Reason(f"{name}/{below}", title, entry.category))
    return tuple(found)


def check_states(file: PlantFile, known: Reasons, report: Report) -> None:
    """Report words of machines' own states that mean nothing."""
    for loc, entry in _described(file):
        for code, told in (entry.state.states if entry.state else {}).items():
            where = (*loc, "state", "states", str(code))
            if told.state not in STATES:
                report.unknown(where, f"there is no state `{told.state}`", told.state, STATES)
            if told.reason and known.number(told.reason) is None:
                text = f"there is no reason `{told.reason}`"
                names = [each.name for each in known]
                report.unknown(where, text, told.reason, names)


def meanings(entry: StateEntry | None, known: Reasons) -> dict[int, Meaning]:
    """What each code of a machine's own states means; what is wrong is left out."""
    found = {}
    for code, told in (entry.states if entry else {}).items():
        state, cause = STATES.get(told.state, (State.UNKNOWN, Cause.NONE))
        number = known.number(told.reason) if told.reason else int(cause)
        found[code] = Meaning(int(state), number or 0)
    return found


def _described(file: PlantFile) -> Iterator[tuple[Loc, Described]]:
    for name, kind in file.types.items():
        yield ("types", name), kind
    for area_name, area in file.equipment.items():
        for line_name, line in area.lines.items():
            at: Loc = ("equipment", area_name, line_name)
            yield at, line
            for unit_name, unit in line.units.items():
                yield (*at, "units", unit_name), unit


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
