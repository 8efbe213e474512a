"""List everyone who may do something at some equipment, and by which grant.

Asks the running site, which knows the accounts; `--plant` asks a plant file alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from isthmus.cli.remote import Remote, data_argument, data_folder
from isthmus.model.access import Right

EXAMPLE = """examples:
  isthmus who-can write packaging/line1/filler/speed
  isthmus who-can approve packaging/line1 --plant plant.yaml
  isthmus who-can govern --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("right", choices=[right.value for right in Right], help="the right")
    parser.add_argument("path", nargs="?", default="", help="equipment or tag; else the whole site")
    parser.add_argument("--plant", type=Path, help="a plant file, in place of the running site")
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from isthmus.cli.screen import table

    path = args.path.strip("/")
    found = _of_file(args.plant, args.right, path) if args.plant else _of_site(args, path)
    if args.json:
        print(json.dumps({"right": args.right, "path": path, "holders": found}))
        return 0
    rows = [(each["who"], each["because"]) for each in found]
    print(table(("who", "because"), rows))
    return 0


def _of_site(args: argparse.Namespace, path: str) -> list[dict[str, Any]]:
    site = Remote.of(data_folder(args.data))
    holders: list[dict[str, Any]] = site.get("/api/policy/who-can", right=args.right, at=path)[
        "holders"
    ]
    return holders


def _of_file(file: Path, right: str, path: str) -> list[dict[str, Any]]:
    from isthmus.runtime.config import load
    from isthmus.runtime.trust.rights import policy_of
    from isthmus.trust.policy.holder import who_can

    plant = load(file)
    found = who_can(policy_of(plant, plant.access), Right(right), path)
    return [{"who": each.who, "because": each.because, "through": each.of} for each in found]
