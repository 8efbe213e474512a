"""Which rights were used, where and how often: what a change of policy is tried on.

Reads stand in no ledger; here each day keeps who used which right at which path, counted. A crash
loses what the last minute added.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from isthmus.model.access import Grant, Principal, Right, Role
from isthmus.model.errors import StorageError
from isthmus.trust.pki.authority import write_private

MOST = 20_000  # different uses of a day; what is beyond is counted as lost
KEPT_DAYS = 60


@dataclass(frozen=True, slots=True)
class Use:
    """So often that day `principal` used `right` at `path`."""

    day: date
    principal: Principal
    right: Right
    path: str
    count: int


@dataclass(slots=True)
class Uses:
    """The record of uses below `folder`; `lost` says how many did not fit."""

    folder: Path
    lost: int = 0
    _day: str = ""
    _counts: dict[tuple[Principal, Right, str], int] = field(default_factory=dict)
    _changed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, principal: Principal, right: Right, path: str) -> None:
        """One more use, now; the owner's are not kept, since no policy binds it."""
        if principal.owner:
            return
        who = Principal(principal.id, groups=principal.groups, own=principal.own)
        key = who, right, path
        with self._lock:
            today = f"{datetime.now(UTC):%Y-%m-%d}"
            if today != self._day:
                self._turn(today)
            if key not in self._counts and len(self._counts) >= MOST:
                self.lost += 1
                return
            self._counts[key] = self._counts.get(key, 0) + 1
            self._changed = True

    def flush(self) -> None:
        """Write the day down where something was added; StorageError where that fails."""
        with self._lock:
            if self._changed:
                self._write()
                self._changed = False

    def days(self, days: int) -> Iterator[Use]:
        """What was used in the last so many days, today included, the oldest first."""
        self.flush()
        first = f"{datetime.now(UTC).date() - timedelta(days=days - 1):%Y-%m-%d}"
        for file in sorted(self.folder.glob("????-??-??.json")):
            if file.stem >= first:
                yield from _read(file)

    def _turn(self, today: str) -> None:
        """Begin a day: what its file holds already, and no file that is too old."""
        if self._changed:
            self._write()
        self._day, self._counts, self._changed = today, {}, False
        for file in sorted(self.folder.glob("????-??-??.json"))[:-KEPT_DAYS]:
            file.unlink(missing_ok=True)
        file = self.folder / f"{today}.json"
        if file.is_file():
            self._counts = {(use.principal, use.right, use.path): use.count for use in _read(file)}

    def _write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        people = list(dict.fromkeys(who for who, _, _ in self._counts))
        place = {who: number for number, who in enumerate(people)}
        body = {
            "people": [_person(who) for who in people],
            "uses": [
                [place[who], right.value, path, count]
                for (who, right, path), count in self._counts.items()
            ],
        }
        try:
            write_private(self.folder / f"{self._day}.json", json.dumps(body).encode())
        except OSError as error:
            raise StorageError(f"writing the uses of rights in {self.folder}: {error}") from error


def _person(who: Principal) -> dict[str, object]:
    own = [[grant.role.value, grant.at, grant.zone] for grant in who.own]
    return {"id": who.id, "groups": sorted(who.groups), "own": own}


def _read(file: Path) -> Iterator[Use]:
    try:
        body = json.loads(file.read_text("utf-8"))
        people = [
            Principal(
                one["id"],
                groups=frozenset(one["groups"]),
                own=tuple(Grant(one["id"], Role(role), at, zone) for role, at, zone in one["own"]),
            )
            for one in body["people"]
        ]
        day = date.fromisoformat(file.stem)
        uses = [
            Use(day, people[who], Right(right), path, int(count))
            for who, right, path, count in body["uses"]
        ]
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise StorageError(
            f"reading the uses of rights in {file}: {error}",
            hint="delete that file: only dry runs of policies look at it",
        ) from error
    yield from uses
