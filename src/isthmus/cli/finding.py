"""What an examination of `isthmus doctor` found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: Literal["well", "note", "wrong"]
    found: str
    hint: str = ""

    def told(self) -> dict[str, str]:
        """This finding for machines."""
        return asdict(self)
