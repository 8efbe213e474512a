"""All permits and maintenance locks of a plant, in one file that is written whole or not at all.

Every change is in the ledger before it is in the file.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from isthmus.model.errors import ConfigError, Refused, StorageError
from isthmus.model.path import Pattern
from isthmus.model.record import Fact, Kind, Recorder
from isthmus.trust.permit.lock import OTHERS, Lock
from isthmus.trust.permit.permit import LONGEST, Permit, State
from isthmus.trust.pki.files import write_private

MOST = 10_000  # permits that are kept; the ledger has all
SLACK = 60 * 10**9  # by which a start may lie in the past
AHEAD = 366 * 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants a permit for; see `Permit`."""

    at: str
    low: float
    high: float
    reason: str
    order: str
    start: int
    end: int
    requested: str
    holder: str
    second: bool = False


@dataclass(slots=True)
class PermitBook:
    """The permits and locks; safe for several threads."""

    file: Path
    recorder: Recorder
    wall: Callable[[], int] = time.time_ns
    permits: dict[int, Permit] = field(default_factory=dict)
    locks: dict[str, Lock] = field(default_factory=dict)
    _guard: threading.RLock = field(default_factory=threading.RLock)

    @classmethod
    def open(cls, file: Path, recorder: Recorder, wall: Callable[[], int] = time.time_ns) -> Self:
        """The book kept in `file`; StorageError where it is damaged."""
        made = cls(file, recorder, wall)
        if not file.exists():
            return made
        try:
            told = json.loads(file.read_text("utf-8"))
            made.permits = {each["number"]: Permit.of(each) for each in told["permits"]}
            made.locks = {each["path"]: Lock.of(each) for each in told["locks"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"reading the permits {file}: {error}",
                hint="restore it from a backup; without it nothing that needs a permit is written",
            ) from error
        return made

    # ------------------------------------------------------------------ permits
    def find(self, number: int) -> Permit:
        """The permit of that number; ConfigError where there is none."""
        found = self.permits.get(number)
        if found is None:
            raise ConfigError(f"there is no permit {number}", hint="see `isthmus permit list`")
        return found

    def all(self) -> Sequence[Permit]:
        """All permits, newest first."""
        with self._guard:
            return [self.permits[number] for number in sorted(self.permits, reverse=True)]

    def request(self, wish: Request) -> Permit:
        """A new permit, not yet approved; Refused where nobody could approve it."""
        now = self.wall()
        try:
            Pattern.parse(wish.at)
        except ValueError as error:
            raise Refused(str(error), hint="write it like packaging/line1/filler/*") from error
        if not wish.low <= wish.high:
            raise Refused(f"no value lies between {wish.low:g} and {wish.high:g}")
        if not 0 < wish.end - wish.start <= LONGEST:
            raise Refused("a permit holds for 4 hours at most", hint="request one for each shift")
        if wish.end <= now or not now - SLACK <= wish.start <= now + AHEAD:
            raise Refused("its time is over, or further away than a year", hint="give another")
        if not wish.reason.strip():
            raise Refused("no reason is given", hint="say what has to be done")
        with self._guard:
            number = max(self.permits, default=0) + 1
            told = {name: getattr(wish, name) for name in wish.__slots__}
            made = Permit(number, **told)
            span = f"{wish.low:g} to {wish.high:g}"
            text = f"requested {made.name} for {wish.holder} at {wish.at}, {span}: {wish.reason}"
            return self._change(made, wish.requested, text)

    def approve(self, number: int, by: str) -> Permit:
        """The permit, approved by one more person."""
        with self._guard:
            made = self.find(number).agreed(by, self.wall())
            return self._change(made, by, f"approved {made.name}")

    def refuse(self, number: int, by: str, note: str) -> Permit:
        """The permit, which nobody can approve any more."""
        with self._guard:
            found = self._in(number, State.REQUESTED)
            return self._change(
                replace(found, refused=by, note=note), by, f"refused {found.name}: {note}"
            )

    def close(self, number: int, by: str, note: str = "") -> Permit:
        """The permit, which nobody can use any more."""
        with self._guard:
            found = self._in(number, State.REQUESTED, State.APPROVED, State.ACTIVE)
            return self._change(
                replace(found, closed=by, note=note), by, f"closed {found.name} {note}".strip()
            )

    def review(self, number: int, by: str, note: str) -> Permit:
        """The permit, whose writes somebody else than its holder looked at afterwards."""
        with self._guard:
            found = self._in(number, State.CLOSED, State.EXPIRED)
            if by == found.holder:
                raise Refused(f"{by} cannot review their own {found.name}", hint="ask another")
            return self._change(
                replace(found, reviewed=by, note=note), by, f"reviewed {found.name}: {note}"
            )

    def use(self, number: int, action: str) -> None:
        """Link the write `action` to its permit; the write itself is in the ledger."""
        with self._guard:
            found = self.find(number)
            self.permits[number] = replace(found, writes=(*found.writes, action))
            self._save()

    def _in(self, number: int, *states: State) -> Permit:
        found = self.find(number)
        state = found.state(self.wall())
        if state not in states:
            raise Refused(f"{found.name} is {state}", hint="see `isthmus permit list`")
        return found

    def _change(self, made: Permit, by: str, text: str) -> Permit:
        facts: dict[str, Fact] = {
            "permit": made.number,
            "holder": made.holder,
            "at": made.at,
            "low": made.low,
            "high": made.high,
            "order": made.order,
        }
        self.recorder.record(Kind.PERMIT, by, text, about=made.name, facts=facts)
        self.permits[made.number] = made
        self._save()
        return made

    # ------------------------------------------------------------------ locks
    def locked(self, path: str) -> list[Lock]:
        """The locks that keep `path` from being written."""
        return [lock for lock in list(self.locks.values()) if lock.holds(path)]

    def lock(self, path: str, by: str, reason: str) -> Lock:
        """Equipment that nobody writes until it is freed; Refused where somebody has locked it."""
        with self._guard:
            there = self.locks.get(path)
            if there is not None:
                raise Refused(
                    f"{there.owner} has locked {path}: {there.reason}", hint="see `isthmus lock`"
                )
            made = Lock(path, by, reason, self.wall())
            facts = {"locked": True}
            self.recorder.record(Kind.LOCK, by, f"locked {path}: {reason}", about=path, facts=facts)
            self.locks[path] = made
            self._save()
            return made

    def unlock(self, path: str, by: str) -> Lock | None:
        """What is left of the lock: None where `by` locked it, or two others want it free."""
        with self._guard:
            there = self.locks.get(path)
            if there is None:
                raise ConfigError(f"{path} is not locked", hint="see `isthmus lock`")
            freeing = tuple(dict.fromkeys((*there.freeing, by)))
            free = by == there.owner or len(freeing) >= OTHERS
            text = f"freed {path}" if free else f"wants {path} free, which {there.owner} locked"
            self.recorder.record(
                Kind.LOCK, by, text, about=path, facts={"locked": not free, "owner": there.owner}
            )
            if free:
                del self.locks[path]
            else:
                self.locks[path] = replace(there, freeing=freeing)
            self._save()
            return self.locks.get(path)

    def _save(self) -> None:
        for number in sorted(self.permits)[:-MOST]:
            del self.permits[number]
        body = {
            "permits": [self.permits[number].told() for number in sorted(self.permits)],
            "locks": [each.told() for each in self.locks.values()],
        }
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            write_private(self.file, json.dumps(body, indent=1).encode("utf-8"))
        except OSError as error:
            raise StorageError(
                f"writing the permits {self.file}: {error.strerror}", hint="free some space"
            ) from error
