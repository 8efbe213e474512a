"""Security levels of a zone after IEC 62443-3-3: what it aims at, and what evidence shows.

A requirement is met as far as evidence shows, fails where evidence shows the contrary, and is
open where there is none. `shown` counts what is open as not met, `at_most` counts it as met:
the truth lies between, and a failure caps both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

TABLE = Path(__file__).with_name("sr_62443_3_3.toml")
GROUPS: Mapping[str, str] = MappingProxyType(
    {"1": "IAC", "2": "UC", "3": "SI", "4": "DC", "5": "RDF", "6": "TRE", "7": "RA"}
)
"""The seven foundational requirements by the first digit of a requirement's number."""
FAILS, HIGHEST = -1, 4


@dataclass(frozen=True, slots=True)
class Requirement:
    """A system requirement: enhancements that each level asks for, -1 where it asks for none.

    It is `disputed` where public renderings of the table do not agree.
    """

    id: str
    title: str
    needs: tuple[int, ...]
    disputed: bool = False

    @property
    def group(self) -> str:
        """Its foundational requirement, such as `IAC`."""
        return GROUPS[self.id[0]]

    def level(self, met: int) -> int:
        """The highest level for which `met` enhancements are enough; 0 where for none."""
        level = 0
        for number, need in enumerate(self.needs, 1):
            if need > met:
                break
            level = number
        return level


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of one requirement: how many enhancements it shows, or that it fails (-1)."""

    id: str
    met: int
    seen: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One requirement against the level that the zone aims at."""

    requirement: Requirement
    state: Literal["pass", "fail", "no evidence", "not asked"]
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """A zone's target against the levels of its seven foundational requirements."""

    zone: str
    target: int
    shown: Mapping[str, int]
    at_most: Mapping[str, int]
    judged: tuple[Judged, ...]

    @property
    def gaps(self) -> list[Judged]:
        """Requirements that evidence shows not to be met at the target."""
        return [one for one in self.judged if one.state == "fail"]


@cache
def requirements() -> tuple[Requirement, ...]:
    """All system requirements, in their order."""
    found = tomllib.loads(TABLE.read_text("utf-8"))["requirement"]
    return tuple(
        Requirement(one["id"], one["title"], tuple(one["needs"]), bool(one.get("disputed")))
        for one in found
    )


def verified() -> bool:
    """Whether the table was compared with a licensed copy of the standard."""
    return bool(tomllib.loads(TABLE.read_text("utf-8"))["verified"])


def assess(zone: str, target: int, found: Iterable[Evidence]) -> Assessment:
    """The zone's levels by `found`; of two pieces for one requirement the worse counts."""
    worst: dict[str, Evidence] = {}
    for one in found:
        if one.id not in worst or one.met < worst[one.id].met:
            worst[one.id] = one
    shown, at_most = (dict.fromkeys(GROUPS.values(), HIGHEST) for _ in range(2))
    judged = []
    for requirement in requirements():
        seen = worst.get(requirement.id)
        group = requirement.group
        met = FAILS if seen is None else seen.met
        shown[group] = min(shown[group], requirement.level(met))
        if seen is not None:
            at_most[group] = min(at_most[group], requirement.level(met))
        judged.append(_judge(requirement, target, seen))
    return Assessment(zone, target, shown, at_most, tuple(judged))


def _judge(requirement: Requirement, target: int, seen: Evidence | None) -> Judged:
    asked = max([FAILS, *requirement.needs[:target]])
    if asked == FAILS:
        return Judged(requirement, "not asked", seen.seen if seen else "")
    if seen is None:
        return Judged(requirement, "no evidence")
    return Judged(requirement, "pass" if seen.met >= asked else "fail", seen.seen)
