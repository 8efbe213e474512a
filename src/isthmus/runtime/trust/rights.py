"""The policy of a running plant: decides, counts what is used, and records what is refused."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.model.access import OWNER, Access, Decision, Principal, Right
from isthmus.model.errors import Refused, StorageError
from isthmus.model.path import join
from isthmus.model.plant import Plant
from isthmus.model.record import Kind, Recorder
from isthmus.trust.policy.change import widened
from isthmus.trust.policy.kept import Kept
from isthmus.trust.policy.policy import Policy
from isthmus.trust.policy.reach import Zones
from isthmus.trust.policy.uses import Uses

log = logging.getLogger(__name__)

FOLDER = "trust/policy"
AGAIN = 60.0  # seconds until the same refusal is recorded again
MOST = 30  # refusals recorded a minute, however many there are
FLUSH = 60.0
ALLOWED = Decision(allowed=True, reason="nothing is asked for")
SHOWN = 20  # lines of a difference in one record


def policy_of(plant: Plant, access: Access) -> Policy:
    """The policy `access` over the equipment and zones of `plant`."""
    zones = {tag.path: "" for tag in plant.tags()}
    for connection in plant.connections.values():
        zones.update(dict.fromkeys(connection.addresses, connection.config.zone))
    return Policy(access, Zones.of(zones), join(plant.enterprise, plant.site))


@dataclass(slots=True)
class Rights:
    """Decides for everything that runs: pages, API, SQL, bus and command line."""

    plant: Plant
    kept: Kept
    uses: Uses
    ledger: Recorder
    policy: Policy
    accounts: Callable[[], Iterable[Principal]] = tuple
    refused: int = 0
    unrecorded: int = 0  # refusals beyond what a minute may record
    _told: dict[tuple[str, Right, str], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(
        cls,
        plant: Plant,
        folder: Path,
        ledger: Recorder,
        accounts: Callable[[], Iterable[Principal]] = tuple,
    ) -> Rights:
        """The rights of `plant`; a policy that changed while it stood still is recorded."""
        kept = Kept.open(folder / FOLDER / "policy.json")
        uses = Uses(folder / FOLDER / "uses")
        changed = kept.take(plant.access, OWNER)
        rights = cls(plant, kept, uses, ledger, policy_of(plant, kept.acting), accounts)
        if changed:
            rights._record(OWNER, "taken from the plant file at start", changed)
        return rights

    def decide(
        self, principal: Principal, right: Right, path: str = "", zone: str = ""
    ) -> Decision:
        """Whether it may be done now; a use that is allowed counts, a refusal is recorded."""
        found = self.policy.decide(principal, right, path, zone)
        if found:
            self.uses.note(principal, right, path)
        else:
            self._refuse(principal, right, path, found)
        return found

    def decide_each(self, principal: Principal, right: Right, paths: Iterable[str]) -> Decision:
        """The first refusal at one of `paths`, else an allowance; counted by equipment."""
        found = ALLOWED
        places: set[str] = set()
        for path in paths:
            found = self.policy.decide(principal, right, path)
            if not found:
                self._refuse(principal, right, path, found)
                return found
            places.add(path.rpartition("/")[0] or path)
        for path in places:
            self.uses.note(principal, right, path)
        return found

    def sees(self, principal: Principal, paths: Sequence[str]) -> list[bool]:
        """For each path whether it may be read; nothing is counted."""
        return self.policy.visible(principal, paths)

    def apply(self, access: Access, by: str, askers: Sequence[Principal] = ()) -> list[str]:
        """Let `access` act from now on; the difference, which is recorded.

        Refused where it widens the rights of one of `askers`: who asks, under all of their names.
        """
        self._for_another(access, askers)
        return self._turned(self.kept.apply(access, by), by, "applied from the plant file")

    def roll_back(self, by: str, askers: Sequence[Principal] = ()) -> list[str]:
        """Let the policy before this one act again, as `apply` does; the difference."""
        self._for_another(self.kept.older, askers)
        return self._turned(self.kept.roll_back(by), by, "rolled back to the one before")

    async def keep(self) -> None:
        """Write down what was used, until cancelled and once more then."""
        try:
            while True:
                await asyncio.sleep(FLUSH)
                await asyncio.to_thread(self.close)
        finally:
            self.close()

    def close(self) -> None:
        """Write down what was used."""
        try:
            self.uses.flush()
        except StorageError as error:
            log.warning("%s", error)

    def _for_another(self, access: Access, askers: Sequence[Principal]) -> None:
        after = policy_of(self.plant, access)
        for asker in askers:
            if not asker.owner and (lines := widened(self.policy, after, asker)):
                text = f"the policy would widen the rights of {asker.id}, who asks for it"
                facts = {f"line {number}": line for number, line in enumerate(lines[:SHOWN], 1)}
                self.ledger.record(Kind.POLICY, asker.id, f"refused: {text}", facts=facts)
                raise Refused(
                    f"{text}: {lines[0]}",
                    hint="ask another who governs, or the owner of the data folder:"
                    " `isthmus policy apply`",
                )

    def _turned(self, changed: list[str], by: str, text: str) -> list[str]:
        if changed:
            self.policy = policy_of(self.plant, self.kept.acting)
            self._record(by, text, changed)
        return changed

    def _record(self, by: str, text: str, changed: Sequence[str]) -> None:
        facts: Mapping[str, str | int] = {
            "lines": len(changed),
            **{f"line {number}": line for number, line in enumerate(changed[:SHOWN], 1)},
        }
        self.ledger.record(Kind.POLICY, by, f"policy {text}", about="access", facts=facts)

    def _refuse(self, principal: Principal, right: Right, path: str, found: Decision) -> None:
        key, now = (principal.id, right, path), time.monotonic()
        with self._lock:
            self.refused += 1
            self._told = {one: at for one, at in self._told.items() if now - at < AGAIN}
            if key in self._told:
                return
            if len(self._told) >= MOST:
                self.unrecorded += 1
                return
            self._told[key] = now
        facts = {"right": right.value, "reason": found.reason, "unrecorded": self.unrecorded}
        with suppress(StorageError):  # the ledger tells its own trouble; it stays refused
            text = f"refused {right} at {path or 'the whole site'}"
            self.ledger.record(Kind.ACCESS, principal.id, text, about=path, facts=facts)
