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
