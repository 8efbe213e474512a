"""Entering in an emergency: an hour with a reason, open as a finding until somebody reviews it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from isthmus.model.errors import ConfigError
from isthmus.trust.identity.kept import Kept

FILE = "break-glass.json"
REASON = 300
HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class Emergency:
    """One use: why and when, and who looked at it afterwards."""

    number: str
    reason: str
    opened: float
    until: float
    by: str
    reviewed_by: str = ""
    reviewed: float = 0.0
    note: str = ""


@dataclass(slots=True)
class BreakGlass:
    """All uses, in a file that only grows."""

    kept: Kept
    now: Callable[[], float]
    _known: dict[str, Emergency] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, folder: Path, now: Callable[[], float]) -> BreakGlass:
        """The uses kept below `folder`; StorageError where the file is damaged."""
        kept = Kept(folder / FILE)
        try:
            found = [Emergency(**entry) for entry in kept.read()]
        except TypeError as error:
            raise kept.damaged(error) from error
        return cls(kept, now, {one.number: one for one in found})

    def begin(self, reason: str, by: str) -> Emergency:
        """A use that begins now; ConfigError where no reason is given."""
        said = told(
            reason, "a reason", 'say what happened: `--reason "filler stands, nobody on call"`'
        )
        now = self.now()
        made = Emergency(secrets.token_hex(4), said, now, now + HOUR, by)
        with self._lock:
            self._put(made)
        return made

    def all(self) -> list[Emergency]:
        """All uses, the newest first."""
        return sorted(self._known.values(), key=lambda one: one.opened, reverse=True)

    def unreviewed(self) -> list[Emergency]:
        """The uses that nobody has looked at yet."""
        return [one for one in self.all() if not one.reviewed]

    def review(self, number: str, by: str, note: str) -> Emergency:
        """Close one: `note` says what was found."""
        said = told(note, "a note", "say what was done and whether it was right")
        with self._lock:
            found = self._known.get(number)
            if found is None:
                raise ConfigError(
                    f"there is no emergency `{number[:32]}`",
                    hint="`isthmus user review` lists them",
                )
            if found.reviewed:
                raise ConfigError(
                    f"{number} was reviewed by {found.reviewed_by}", hint="nothing is left to do"
                )
            closed = replace(found, reviewed_by=by, reviewed=self.now(), note=said)
            self._put(closed)
        return closed

    def _put(self, one: Emergency) -> None:
        known = {**self._known, one.number: one}
        self.kept.write([asdict(each) for each in known.values()])
        self._known = known


def told(text: str, what: str, hint: str) -> str:
    """`text` on one line; ConfigError where it says nothing."""
    said = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not 8 <= len(said) <= REASON:  # noqa: PLR2004 - a word alone is no reason
        raise ConfigError(f"{what} of {len(said)} characters", hint=f"8 to {REASON}; {hint}")
    return said
