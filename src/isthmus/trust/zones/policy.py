"""The policy of zones and conduits, and what it says of a packet: the reference of all rules.

What is compiled for a firewall must decide as `Policy.judge` does; tests hold both to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
)
from typing import Self

from isthmus.model.plant import Plant
from isthmus.model.service import Service, named, services

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of a flow: who opens it, to whom, to which port."""

    source: Address
    target: Address
    protocol: str
    port: int

    @classmethod
    def of(cls, source: str, target: str, protocol: str, port: int) -> Self:
        """From text; ValueError where an address is none."""
        return cls(ip_address(source), ip_address(target), protocol, port)

    def __str__(self) -> str:
        service = named(self.protocol, self.port)
        told = "" if service.startswith(f"{self.protocol}/") else f" ({service})"
        return f"{self.source} to {self.target} {self.protocol}/{self.port}{told}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a packet passes, and which rule says so; `conduit` is the id of the one that does."""

    allowed: bool
    why: str
    conduit: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """A conduit as rules need it; `id` is what counters and logs call it."""

    id: str
    source: str
    target: str
    services: tuple[Service, ...]
    why: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """Zones with their networks, the ways between them, the floor, and the zones cut off."""

    zones: Mapping[str, tuple[Network, ...]]
    ways: tuple[Way, ...]
    management: tuple[Network, ...] = ()
    floor: tuple[Service, ...] = ()
    islands: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, plant: Plant, islands: Iterable[str] = ()) -> Self:
        """The policy that the plant file says."""
        used: Counter[tuple[str, str]] = Counter()
        ways = []
        for conduit in plant.conduits:
            ends = conduit.source, conduit.target
            used[ends] += 1
            more = f"#{used[ends]}" if used[ends] > 1 else ""
            ways.append(
                Way(
                    f"{conduit.source}>{conduit.target}{more}",
                    *ends,
                    merged(meant for word in conduit.allow for meant in services(word)),
                    conduit.why,
                    conduit.owner,
                )
            )
        return cls(
            {name: networks(zone.networks) for name, zone in plant.zones.items()},
            tuple(ways),
            networks(plant.management.networks),
            merged(meant for word in plant.management.allow for meant in services(word)),
            frozenset(islands) & plant.zones.keys(),
        )

    def isolated(self, zone: str, *, cut: bool = True) -> Self:
        """The same policy with `zone` cut off, or joined again."""
        islands = self.islands | {zone} if cut else self.islands - {zone}
        return replace(self, islands=islands)

    def zone_of(self, address: Address) -> str:
        """The zone in which `address` stands, empty where it stands in none."""
        return next((name for name, held in self.zones.items() if within(address, held)), "")

    def judge(self, packet: Packet) -> Verdict:
        """What becomes of a flow that begins with `packet`."""
        if within(packet.source, self.management) and any(
            service.holds(packet.protocol, packet.port) for service in self.floor
        ):
            return Verdict(True, "management")
        source, target = self.zone_of(packet.source), self.zone_of(packet.target)
        if source and source == target:
            return Verdict(True, f"within {source}")
        for zone in (source, target):
            if zone in self.islands:
                return Verdict(False, f"{zone} is an island")
        for address, zone in ((packet.source, source), (packet.target, target)):
            if not zone:
                return Verdict(False, f"{address} stands in no zone")
        for way in self.ways:
            if (way.source, way.target) == (source, target) and any(
                service.holds(packet.protocol, packet.port) for service in way.services
            ):
                return Verdict(True, f"conduit {way.id}", way.id)
        service = named(packet.protocol, packet.port)
        return Verdict(False, f"no conduit from {source} to {target} allows {service}")


def within(address: Address, held: Iterable[Network]) -> bool:
    """Whether `address` is in one of the networks."""
    return any(address.version == network.version and address in network for network in held)


def networks(written: Iterable[str]) -> tuple[Network, ...]:
    """The networks in order, none of which holds another, the fourth version first."""
    found = [ip_network(text) for text in written]
    four = collapse_addresses(one for one in found if isinstance(one, IPv4Network))
    six = collapse_addresses(one for one in found if isinstance(one, IPv6Network))
    return (*four, *six)


def merged(meant: Iterable[Service]) -> tuple[Service, ...]:
    """The services in order, those that touch or overlap as one."""
    out: list[Service] = []
    for service in sorted(meant):
        if out and out[-1].protocol == service.protocol and service.first <= out[-1].last + 1:
            out[-1] = replace(out[-1], last=max(out[-1].last, service.last))
        else:
            out.append(service)
    return tuple(out)
