"""From the section `access` of a plant file to the policy, with what it names checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isthmus.model.access import Access
from isthmus.model.path import Pattern, join
from isthmus.model.plant import Equipment
from isthmus.model.plantfile import PlantFile
from isthmus.model.plantfile_access import DenyEntry, GrantEntry
from isthmus.runtime.config.report import Loc, Report
from isthmus.runtime.config.tree import Names


def access(file: PlantFile, areas: Sequence[Equipment], names: Names, report: Report) -> Access:
    """The policy that the file writes; teams, equipment and zones not there are reported."""
    paths, root = list(_paths(areas)), join(file.enterprise, file.site)
    sections: Sequence[tuple[str, Sequence[GrantEntry | DenyEntry]]] = (
        ("grants", file.access.grants),
        ("deny", file.access.deny),
    )
    for key, entries in sections:
        for number, entry in zip(_places(report, key, entries), entries, strict=True):
            loc: Loc = ("access", key, number)
            team = entry.who.removeprefix("team:")
            if entry.who.startswith("team:") and team not in names.teams:
                text = f"there is no team `{team}`"
                report.unknown((*loc, "who"), text, team, sorted(names.teams))
            if entry.zone and entry.zone not in names.zones:
                text = f"there is no zone `{entry.zone}`"
                report.unknown((*loc, "zone"), text, entry.zone, sorted(names.zones))
            if paths and entry.at and not _selects(entry.at, paths, root):
                text = f"no equipment and no tag is selected by `{entry.at}`"
                report.unknown((*loc, "at"), text, entry.at, paths)
    return Access(
        tuple(entry.grant() for entry in file.access.grants),
        tuple(entry.deny() for entry in file.access.deny),
        {
            f"team:{name}": frozenset(map(_member, team.members))
            for name, team in file.people.teams.items()
        },
    )


def _places(report: Report, key: str, entries: Sequence[GrantEntry | DenyEntry]) -> list[int]:
    """Where in the file's list each entry stands; those of a wrong shape were left out before."""
    written = report.root.at(("access", key)).items or []
    places: list[int] = []
    for entry in entries:
        after = places[-1] + 1 if places else 0
        words = [str(one.at(("who",)).value) for one in written[after:]]
        places.append(after + words.index(entry.who) if entry.who in words else after)
    return places


def _selects(at: str, paths: Sequence[str], root: str) -> bool:
    pattern = Pattern.parse(at)
    return any(pattern.matches(path, root) for path in paths)


def _paths(areas: Sequence[Equipment]) -> Iterator[str]:
    for area in areas:
        for found in area.walk():
            yield found.path
            yield from (tag.path for tag in found.tags)


def _member(text: str) -> str:
    """A member's id; a name alone is a person's."""
    return text if ":" in text else f"person:{text}"
