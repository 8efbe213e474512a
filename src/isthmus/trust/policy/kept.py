"""The policy that acts, those before it, and which text of the plant file they answer to."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.model.access import Access
from isthmus.model.errors import Refused, StorageError
from isthmus.trust.pki.authority import write_private
from isthmus.trust.policy.change import as_json, difference, from_json, lines

MOST = 20  # policies that can be rolled back to


@dataclass(slots=True)
class Kept:
    """What acts; a roll back stays over restarts until the plant file says something new."""

    file: Path
    acting: Access = field(default_factory=Access)
    read: Access = field(default_factory=Access)  # what the plant file said last
    since: float = 0.0
    by: str = ""
    before: list[tuple[Access, float, str]] = field(default_factory=list)

    @classmethod
    def open(cls, file: Path) -> Kept:
        """What `file` holds, an empty policy where it is not there; StorageError if damaged."""
        if not file.is_file():
            return cls(file)
        try:
            body = json.loads(file.read_text("utf-8"))
            before = [(from_json(old), float(at), str(by)) for old, at, by in body["before"]]
            return cls(
                *(file, from_json(body["acting"]), from_json(body["read"])),
                *(float(body["since"]), str(body["by"]), before),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"reading the policy in {file}: {error}",
                hint="restore it from a backup, or delete it: the plant file's policy acts then",
            ) from error

    @property
    def rolled_back(self) -> bool:
        """Whether something else acts than what the plant file said last."""
        return lines(self.acting) != lines(self.read)

    def take(self, access: Access, by: str) -> list[str]:
        """Let what the plant file says act; the difference, none where it said so before."""
        if lines(access) == lines(self.read):
            return []
        changed = difference(self.acting, access)
        self._turn(access, access, by, [*self.before, (self.acting, self.since, self.by)])
        return changed

    def apply(self, access: Access, by: str) -> list[str]:
        """The same, also over a roll back."""
        changed = difference(self.acting, access)
        if changed:
            self._turn(access, access, by, [*self.before, (self.acting, self.since, self.by)])
        return changed

    @property
    def older(self) -> Access:
        """The policy before this one; Refused where there is none."""
        if not self.before:
            raise Refused("no policy was in force before this one", hint="`isthmus policy show`")
        return self.before[-1][0]

    def roll_back(self, by: str) -> list[str]:
        """Let the policy before this one act again; Refused where there is none."""
        older = self.older
        changed = difference(self.acting, older)
        self._turn(older, self.read, by, self.before[:-1])
        return changed

    def _turn(
        self, acting: Access, read: Access, by: str, before: Sequence[tuple[Access, float, str]]
    ) -> None:
        kept, since = list(before)[-MOST:], time.time()
        body = {
            "acting": as_json(acting),
            "read": as_json(read),
            "since": since,
            "by": by,
            "before": [[as_json(old), at, who] for old, at, who in kept],
        }
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(self.file, json.dumps(body, indent=1).encode())
        self.acting, self.read, self.since, self.by, self.before = acting, read, since, by, kept
