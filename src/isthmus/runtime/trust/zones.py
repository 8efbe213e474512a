"""Zones of a running plant: who is cut off, and which edges the bus lets in."""

from __future__ import annotations

import logging
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from isthmus.bus.edge import EdgeAccess
from isthmus.model.errors import ConfigError, IsthmusError
from isthmus.model.path import nearest
from isthmus.model.plant import Plant
from isthmus.model.record import Fact, Kind, Recorder
from isthmus.trust.zones import own
from isthmus.trust.zones.findings import Weakness, findings
from isthmus.trust.zones.islands import Islands
from isthmus.trust.zones.policy import Policy

log = logging.getLogger(__name__)

FOLDER = "trust/zones"


@dataclass(slots=True)
class Zones:
    """The policy of the plant file with the zones that are cut off at this moment."""

    plant: Plant
    islands: Islands
    ledger: Recorder

    @classmethod
    def open(cls, plant: Plant, folder: Path, ledger: Recorder) -> Self:
        """Those of the data folder `folder`; StorageError where its file is damaged."""
        return cls(plant, Islands.open(folder / FOLDER), ledger)

    @property
    def policy(self) -> Policy:
        """What may pass now."""
        return Policy.of(self.plant, self.islands.zones)

    def findings(self) -> list[Weakness]:
        """What is weak."""
        return findings(self.plant, self.policy)

    def isolate(self, zone: str, by: str, reason: str, *, cut: bool) -> bool:
        """Cut `zone` off or join it again, and record it; whether that changed anything.

        A zone is joined only once that is recorded; it is cut whether or not it can be.
        """
        if zone not in self.plant.zones:
            meant = nearest(zone, self.plant.zones)
            hint = f"did you mean `{meant}`?" if meant else f"zones: {', '.join(self.plant.zones)}"
            raise ConfigError(f"there is no zone `{zone}`", hint=hint)
        if cut == (zone in self.islands.zones):
            return False
        text = f"the zone {zone} {'was cut off' if cut else 'was joined again'}"
        told: dict[str, Fact] = {"zone": zone, "island": cut, "reason": reason}
        if cut:
            self.islands.set(zone, by, reason, cut=cut)
            self.ledger.record(Kind.ZONE, by, text, about=zone, facts=told)
        else:
            self.ledger.record(Kind.ZONE, by, text, about=zone, facts=told)
            self.islands.set(zone, by, reason, cut=cut)
        log.warning("%s by %s: %s", text, by, reason or "no reason given")
        return True

    def shut_out(self) -> frozenset[str]:
        """Names of the bus's clients that no conduit leads here, or whose zone is cut off.

        Where the islands cannot be read nobody is let in who was not: the error is told, and
        edges that stand in a zone stay out.
        """
        try:
            policy = self.policy
        except IsthmusError as error:
            log.error("%s; edges that stand in zones are kept out", error)  # noqa: TRY400
            zoned = (edge.name for edge in self.plant.edges.values() if edge.zone)
            return frozenset(EdgeAccess(name).identity for name in zoned)
        return frozenset(
            EdgeAccess(need.what.removeprefix("edge ")).identity
            for need in own.needs(self.plant, policy)
            if need.what.startswith("edge ")
            and (verdict := own.judge(policy, need)) is not None
            and not verdict.allowed
        )


def record_boundary(ledger: Recorder, by: str, what: str, sha256: str, stage: str = "") -> None:
    """Record that rules were `loaded` or `confirmed` on this machine."""
    staged = f" in the stage {stage}" if stage else ""
    text = f"rules of a boundary were {what}{staged}"
    facts = {"what": what, "sha256": sha256, "stage": stage, "machine": socket.gethostname()}
    ledger.record(Kind.ZONE, by, text, about="boundary", facts=facts)
