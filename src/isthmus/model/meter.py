"""A meter that is computed from others: a sum, a difference, or a share."""

from __future__ import annotations

from dataclasses import dataclass

ROOT = "meters"  # computed meters have paths such as `meters/rest`


@dataclass(frozen=True, slots=True)
class Meter:
    """The sum of `plus` without `minus`, and of that `share`, or the part that `key` tells.

    `plus` and `minus` name computed meters, or equipment by its path. With `key`, a counter, it is
    what `key` grew of what all counters `among` grew together.
    """

    name: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    share: float = 1.0
    key: str = ""
    among: tuple[str, ...] = ()
    title: str = ""

    @property
    def path(self) -> str:
        """Where its figures are told: `meters/rest`."""
        return f"{ROOT}/{self.name}"

    @property
    def parts(self) -> tuple[str, ...]:
        """All that it is computed from."""
        return (*self.plus, *self.minus)
