"""What a command does with files of the data folder, recorded first: by the site where it runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isthmus.cli.remote import Remote
from isthmus.model.errors import LinkError
from isthmus.model.record import NOTHING, Fact, Kind


def running(folder: Path) -> Remote | None:
    """The site whose data is in `folder`, where it runs and answers."""
    try:
        site = Remote.of(folder)
        site.get("/api/session")
    except LinkError:
        return None
    return site


@dataclass(frozen=True, slots=True)
class Noted:
    """A recorder for the owner's commands, whether the site runs or not."""

    folder: Path

    def record(
        self,
        kind: Kind,
        by: str,
        text: str,
        *,
        about: str = "",
        facts: Mapping[str, Fact] = NOTHING,
    ) -> None:
        """Write it down; StorageError or LinkError where that cannot be, and nothing is done."""
        site = running(self.folder)
        if site is not None:
            note = {"kind": kind.value, "text": text, "about": about, "facts": dict(facts)}
            site.send("/api/ledger/notes", json.dumps(note).encode())
            return
        from isthmus.runtime.trust.record import Later

        Later(self.folder).record(kind, by, text, about=about, facts=facts)
