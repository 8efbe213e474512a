"""How long each tag's samples are kept, and how much disk they may take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from isthmus.model.path import Pattern
from isthmus.model.sample import Int64s, TagId

FOREVER = 1 << 62  # ns, some 146 years
NS = 1_000_000_000
HOUR = 3_600 * NS
DAY = 24 * HOUR
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Rule:
    """Samples of the tags that one of `where` selects are kept for `raw` ns."""

    where: tuple[Pattern, ...]
    raw: int


@dataclass(frozen=True, slots=True)
class Retention:
    """What `history` in a plant file says; ages in ns, `disk` in bytes, 0 for no limit.

    `root` is `enterprise/site`, which a pattern may begin with.
    """

    raw: int = FOREVER
    minutes: int = FOREVER
    hours: int = FOREVER
    events: int = FOREVER
    least: int = WEEK
    rules: tuple[Rule, ...] = ()
    disk: int = 0
    drop_oldest: bool = False
    root: str = ""

    @classmethod
    def of(cls, history: Mapping[str, object], *, root: str = "") -> Self:
        """The retention that the section `history` of a plant describes."""
        keep, rules = history.get("keep"), history.get("keep_where")
        ages = keep if isinstance(keep, Mapping) else {}
        disk = history.get("disk")
        return cls(
            raw=_age(ages.get("raw"), FOREVER),
            minutes=_age(ages.get("minutes"), FOREVER),
            hours=_age(ages.get("hours"), FOREVER),
            events=_age(ages.get("events"), FOREVER),
            least=_age(ages.get("least"), WEEK),
            rules=tuple(_rule(rule) for rule in rules) if isinstance(rules, list) else (),
            disk=int(disk) if isinstance(disk, int | float) else 0,
            drop_oldest=history.get("when_full") == "drop-oldest",
            root=root,
        )

    @property
    def longest(self) -> int:
        """The age after which no rule keeps any sample."""
        return max(self.raw, *(rule.raw for rule in self.rules), 0)

    def age(self, path: str) -> int:
        """For how long samples of the tag `path` are kept: the first rule that matches says."""
        for rule in self.rules:
            if any(pattern.matches(path, self.root) for pattern in rule.where):
                return rule.raw
        return self.raw

    def ages(self, tags: Iterable[tuple[TagId, str]]) -> Ages:
        """The ages of all `tags`, by id."""
        known = {int(number): self.age(path) for number, path in tags}
        column = np.full(max(known, default=-1) + 1, self.raw, np.int64)
        column[list(known)] = list(known.values())
        return Ages(self.raw, column)


@dataclass(frozen=True, slots=True, eq=False)
class Ages:
    """How long the samples of each tag are kept, in ns; a tag that is not known: `usual`."""

    usual: int
    by_tag: Int64s

    def longest(self, tags: tuple[int, int]) -> int:
        """The longest age among tags first to last of a file; the longest of all if none."""
        low, high = tags
        if low > high:
            return max(self.usual, int(self.by_tag.max(initial=0)))
        inside = self.by_tag[low : high + 1]
        unknown = high >= len(self.by_tag)
        return max(int(inside.max(initial=0)), self.usual if unknown or not len(inside) else 0)

    def steps(self) -> Sequence[int]:
        """All ages that there are, shortest first."""
        return sorted({self.usual, *np.unique(self.by_tag).tolist()})

    def passed(self, age: int) -> Int64s:
        """The ids of known tags whose samples of that age go."""
        return np.nonzero(self.by_tag <= age)[0].astype(np.int64)


def _rule(rule: Mapping[str, object]) -> Rule:
    where = rule["where"]
    texts = [where] if isinstance(where, str) else list(where) if isinstance(where, list) else []
    return Rule(tuple(Pattern.parse(text) for text in texts), _age(rule["raw"], FOREVER))


def _age(seconds: object, default: int) -> int:
    if not isinstance(seconds, int | float):
        return default
    return min(round(seconds * NS), FOREVER)
