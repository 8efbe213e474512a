"""Rules for each boundary of a plant, and the packets that prove them, to be carried there.

A boundary is what stands between two zones that a conduit joins. Its rules know these two zones
alone; its proof is a list of packets with what must become of each, which `isthmus zones
simulate` reads, and a tester sends. `plant` is one boundary that stands between all zones.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from isthmus.trust.zones.policy import Address, Network, Packet, Policy, Verdict
from isthmus.trust.zones.rules import Stage, compile_rules

WHOLE = "plant"
STRANGE = (("tcp", 9), ("udp", 9), ("tcp", 445), ("tcp", 3389))  # asked for by nobody's conduit


@dataclass(frozen=True, slots=True)
class Carried:
    """A boundary: its rules, and packets with the verdict on each."""

    name: str
    policy: Policy
    rules: str
    packets: tuple[tuple[Packet, Verdict], ...]

    def files(self) -> Mapping[str, str]:
        """What to write, by the ending of its name: rules for nftables, a table, the proof."""
        ways = (
            (source, target, str(service), way.id, way.why, way.owner)
            for way in self.policy.ways
            for source in self.policy.zones[way.source]
            for target in self.policy.zones[way.target]
            if source.version == target.version
            for service in way.services
        )
        proof = (
            (
                *(packet.source, packet.target, packet.protocol, packet.port),
                *("pass" if verdict.allowed else "stop", verdict.why),
            )
            for packet, verdict in self.packets
        )
        return {
            ".nft": self.rules,
            ".rules.csv": _csv(("from", "to", "service", "conduit", "why", "owner"), ways),
            ".proof.csv": _csv(("src", "dst", "proto", "port", "expected", "because"), proof),
        }


def boundaries(policy: Policy, *, stage: Stage = "enforce") -> list[Carried]:
    """One between all zones, and one for each two that a conduit joins and that have networks."""
    pairs = sorted(
        {
            tuple(sorted((way.source, way.target)))
            for way in policy.ways
            if policy.zones[way.source] and policy.zones[way.target]
        }
    )
    return [
        _carried(WHOLE, policy, stage),
        *(_carried("--".join(pair), _between(policy, pair), stage) for pair in pairs),
    ]


def _between(policy: Policy, pair: Sequence[str]) -> Policy:
    return replace(
        policy,
        zones={name: held for name, held in policy.zones.items() if name in pair},
        ways=tuple(way for way in policy.ways if {way.source, way.target} == set(pair)),
        islands=policy.islands & set(pair),
    )


def _carried(name: str, policy: Policy, stage: Stage) -> Carried:
    packets = dict.fromkeys(_packets(policy))
    judged = tuple((packet, policy.judge(packet)) for packet in packets)
    return Carried(name, policy, compile_rules(policy, stage=stage), judged)


def _packets(policy: Policy) -> Iterator[Packet]:
    """At each way's first and last ports and just beside them, both ways round; the floor."""
    ports = [*STRANGE]
    for service in [service for way in policy.ways for service in way.services]:
        beside = (service.first - 1, service.first, service.last, service.last + 1)
        ports += [(service.protocol, port) for port in beside if 0 < port < 1 << 16]
    for source, target in permutations(policy.zones, 2):
        for one, other in _pairs(policy.zones[source], policy.zones[target]):
            for protocol, port in ports:
                yield Packet(one, other, protocol, port)
    for held in policy.zones.values():
        for one, other in _pairs(policy.management, held):
            for service in policy.floor:
                yield Packet(one, other, service.protocol, service.first)
                yield Packet(other, one, service.protocol, service.first)


def _pairs(
    sources: Sequence[Network], targets: Sequence[Network]
) -> Iterator[tuple[Address, Address]]:
    """An address of each network of the one with an address of each of the other."""
    for source in sources:
        for target in targets:
            if source.version == target.version:
                yield _one(source), _one(target)


def _one(network: Network) -> Address:
    """An address in the middle of a network, that is neither its first nor its last."""
    return network[network.num_addresses // 2]


def _csv(head: Sequence[str], rows: Iterator[Sequence[object]]) -> str:
    out = io.StringIO()
    written = csv.writer(out, lineterminator="\n")
    written.writerow(head)
    written.writerows(rows)
    return out.getvalue()
