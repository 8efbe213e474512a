"""A rule of a running plant, as it is now."""

from __future__ import annotations

from dataclasses import dataclass

from isthmus.model.rule import Rule
from isthmus.runtime.rule.kept import Seen


@dataclass(frozen=True, slots=True)
class Present:
    """A rule as it is now; times in ns, 0 where there is none."""

    rule: Rule
    acting: bool
    why: str  # it does not act
    on: tuple[str, ...]
    last: int
    fired: int
    seen: Seen | None
