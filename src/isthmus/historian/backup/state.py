"""How the backups of a site do, kept in its data folder for the doctor and for the next start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from isthmus.historian.backup.make import STATE, Made
from isthmus.historian.keep.place import Target


@dataclass(frozen=True, slots=True)
class BackupState:
    """The last backup and the last failure; times in seconds since 1970, 0 for never.

    `target` says where, with the places of secrets, never a secret.
    """

    target: Mapping[str, object] = field(default_factory=dict)
    every: float = 0.0  # seconds between two, 0 where none are scheduled
    point: str = ""
    made: float = 0.0
    copied_bytes: int = 0
    seconds: float = 0.0
    damaged: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""
    failed: float = 0.0

    def late(self, now: float) -> bool:
        """Whether one that is scheduled has not been made for twice its time."""
        return bool(self.every) and bool(self.made) and now - self.made > 2 * self.every


def remembered(folder: Path) -> BackupState | None:
    """The state of the site whose data is in `folder`; None where nothing was ever backed up."""
    try:
        body = json.loads((folder / STATE).read_bytes())
        return BackupState(**{**body, "damaged": tuple(body.get("damaged", ()))})
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def remember(folder: Path, state: BackupState) -> None:
    """Keep the state. Raises OSError."""
    draft = folder / f"{STATE}.new"
    draft.write_text(json.dumps(asdict(state), indent=1), "utf-8")
    draft.replace(folder / STATE)


def after(made: Made, target: Target, every: float) -> BackupState:
    """The state once a backup was made."""
    return BackupState(
        target.told(),
        every,
        made.backup.point,
        made.backup.made,
        made.copied_bytes,
        made.seconds,
        made.backup.damaged,
    )
