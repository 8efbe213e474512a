"""Which calendars of a plant file have shifts: some only tell planned maintenance or holidays."""

from __future__ import annotations

from isthmus.model.plantfile import PlantFile


def with_shifts(file: PlantFile) -> frozenset[str]:
    """The names of the calendars that have a shift."""
    found = (entry.calendar(name) for name, entry in file.calendars.items())
    return frozenset(calendar.name for calendar in found if calendar.shifts)
