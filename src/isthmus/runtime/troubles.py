"""What keeps work from going on: each cause told once to the log, and shown while it lasts."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Troubles:
    """The troubles of now, by what is in the way; `whose` they are."""

    whose: str
    now: dict[str, str] = field(default_factory=dict)

    def note(self, of: str, trouble: str = "") -> None:
        """Remember what is in the way and tell it once; empty where it is not any more."""
        if not trouble:
            self.now.pop(of, None)
            return
        if of not in self.now:
            log.warning("%s: %s", self.whose, trouble)
        self.now[of] = trouble

    @property
    def first(self) -> str:
        """The one that is there longest; empty where nothing is in the way."""
        return next(iter(list(self.now.values())), "")
