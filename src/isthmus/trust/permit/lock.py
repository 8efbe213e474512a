"""A maintenance lock: while somebody works on a machine, nobody writes to it (ISO 14118)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

OTHERS = 2  # who may free what somebody else locked


@dataclass(frozen=True, slots=True)
class Lock:
    """Equipment that its owner keeps from being written; `freeing` are others who want it free."""

    path: str
    owner: str
    reason: str
    since: int  # ns UTC, wall
    freeing: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Whether `path` is this equipment's or below it."""
        return path == self.path or path.startswith(f"{self.path}/")

    def told(self) -> dict[str, Any]:
        """This lock for a file."""
        return {
            "path": self.path,
            "owner": self.owner,
            "reason": self.reason,
            "since": self.since,
            "freeing": list(self.freeing),
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """The lock that `told` wrote; KeyError, TypeError where it is none."""
        path, owner, reason = (str(told[name]) for name in ("path", "owner", "reason"))
        return cls(path, owner, reason, int(told["since"]), tuple(map(str, told["freeing"])))
