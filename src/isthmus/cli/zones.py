"""Zones and conduits of the plant file: shown, asked, simulated, and made rules of a boundary.

`apply` loads rules into this machine's firewall for a minute; `confirm` keeps them, and without
it what was there before comes back by itself.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.cli.length import seconds
from isthmus.cli.remote import data_argument, data_folder

if TYPE_CHECKING:
    from isthmus.trust.zones.policy import Policy

EXAMPLE = """examples:
  isthmus zones show
  isthmus zones reach site line1
  isthmus zones simulate /proc/net/nf_conntrack
  isthmus zones bus
  isthmus zones render --to boundaries
  isthmus zones compile > isthmus.nft
  isthmus zones diff plant.yaml candidate.yaml
  isthmus zones apply --stage log --confirm 60s
  isthmus zones confirm
  isthmus zones levels
  isthmus zones island line1 --reason "worm in packaging"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")

    def part(name: str, text: str) -> argparse.ArgumentParser:
        made = parts.add_parser(name, help=text, description=text)
        made.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
        return made

    def planned(name: str, text: str) -> argparse.ArgumentParser:
        made = part(name, text)
        made.add_argument(
            "--plant", type=Path, default=Path("plant.yaml"), help="plant file (plant.yaml)"
        )
        data_argument(made)
        return made

    planned("show", "zones, conduits, what is weak, and what passed a boundary on this machine")
    planned("check", "what is weak alone; 1 where anything is wrong")
    planned("bus", "accounts of the bus, what is led into each, and its configuration")
    made = planned("render", "rules and their proof for each boundary, as files to carry there")
    made.add_argument(
        "--to", type=Path, default=Path("boundaries"), help="folder to write (boundaries)"
    )
    _stage(made)
    _rules(planned("compile", "print the rules for nftables"))
    made = planned("simulate", "what a recorded list of flows would have met")
    made.add_argument("flows", type=Path, help="CSV, or a copy of /proc/net/nf_conntrack")
    made = planned("reach", "whether one zone gets to another, and why")
    made.add_argument("source", help="zone or address that begins")
    made.add_argument("target", help="zone or address it wants to get to")
    made.add_argument("service", nargs="?", default="", help="by what: opcua, tcp/8800")
    made = part("diff", "what opens and what closes from one plant file to another")
    made.add_argument("old", type=Path, help="plant file as it is")
    made.add_argument("new", type=Path, help="plant file as it shall be")
    made = planned("apply", "load the rules on this machine; they go again unless confirmed")
    _rules(made)
    made.add_argument("--confirm", default="60s", help="time to confirm: 60s, 10min (60s)")
    made = part("confirm", "keep the rules that `apply` loaded")
    data_argument(made)
    planned("levels", "what each zone aims at, and what evidence shows (IEC 62443-3-3)")
    made = planned("island", "cut a zone off, or join it again")
    made.add_argument("zone", help="which zone")
    made.add_argument("--end", action="store_true", help="join it again")
    made.add_argument("--reason", default="", help="why, for the record")


def _rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--hook",
        choices=("forward", "input"),
        default="forward",
        help="what passes this machine, or what comes to it (forward)",
    )
    _stage(parser)


def _stage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stage",
        choices=("enforce", "log"),
        default="enforce",
        help="hold back, or only log what would be (enforce)",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command: 0 where all is allowed and well, else 1."""
    from isthmus.cli import zones_boundary, zones_bus, zones_told

    parts: dict[str, Callable[[argparse.Namespace], int]] = {
        "show": zones_told.show,
        "check": zones_told.check,
        "bus": zones_bus.bus,
        "render": zones_boundary.render,
        "compile": _compile,
        "simulate": zones_told.simulate,
        "reach": zones_told.reach,
        "diff": zones_told.diff,
        "apply": zones_boundary.apply,
        "confirm": zones_boundary.confirm,
        "island": zones_boundary.island,
        "levels": zones_told.levels,
    }
    return parts[args.part](args)


def policy_of(args: argparse.Namespace) -> Policy:
    """The policy of the plant file, with the zones that are cut off by the data folder."""
    from isthmus.runtime.config import load
    from isthmus.trust.zones.islands import Islands
    from isthmus.trust.zones.policy import Policy

    islands = Islands.open(data_folder(args.data) / "trust" / "zones")
    return Policy.of(load(args.plant), islands.zones)


def _compile(args: argparse.Namespace) -> int:
    from isthmus.trust.zones.rules import compile_rules

    rules = compile_rules(policy_of(args), hook=args.hook, stage=args.stage)
    print(json.dumps({"rules": rules}) if args.json else rules, end="\n" if args.json else "")
    return 0


def window(args: argparse.Namespace) -> float:
    """The seconds in which rules are to be confirmed."""
    return seconds(args.confirm)


def plain(found: Any) -> Any:  # noqa: ANN401 - JSON of dataclasses
    """A dataclass as JSON takes it: networks, services and sets as text."""
    return json.loads(json.dumps(asdict(found), default=_text))


def _text(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)
