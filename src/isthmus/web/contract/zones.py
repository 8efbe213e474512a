"""Zones and conduits as the API tells them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds


class IslandInfo(Answer):
    """Since when a zone is cut off, by whom and why."""

    since: Milliseconds
    by: str
    reason: str


class ZoneInfo(Answer):
    """A zone of the map: its level, what it aims at, and what stands in it."""

    name: str
    level: float
    target: int
    networks: list[str]
    here: bool
    island: IslandInfo | None = None
    connections: list[str]
    equipment: list[str]
    edges: list[str]


class ConduitInfo(Answer):
    """A way between two zones; `source` opens it."""

    id: str
    source: str
    target: str
    allow: list[str]
    ports: list[str]
    why: str
    owner: str


class ZoneFinding(Answer):
    """What is weak in zones, and what would mend it; `about` is its place in the plant file."""

    about: str
    state: Literal["wrong", "note"]
    text: str
    hint: str


class ZoneMap(Answer):
    """Zones, highest level first, conduits between them, the floor, and what is weak."""

    here: str
    zones: list[ZoneInfo]
    conduits: list[ConduitInfo]
    management: list[str]
    findings: list[ZoneFinding]


class Reached(Answer):
    """Whether one zone gets to another, by which conduits, or over which zones by hand."""

    reached: bool
    why: str
    conduits: list[str]
    via: list[str]


class RequirementInfo(Answer):
    """One system requirement against the zone's target, and what was seen of it."""

    id: str
    title: str
    group: str
    state: Literal["pass", "fail", "no evidence", "not asked"]
    seen: str


class ZoneLevels(Answer):
    """A zone's target, and its level in each foundational requirement: IAC, UC, SI and so on.

    `shown` counts what has no evidence as not met, `at_most` as met.
    """

    zone: str
    target: int
    shown: dict[str, int]
    at_most: dict[str, int]
    requirements: list[RequirementInfo]


class IslandWish(Answer):
    """Cut a zone off, or join it again."""

    cut: bool
    reason: Annotated[str, Field(max_length=300)] = ""


class BoundaryNews(Answer):
    """What was done with rules on this machine."""

    what: Literal["loaded", "confirmed"]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    stage: Literal["", "enforce", "log"] = ""


class Changed(Answer):
    """Whether anything changed."""

    changed: bool
