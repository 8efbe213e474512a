"""Which keys of a plant file are checked and kept, and have no effect yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel

from isthmus.model.plantfile import CalendarEntry, PlantFile
from isthmus.model.plantfile_equipment import Described
from isthmus.runtime.config.files import read_plant
from isthmus.runtime.config.report import Report
from isthmus.runtime.config.shape import shape

LATER: Mapping[type[BaseModel], Mapping[str, str]] = {  # entry -> key -> what people read
    PlantFile: {"erp": "erp"},
    Described: {"condition": "condition"},
}


def later(path: Path) -> list[str]:
    """The keys in the plant at `path` that no part acts on yet, in order of the alphabet.

    ConfigError where there is no file at all.
    """
    root, mistakes = read_plant(path, {})
    return sorted(set(_unused(shape(Report(root, mistakes)))))


def _unused(found: object) -> Iterator[str]:
    if isinstance(found, BaseModel):
        for entry, keys in LATER.items():
            if isinstance(found, entry):
                used = found.model_fields_set & keys.keys()
                yield from (keys[key] for key in used if getattr(found, key))
        if isinstance(found, CalendarEntry) and len(found.holidays) > len(
            found.calendar("").holidays
        ):
            yield "calendars.*.holidays: a region"
        for key in found.model_fields_set:
            yield from _unused(getattr(found, key, None))
    elif isinstance(found, Mapping):
        for below in found.values():
            yield from _unused(below)
    elif isinstance(found, list | tuple):
        for below in found:
            yield from _unused(below)
