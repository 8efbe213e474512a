"""Topic names and filters (OASIS MQTT 3.1.1, 4.7), and who wants which topic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

LONGEST = 65_535  # bytes of a topic (MQTT-4.7.3-3)
REMEMBERED = 65_536  # topics whose routes are kept at hand

T = TypeVar("T")


def checked_filter(text: str) -> str:
    """`text` if it is a topic filter; ValueError says why it is none."""
    if not text or "\0" in text or len(text.encode("utf-8", "replace")) > LONGEST:
        raise ValueError("a topic has 1 to 65,535 bytes, none of them zero")
    levels = text.split("/")
    for place, level in enumerate(levels):
        if level == "#" and place == len(levels) - 1:
            continue
        if "#" in level or ("+" in level and level != "+"):
            raise ValueError(f"`{text}`: `+` stands for one whole level, `#` for all the last ones")
    return text


def wild(topic: str) -> bool:
    """Whether `topic` is a filter that many topics match."""
    return any(level in ("+", "#") for level in topic.split("/"))


def matches(pattern: str, topic: str) -> bool:
    """Whether the filter `pattern` takes in `topic`, which may itself be a filter.

    `$` at the start of a topic hides it from a leading wildcard (MQTT-4.7.2-1).
    """
    if topic.startswith("$") and pattern[:1] in ("+", "#"):
        return False
    wanted, given = pattern.split("/"), topic.split("/")
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place >= len(given) or given[place] == "#":
            return False
        if level not in ("+", given[place]):
            return False
    return len(wanted) == len(given)


def fewest(filters: Iterable[str]) -> list[str]:
    """The filters that take in all of `filters`, without those that another one covers."""
    distinct = sorted(set(filters))
    wide = [one for one in distinct if wild(one)]
    return [
        one for one in distinct if not any(other != one and matches(other, one) for other in wide)
    ]


@dataclass(slots=True)
class Routes(Generic[T]):
    """Finds whom a topic concerns: exact topics by dictionary, filters tried once a new topic."""

    _exact: dict[str, list[T]] = field(default_factory=dict)
    _wild: dict[str, list[T]] = field(default_factory=dict)
    _found: dict[str, tuple[T, ...]] = field(default_factory=dict)

    def add(self, pattern: str, target: T) -> None:
        """From now on `target` is concerned by every topic that `pattern` matches."""
        self._found.clear()
        routes = self._wild if wild(pattern) else self._exact
        routes.setdefault(pattern, []).append(target)

    def find(self, topic: str) -> tuple[T, ...]:
        """All targets of `topic`, in the order in which they were added to each filter."""
        known = self._found.get(topic)
        if known is not None:
            return known
        found = list(self._exact.get(topic, ()))
        for pattern, targets in self._wild.items():
            if matches(pattern, topic):
                found.extend(targets)
        if len(self._found) >= REMEMBERED:
            self._found.clear()
        kept = self._found[topic] = tuple(found)
        return kept
