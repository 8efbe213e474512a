"""What `isthmus zones` does to this machine's firewall: apply, confirm, island."""

from __future__ import annotations

import argparse
import getpass
import json

from isthmus.cli.remote import data_folder
from isthmus.cli.zones import policy_of, window
from isthmus.model.errors import ConfigError


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
    if args.json:
        print(json.dumps({"seconds": pending.seconds, "guard": pending.pid}))
    else:
        print(f"loaded; they go again in {pending.seconds:g} s unless you say")
        print("    isthmus zones confirm")
    return 0


def confirm(args: argparse.Namespace) -> int:
    """Keep what was loaded."""
    from isthmus.trust.zones.boundary import APPLIED, Boundary

    boundary = Boundary(data_folder(args.data) / "trust" / "zones")
    boundary.confirm()
    kept = boundary.folder / APPLIED
    if args.json:
        print(json.dumps({"kept": str(kept)}))
    else:
        print(f"kept; to load them at start, let the system's nftables.conf include {kept}")
    return 0


def island(args: argparse.Namespace) -> int:
    """Cut a zone off or join it: in the rules that are made from now on, and at this boundary."""
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
    changed = Islands.open(folder).set(args.zone, getpass.getuser(), args.reason, cut=cut)
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


def _nft() -> bool:
    import shutil

    return bool(shutil.which("nft"))
