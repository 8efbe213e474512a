"""Where a grant or a denial holds: equipment and zone, compiled once and asked often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from isthmus.model.path import Pattern, join, split

NO_ZONES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of each tag, and of all that lies at or below each equipment."""

    below: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, tags: Mapping[str, str]) -> Zones:
        """From the zone of each tag path, empty where it stands in none."""
        below: dict[str, set[str]] = {}
        for path, zone in tags.items():
            levels = split(path)
            for depth in range(len(levels) + 1):
                below.setdefault(join(*levels[:depth]), set()).add(zone)
        return cls({path: frozenset(found) for path, found in below.items()})

    def at(self, path: str) -> frozenset[str]:
        """The zones of what lies at or below `path`; none where nothing is known of it."""
        return self.below.get(path, NO_ZONES)


@dataclass(frozen=True, slots=True)
class Reach:
    """What `at` selects in `zone`; `root` (`acme/riverside`) may stand before a pattern."""

    at: str
    zone: str
    root: str
    _pattern: Pattern | None
    _prefixes: tuple[str, ...]

    @classmethod
    def of(cls, at: str, zone: str = "", root: str = "") -> Reach:
        """The reach of a pattern as it was written; ValueError where it is none."""
        pattern = Pattern.parse(at) if at else None
        plain = at if pattern is not None and "*" not in at else ""
        own = plain.removeprefix(f"{root}/") if root else plain
        return cls(at, zone, root, pattern, tuple({plain, own}) if plain else ())

    def covers(self, path: str, zones: frozenset[str]) -> bool:
        """Whether all that lies at `path`, whose zones these are, is within."""
        if self.zone and zones != {self.zone}:
            return False
        if self._pattern is None or (self._prefixes and self.at == self.root):
            return True
        if self._prefixes:
            return any(path == own or path.startswith(f"{own}/") for own in self._prefixes)
        return bool(path) and self._pattern.matches(path, self.root)

    def touches(self, path: str, zones: frozenset[str]) -> bool:
        """Whether anything that lies at or below `path` is within."""
        if self.zone and self.zone not in zones:
            return False
        if self._pattern is None or not path:
            return True
        levels = split(path)
        return _reaches(self._pattern.levels, levels) or (
            bool(self.root) and _reaches(self._pattern.levels, split(self.root) + levels)
        )


def _reaches(pattern: tuple[str, ...], levels: Iterable[str]) -> bool:
    """Whether the pattern selects `levels`, or could select something below them."""
    places = _settled({0}, pattern)
    for level in levels:
        after = set()
        for place in places:
            if place == len(pattern):
                continue
            if pattern[place] == "**":
                after.add(place)
            elif _is(pattern[place], level):
                after.add(place + 1)
        places = _settled(after, pattern)
        if not places:
            return False
    return True


def _settled(places: set[int], pattern: tuple[str, ...]) -> set[int]:
    """The places, and those behind a `**` that stands for no level at all."""
    found = set(places)
    for place in range(len(pattern)):
        if place in found and pattern[place] == "**":
            found.add(place + 1)
    return found


def _is(pattern: str, level: str) -> bool:
    return pattern == level or ("*" in pattern and Pattern((pattern,)).matches(level))
