"""Every error that a caller may want to tell apart.

* IsthmusError
  x ConfigError          a file must change
  x LinkError            a device or service cannot be reached: the runtime retries
    - AuthError          it refused who we are: no retry storm, it locks accounts
    - AbsentError        nobody listened, so that nothing was delivered
  x ProtocolError        it answered, but not what the standard says: bad quality, counted
  x StorageError         a disk or a store is full, damaged or held by another process
  x Refused              a guard said no: never retried
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class IsthmusError(Exception):
    """Base of all; carries the advice that the CLI and the web print beneath the message."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a plant file: where, what, and the nearest right word or next step."""

    file: str
    line: int
    text: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class ConfigError(IsthmusError):
    """A file must change; carries all mistakes at once."""

    def __init__(self, message: str, *, hint: str = "", mistakes: Sequence[Mistake] = ()) -> None:
        super().__init__(message, hint=hint)
        self.mistakes = tuple(mistakes)


class LinkError(IsthmusError):
    """A device or service cannot be reached; the runtime tries again."""


class AuthError(LinkError):
    """A device or service refused who we are; trying again soon would lock accounts."""


class AbsentError(LinkError):
    """Nobody listened: what was asked is certain not to have been delivered."""


class ProtocolError(IsthmusError):
    """A device answered, but not what its protocol says."""


class StorageError(IsthmusError):
    """A store is full, damaged or held by another process."""


class Refused(IsthmusError):  # noqa: N818 - the glossary's word
    """A guard said no."""
