"""The policy as rules of nftables, for one boundary: the same text for the same policy, always.

Order is the argument. The floor comes first, so that nobody is ever locked out. Then what stays
within a zone, then the islands, before what is established: cutting a zone cuts what is open
too. Then what is established, then a rule or more a conduit, then a line in the log and the end.
Set elements alone change when a zone is cut, so that it takes effect between two packets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from isthmus.model.service import Service
from isthmus.trust.zones.policy import Network, Policy

TABLE = "inet isthmus"
Hook = Literal["forward", "input"]
Stage = Literal["enforce", "log"]
FAMILIES: Mapping[int, tuple[str, str]] = {4: ("ip", "ipv4_addr"), 6: ("ip6", "ipv6_addr")}
COMMENT = 120  # bytes; the kernel keeps 127


def compile_rules(policy: Policy, *, hook: Hook = "forward", stage: Stage = "enforce") -> str:
    """A file for `nft -f` that replaces whatever of ours there is in one transaction.

    In the stage `log` nothing is held back; what would be is logged and counted.
    """
    drop, word = ("accept", "would-deny") if stage == "log" else ("drop", "deny")
    names = set_names(policy)
    lines = [f"table {TABLE}", f"delete table {TABLE}", f"table {TABLE} {{"]
    for zone, held in policy.zones.items():
        lines += _sets(names[zone], held)
    lines += _sets("management", policy.management)
    cut = [network for zone in sorted(policy.islands) for network in policy.zones[zone]]
    lines += _sets("isolated", cut, always=True)
    lines += ["  counter denied { }", "  counter islands { }", "  chain boundary {"]
    chain_policy = "accept" if stage == "log" else "drop"
    lines.append(f"    type filter hook {hook} priority 0; policy {chain_policy};")
    lines += [f"    {rule}" for rule in _floor(policy, hook)]
    lines += [f"    {rule}" for rule in _within(policy, names)]
    for version, (family, _) in FAMILIES.items():
        lines += [
            f"    {family} {end} @isolated_{version} counter name islands {drop}"
            for end in ("saddr", "daddr")
        ]
    lines += [
        "    ct state established,related accept",
        f"    ct state invalid counter name denied {drop}",
        *(f"    {rule}" for rule in _conduits(policy, names)),
        f'    limit rate 5/second burst 20 packets log prefix "isthmus-{word} "',
        f"    counter name denied {drop}",
        "  }",
        "}",
    ]
    return "\n".join(lines) + "\n"


def isolation(policy: Policy, zone: str, *, cut: bool) -> str:
    """What `nft -f` needs to cut `zone` off a loaded boundary, or to join it again."""
    verb = "add" if cut else "delete"
    return "".join(
        f"{verb} element {TABLE} isolated_{version} {{ {', '.join(map(str, held))} }}\n"
        for version, held in _by_version(policy.zones[zone])
        if held
    )


def set_names(policy: Policy) -> dict[str, str]:
    """What the sets of each zone are called, without `_4` and `_6`; no two are alike."""
    names: dict[str, str] = {}
    for zone in policy.zones:
        plain = wanted = f"zone_{re.sub('[^A-Za-z0-9]', '_', zone)}"
        number = 1
        while wanted in names.values():
            number += 1
            wanted = f"{plain}_{number}"
        names[zone] = wanted
    return names


def _sets(name: str, held: Sequence[Network], *, always: bool = False) -> Iterator[str]:
    for version, some in _by_version(held):
        if some or always:
            elements = f"; elements = {{ {', '.join(map(str, some))} }}" if some else ";"
            kind = FAMILIES[version][1]
            yield f"  set {name}_{version} {{ type {kind}; flags interval{elements} }}"


def _by_version(held: Sequence[Network]) -> Iterator[tuple[int, list[Network]]]:
    for version in FAMILIES:
        yield version, [one for one in held if one.version == version]


def _floor(policy: Policy, hook: Hook) -> Iterator[str]:
    """What nobody may be locked out of, in both directions of its flows."""
    if hook == "input":
        yield "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept"
    for version, some in _by_version(policy.management):
        family = FAMILIES[version][0]
        for protocol, ports in _ports(policy.floor) if some else ():
            comment = 'counter accept comment "management"'
            yield f"{family} saddr @management_{version} {protocol} dport {ports} {comment}"
            back = f"{protocol} sport {ports} ct state established accept"
            yield f"{family} daddr @management_{version} {back}"


def _within(policy: Policy, names: Mapping[str, str]) -> Iterator[str]:
    for zone, held in policy.zones.items():
        for version, some in _by_version(held):
            if some:
                family, own = FAMILIES[version][0], f"@{names[zone]}_{version}"
                yield f'{family} saddr {own} {family} daddr {own} accept comment "within {zone}"'


def _conduits(policy: Policy, names: Mapping[str, str]) -> Iterator[str]:
    for way in policy.ways:
        comment = way.id[:COMMENT]
        ends = policy.zones[way.source], policy.zones[way.target]
        for version, (family, _) in FAMILIES.items():
            if not all(any(one.version == version for one in held) for held in ends):
                continue
            source, target = (f"@{names[zone]}_{version}" for zone in (way.source, way.target))
            for protocol, ports in _ports(way.services):
                yield (
                    f"{family} saddr {source} {family} daddr {target} {protocol} dport {ports} "
                    f'ct state new counter accept comment "{comment}"'
                )


def _ports(services: Sequence[Service]) -> Iterator[tuple[str, str]]:
    for protocol in ("tcp", "udp"):
        found = [str(one).partition("/")[2] for one in services if one.protocol == protocol]
        if found:
            yield protocol, f"{{ {', '.join(found)} }}"
