"""What `write:` of a tag names elsewhere in the plant, checked before a write fails on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isthmus.model.path import split
from isthmus.model.plant import Equipment, Level
from isthmus.model.tag import Kind, Tag
from isthmus.model.write import Condition
from isthmus.runtime.config.report import Loc, Report


def check_writes(areas: Sequence[Equipment], report: Report) -> None:
    """Report interlocks over tags that are not there, and words that their legends do not have."""
    tags = {tag.path: tag for area in areas for found in area.walk() for tag in found.tags}
    for area in areas:
        for equipment in area.walk():
            for tag in equipment.tags:
                for text, hint in _wrong(tag, tags):
                    report.add(_place(equipment), f"`{tag.path}`: {text}", hint)


def _wrong(tag: Tag, tags: dict[str, Tag]) -> Iterator[tuple[str, str]]:
    for condition in tag.write.interlocks if tag.write else ():
        path = condition.nearest(tag.equipment, tags.__contains__)
        if path is None:
            text = f"its interlock `{condition}` names no tag beside it or above"
            yield text, f"name one from there on, such as `{_example(tag)}`"
        elif said := _word(condition, tags[path]):
            yield f"its interlock `{condition}` {said}", _words(tags[path])


def _word(condition: Condition, meant: Tag) -> str:
    """What is wrong with the value that it compares with; empty where nothing is."""
    if condition.value in meant.legend.values():
        return ""
    try:
        float(condition.value)
    except ValueError:
        if meant.kind is Kind.TEXT:
            return f"is over `{meant.path}`, which is text"
        return f"compares with a word that `{meant.path}` does not have"
    return ""


def _words(meant: Tag) -> str:
    if meant.kind is Kind.TEXT:
        return "name a tag whose values are numbers, or words of a legend"
    words = ", ".join(dict.fromkeys(meant.legend.values()))
    return f"its words are {words}" if words else "compare with a number"


def _example(tag: Tag) -> str:
    return f"{split(tag.equipment)[-1]}/state" if tag.equipment else "state"


def _place(equipment: Equipment) -> Loc:
    """Where in the file the equipment stands."""
    levels = split(equipment.path)
    if equipment.level in (Level.AREA, Level.WORK_CENTER):
        return ("equipment", *levels)
    area, line, unit, *module = levels
    below = ("modules", *module) if module else ()
    return ("equipment", area, line, "units", unit, *below)
