"""What `isthmus zones` does to this machine's firewall: apply, confirm, island."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping

from isthmus.cli.remote import Remote, data_folder
from isthmus.cli.zones import policy_of, window
from isthmus.model.access import OWNER
from isthmus.model.errors import AuthError, ConfigError, LinkError


def apply(args: argparse.Namespace) -> int:
    """Load the rules; they go again by themselves unless `confirm` comes in time."""
    from isthmus.trust.zones.boundary import Boundary
    from isthmus.trust.zones.rules import compile_rules

    policy = policy_of(args)
    if not policy.management:
        raise ConfigError(
            "no management floor: these rules could lock you out",
            hint="write `management: {networks: [10.9.0.0/24], allow: [ssh]}` in the plant file",
        )
    rules = compile_rules(policy, hook=args.hook, stage=args.stage)
    boundary = Boundary(data_folder(args.data) / "trust" / "zones")
    pending = boundary.apply(rules, seconds=window(args))
    _record(args, "loaded", digest(rules), args.stage)
    if args.json:
        print(json.dumps({"seconds": pending.seconds, "guard": pending.pid}))
    else:
        print(f"loaded; they go again in {pending.seconds:g} s unless you say")
        print("    isthmus zones confirm")
    return 0


def render(args: argparse.Namespace) -> int:
    """Write the rules of every boundary, each with the packets that prove it."""
    from isthmus.trust.zones.carried import boundaries

    policy = policy_of(args)
    if not policy.management:
        raise ConfigError(
            "no management floor: these rules could lock out who looks after a boundary",
            hint="write `management: {networks: [10.9.0.0/24], allow: [ssh]}` in the plant file",
        )
    found = boundaries(policy, stage=args.stage)
    args.to.mkdir(parents=True, exist_ok=True)
    told = []
    for one in found:
        for ending, text in one.files().items():
            (args.to / f"{one.name}{ending}").write_text(text, "utf-8")
        told.append(
            {
                "boundary": one.name,
                "zones": list(one.policy.zones),
                "packets": len(one.packets),
                "sha256": digest(one.rules),
            }
        )
    if args.json:
        print(json.dumps({"folder": str(args.to), "boundaries": told}))
        return 0
    for line in told:
        print(f"{args.to}/{line['boundary']}.nft: {line['packets']} packets prove it")
    return 0


def confirm(args: argparse.Namespace) -> int:
    """Keep what was loaded."""
    from isthmus.trust.zones.boundary import APPLIED, Boundary

    boundary = Boundary(data_folder(args.data) / "trust" / "zones")
    boundary.confirm()
    kept = boundary.folder / APPLIED
    _record(args, "confirmed", digest(kept.read_text("utf-8")))
    if args.json:
        print(json.dumps({"kept": str(kept)}))
    else:
        print(f"kept; to load them at start, let the system's nftables.conf include {kept}")
    return 0


def island(args: argparse.Namespace) -> int:
    """Cut a zone off or join it: in the rules that are made from now on, and at this boundary."""
    from isthmus.runtime.config import load
    from isthmus.runtime.trust.record import recording
    from isthmus.runtime.trust.zones import Zones
    from isthmus.trust.zones.boundary import Boundary
    from isthmus.trust.zones.islands import Islands
    from isthmus.trust.zones.rules import isolation

    policy, cut = policy_of(args), not args.end
    if args.zone not in policy.zones:
        known = ", ".join(policy.zones)
        raise ConfigError(f"there is no zone `{args.zone}`", hint=f"zones: {known}")
    folder = data_folder(args.data) / "trust" / "zones"
    boundary = Boundary(folder)
    there = bool(boundary.loaded()) if _nft() else False
    already = args.zone in policy.islands
    if there and policy.zones[args.zone] and already != cut:
        boundary.change(isolation(policy, args.zone, cut=cut))
    changed = _told_site(
        args, f"/api/zones/{args.zone}/island", {"cut": cut, "reason": args.reason}
    )
    if changed is None:
        with recording(data_folder(args.data)) as ledger:
            zones = Zones(load(args.plant), Islands.open(folder), ledger)
            changed = zones.isolate(args.zone, OWNER, args.reason, cut=cut)
    if args.json:
        told = {"zone": args.zone, "island": cut, "changed": changed, "firewall": there}
        print(json.dumps(told))
        return 0
    print(f"{args.zone} {'is cut off' if cut else 'is joined again'}")
    if not there:
        print(
            "    no boundary is loaded on this machine: repeat it on the one that guards the zone"
        )
    return 0


def digest(rules: str) -> str:
    """The SHA-256 by which a record names rules."""
    return hashlib.sha256(rules.encode()).hexdigest()


def _record(args: argparse.Namespace, what: str, sha256: str, stage: str = "") -> None:
    """Into the ledger of the site that runs here, else into that of the data folder."""
    from isthmus.runtime.trust.record import recording
    from isthmus.runtime.trust.zones import record_boundary

    told = {"what": what, "sha256": sha256, "stage": stage}
    if _told_site(args, "/api/zones/boundary", told) is None:
        with recording(data_folder(args.data)) as ledger:
            record_boundary(ledger, OWNER, what, sha256, stage)


def _told_site(args: argparse.Namespace, path: str, body: Mapping[str, object]) -> bool | None:
    """Whether the site that runs here changed anything; None where none runs."""
    try:
        answer = Remote.of(data_folder(args.data)).send(path, json.dumps(body).encode())
    except AuthError:
        raise
    except LinkError:
        return None
    return bool(answer["changed"])


def _nft() -> bool:
    import shutil

    return bool(shutil.which("nft"))
