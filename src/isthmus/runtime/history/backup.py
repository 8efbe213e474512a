"""Backups by the plant file: made while the site runs, each failure told and tried again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from isthmus.historian.backup.make import Source, back_up
from isthmus.historian.backup.state import BackupState, after, remember, remembered
from isthmus.historian.keep.place import Target, place
from isthmus.model.errors import IsthmusError

if TYPE_CHECKING:
    from isthmus.runtime.settings import Settings

log = logging.getLogger(__name__)

LOOK = 1.0
RETRY = 600.0  # seconds after a failure


@dataclass(frozen=True, slots=True)
class BackupPlan:
    """Where backups go, how many seconds lie between two, and how many stay."""

    target: Target
    every: float
    keep: int


class Backups:
    """Makes the backups of one site; `state` is how they do."""

    @classmethod
    def of(cls, settings: Settings, site: str) -> Self | None:
        """The backups that the settings ask for; None where they ask for none."""
        if settings.backup is None:
            return None
        source = Source(
            settings.folder.absolute(), settings.history.absolute(), settings.plant_file, site
        )
        return cls(settings.backup, source)

    def __init__(self, plan: BackupPlan, source: Source) -> None:
        self._plan, self._source = plan, source
        known = remembered(source.folder)
        told = plan.target.told()
        same = known is not None and dict(known.target) == told
        self.state = replace(known, every=plan.every) if known and same else BackupState(told)
        self.state = replace(self.state, every=plan.every)

    async def run(self, sealed: Callable[[], bool]) -> None:
        """Back up whenever it is due, until cancelled; not before something was `sealed`."""
        while True:
            await asyncio.sleep(LOOK)
            now = time.time()
            tried = self.state.failed and now - self.state.failed < min(RETRY, self._plan.every)
            if now - self.state.made < self._plan.every or tried or not sealed():
                continue
            await asyncio.to_thread(self.make)

    def make(self) -> None:
        """Make one now; where it fails the state says why."""
        plan, folder = self._plan, self._source.folder
        try:
            made = back_up(self._source, place(plan.target), keep=plan.keep)
        except (IsthmusError, OSError) as error:
            if not self.state.error:
                log.warning("backing up to %s: %s", plan.target.to, error)
            hint = str(getattr(error, "hint", ""))
            self.state = replace(self.state, error=str(error), hint=hint, failed=time.time())
        else:
            if self.state.error:
                log.warning("backing up to %s works again", plan.target.to)
            self.state = after(made, plan.target, plan.every)
            for text in self.state.damaged:
                log.error("not in backup %s: %s", self.state.point, text)
        try:
            remember(folder, self.state)
        except OSError as error:
            log.warning("remembering a backup in %s: %s", folder, error)


def backup_plan(history: object, folder: Path) -> BackupPlan | None:
    """The plan that the section `history` of a plant describes; None where it has none.

    A folder that is not absolute lies in the data folder.
    """
    entry = history.get("backup") if isinstance(history, dict) else None
    if not isinstance(entry, dict):
        return None
    target = Target.of(entry)
    if "://" not in target.to:
        target = replace(target, to=str((folder / Path(target.to).expanduser()).resolve()))
    return BackupPlan(target, float(entry.get("every", 86_400.0)), int(entry.get("keep", 7)))
