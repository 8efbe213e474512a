"""Zones of a running plant: who is cut off, and whom the bus lets in."""

from __future__ import annotations

import logging
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from isthmus.bus.accounts import Client
from isthmus.bus.edge import EdgeAccess
from isthmus.bus.reader import ReaderAccess
from isthmus.model.access import OWNER
from isthmus.model.errors import ConfigError, IsthmusError
from isthmus.model.path import nearest
from isthmus.model.plant import Plant
from isthmus.model.record import Fact, Kind, Recorder
from isthmus.runtime.config import load
from isthmus.runtime.subject import Subjects
from isthmus.trust.zones import own
from isthmus.trust.zones.findings import Weakness, findings
from isthmus.trust.zones.islands import Islands
from isthmus.trust.zones.policy import Policy
from isthmus.trust.zones.reach import diff, moved

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

    @property
    def here(self) -> str:
        """The zone in which the site stands, empty where the plant file does not say."""
        return own.here(self.plant)

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
        those that stand in a zone stay out.
        """
        try:
            policy = self.policy
        except IsthmusError as error:
            log.error("%s; edges and readers that stand in zones are kept out", error)  # noqa: TRY400
            return frozenset(one.name for one in self.clients() if one.zone)
        kinds: dict[str, type[EdgeAccess | ReaderAccess]] = {
            "edge": EdgeAccess,
            "reader": ReaderAccess,
        }
        out = set()
        for need in own.needs(self.plant, policy):
            kind, _, name = need.what.partition(" ")
            verdict = own.judge(policy, need) if kind in kinds else None
            if verdict is not None and not verdict.allowed:
                out.add(kinds[kind](name).identity)
        return frozenset(out)

    def clients(self) -> tuple[Client, ...]:
        """Who the plant file says may come to the bus, where its zone may: edges and readers."""
        plant = self.plant
        stream = Subjects(plant.enterprise, plant.site).all
        edges = (
            replace(EdgeAccess(name).client(), zone=edge.zone) for name, edge in plant.edges.items()
        )
        readers = (ReaderAccess(name).client(zone, stream) for name, zone in plant.readers.items())
        return (*edges, *readers)

    def reload(self, file: Path) -> bool:
        """Take zones, conduits, floor and readers as `file` says them now; whether any changed.

        Edges that it names no more are out; all else in it waits for the next start. ConfigError
        where it has a mistake and StorageError where it cannot be recorded: then all is as before.
        """
        told, old = load(file), self.plant
        edges = {
            name: replace(edge, zone=told.edges[name].zone)
            for name, edge in old.edges.items()
            if name in told.edges
        }
        fresh = replace(
            old,
            edges=edges,
            zones=told.zones,
            conduits=told.conduits,
            management=told.management,
            readers=told.readers,
        )
        if fresh == old:
            return False
        was, now = Policy.of(old), Policy.of(fresh)
        changes, lines = diff(was, now), moved(was, now)
        text = "zones and conduits were read again from the plant file"
        facts: dict[str, Fact] = {
            "opened": ", ".join(f"{one.source} to {one.target}" for one in changes if one.opened),
            "closed": ", ".join(f"{one.source} to {one.target}" for one in changes if one.closed),
            "moved": "; ".join(lines)[:1_000],
        }
        self.ledger.record(Kind.ZONE, OWNER, text, about="plant file", facts=facts)
        self.plant = fresh
        log.warning("%s", text)
        return True


def record_boundary(ledger: Recorder, by: str, what: str, sha256: str, stage: str = "") -> None:
    """Record that rules were `loaded` or `confirmed` on this machine."""
    staged = f" in the stage {stage}" if stage else ""
    text = f"rules of a boundary were {what}{staged}"
    facts = {"what": what, "sha256": sha256, "stage": stage, "machine": socket.gethostname()}
    ledger.record(Kind.ZONE, by, text, about="boundary", facts=facts)
