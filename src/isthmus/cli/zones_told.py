"""What `isthmus zones` tells: the map, flows that were replayed, ways and differences."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING

from isthmus.cli.doctor import SIGNS
from isthmus.cli.remote import data_folder
from isthmus.cli.screen import table
from isthmus.cli.zones import plain, policy_of

if TYPE_CHECKING:
    from isthmus.model.service import Service
    from isthmus.trust.zones.findings import Weakness
    from isthmus.trust.zones.policy import Policy, Verdict

SHOWN = 40


def show(args: argparse.Namespace) -> int:
    """Zones by level, conduits with what passed them, findings; 1 where one is wrong."""
    from isthmus.cli.zones_bus import accounts_told
    from isthmus.model.errors import IsthmusError
    from isthmus.runtime.config import load
    from isthmus.trust.zones import own
    from isthmus.trust.zones.boundary import Boundary
    from isthmus.trust.zones.findings import findings

    plant, policy = load(args.plant), policy_of(args)
    weak = findings(plant, policy)
    try:
        counts = Boundary(data_folder(args.data) / "trust" / "zones").counters()
    except IsthmusError:  # no firewall here: then nothing passed it
        counts = {}
    zones = sorted(plant.zones.values(), key=lambda zone: (-zone.level, zone.name))
    here = own.here(plant)
    if args.json:
        body = {
            "here": here,
            "zones": [{**plain(zone), "island": zone.name in policy.islands} for zone in zones],
            "conduits": [{**plain(way), "passed": counts.get(way.id)} for way in policy.ways],
            "findings": [plain(one) for one in weak],
            "denied": counts.get("denied"),
            "accounts": accounts_told(args),
        }
        print(json.dumps(body))
        return int(any(one.state == "wrong" for one in weak))
    rows = [
        (
            f"{zone.level:g}",
            zone.name + (" (here)" if zone.name == here else ""),
            f"SL{zone.target}",
            ", ".join(map(str, policy.zones[zone.name])),
            "island" if zone.name in policy.islands else "",
        )
        for zone in zones
    ]
    print(table(("level", "zone", "target", "networks", ""), rows) if rows else "no zones")
    ways = [(way.id, _ports(way.services), counts.get(way.id), way.why) for way in policy.ways]
    if ways:
        print()
        print(table(("conduit", "allows", "passed", "why"), ways))
    return _weak(weak)


def check(args: argparse.Namespace) -> int:
    """What is weak; 1 where anything is wrong."""
    from isthmus.runtime.config import load
    from isthmus.trust.zones.findings import findings

    weak = findings(load(args.plant), policy_of(args))
    if args.json:
        print(json.dumps({"findings": [plain(one) for one in weak]}))
        return int(any(one.state == "wrong" for one in weak))
    if not weak:
        print(f"{SIGNS['well']} nothing is weak")
    return _weak(weak)


def _weak(weak: Sequence[Weakness]) -> int:
    for one in weak:
        print(f"{SIGNS[one.state]} {one.text}" + (f"\n    {one.hint}" if one.hint else ""))
    return int(any(one.state == "wrong" for one in weak))


def simulate(args: argparse.Namespace) -> int:
    """What recorded flows would have met; 1 where one would have been denied."""
    from isthmus.trust.zones.flows import read_flows, replay

    result = replay(policy_of(args), read_flows(args.flows))
    if args.json:
        print(json.dumps(plain(result)))
        return int(bool(result.denied))
    print(f"{result.flows} flows: {result.allowed} allowed, {result.flows - result.allowed} denied")
    if result.unread:
        print(f"{result.unread} lines tell of no TCP or UDP flow")
    if result.denied:
        rows = [(one.seen, str(one.packet), one.verdict.why) for one in result.denied[:SHOWN]]
        print(table(("flows", "would be denied", "why"), rows))
        if len(result.denied) > SHOWN:
            print(f"and {len(result.denied) - SHOWN} more kinds; --json has all")
    if result.unused:
        print(f"no flow used: {', '.join(result.unused)}")
    return int(bool(result.denied))


def reach(args: argparse.Namespace) -> int:
    """Whether one gets to the other; 1 where not."""
    from isthmus.model.errors import ConfigError
    from isthmus.trust.zones.reach import reach as asked

    policy = policy_of(args)
    if args.service:
        verdict = _judged(policy, args)
        told = {"reached": verdict.allowed, "why": verdict.why, "conduit": verdict.conduit}
        print(json.dumps(told) if args.json else _yes(verdict.allowed) + verdict.why)
        return int(not verdict.allowed)
    ends = [_zone(policy, word) for word in (args.source, args.target)]
    for word, zone in zip((args.source, args.target), ends, strict=True):
        if zone not in policy.zones:
            known = ", ".join(policy.zones)
            raise ConfigError(f"`{word}` is no zone and stands in none", hint=f"zones: {known}")
    route = asked(policy, *ends)
    if args.json:
        print(json.dumps(plain(route)))
    else:
        print(_yes(route.reached) + route.why)
        for way in route.ways:
            print(f"    {way.id}: {_ports(way.services)}" + (f" - {way.why}" if way.why else ""))
    return int(not route.reached)


def diff(args: argparse.Namespace) -> int:
    """What opens and what closes; 1 where anything does."""
    from isthmus.runtime.config import load
    from isthmus.trust.zones.policy import Policy
    from isthmus.trust.zones.reach import diff as asked
    from isthmus.trust.zones.reach import moved

    old, new = Policy.of(load(args.old)), Policy.of(load(args.new))
    changes, lines = asked(old, new), moved(old, new)
    if args.json:
        print(json.dumps({"changes": [plain(one) for one in changes], "moved": lines}))
        return int(bool(changes or lines))
    for change in changes:
        for sign, ports in (("+", change.opened), ("-", change.closed)):
            if ports:
                print(f"{sign} {change.source} to {change.target}: {_ports(ports)}")
    print("\n".join(lines) if lines else "", end="\n" if lines else "")
    if not changes and not lines:
        print("the same may pass")
    return int(bool(changes or lines))


def _judged(policy: Policy, args: argparse.Namespace) -> Verdict:
    """The verdict on a packet of that service between two addresses, or any of two zones."""
    from isthmus.model.errors import ConfigError
    from isthmus.model.service import services
    from isthmus.trust.zones.policy import Packet

    try:
        meant = services(args.service)[0]
    except ValueError as error:
        raise ConfigError(str(error), hint="write such as `opcua` or `tcp/8800`") from error
    ends = []
    for word in (args.source, args.target):
        held = policy.zones.get(word)
        if held:
            ends.append(held[0].network_address)
            continue
        try:
            ends.append(ip_address(word))
        except ValueError as error:
            raise ConfigError(
                f"`{word}` is neither an address nor a zone with networks",
                hint=f"zones: {', '.join(policy.zones)}",
            ) from error
    return policy.judge(Packet(ends[0], ends[1], meant.protocol, meant.first))


def _zone(policy: Policy, word: str) -> str:
    """The zone that `word` names, or in which that address stands."""
    if word in policy.zones:
        return word
    try:
        return policy.zone_of(ip_address(word))
    except ValueError:
        return ""


def _yes(allowed: bool) -> str:  # noqa: FBT001 - reads as its name says
    return "yes: " if allowed else "no: "


def _ports(services: tuple[Service, ...]) -> str:
    return ", ".join(map(str, services))


def levels(args: argparse.Namespace) -> int:
    """Target and shown levels of each zone, and what falls short; 1 where anything does."""
    from isthmus.runtime.config import load
    from isthmus.runtime.trust.evidence import assessments
    from isthmus.trust.zones.levels import GROUPS, verified

    found = assessments(load(args.plant), policy_of(args), data_folder(args.data))
    if args.json:
        body = {"table_verified": verified(), "zones": [plain(one) for one in found]}
        print(json.dumps(body))
        return int(any(one.gaps for one in found))
    groups = list(GROUPS.values())
    rows = [
        (one.zone, f"SL{one.target}", *(_span(one.shown[g], one.at_most[g]) for g in groups))
        for one in found
    ]
    print(table(("zone", "target", *groups), rows) if rows else "no zones")
    for one in found:
        for gap in one.gaps:
            print(f"{SIGNS['wrong']} {one.zone}: SR {gap.requirement.id} {gap.requirement.title}")
            print(f"    {gap.seen}")
    unseen = sum(each.state == "no evidence" for one in found for each in one.judged)
    print(f"{unseen} requirements without evidence; a range is from shown to what they would allow")
    if not verified():
        print("the table of levels was not compared with a licensed copy of the standard")
    return int(any(one.gaps for one in found))


def _span(shown: int, at_most: int) -> str:
    return str(shown) if shown == at_most else f"{shown}-{at_most}"
