"""What is not a number: events, findings, and the wish to change the plant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from isthmus.model.sample import Nanoseconds, TagId


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a place: a text value, an order, a link that fell or rose.

    `path` is the tag's (a text value) or the equipment's or the link's; `kind` is a noun such as
    `text`, `order`, `shift`, `link-down`, `link-up`, `gap`; `severity` is OPC UA's 1 to 1000.
    """

    time: Nanoseconds
    path: str
    kind: str
    text: str
    severity: int = 1
    data: Mapping[str, str | float | int | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that analysis says and that a person or a rule should know of."""

    time: Nanoseconds
    source: str
    kind: str
    severity: int
    text: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """A wish to change the plant; a guard decides whether it becomes a write."""

    tag: TagId
    value: float
    reason: str
    by: str
