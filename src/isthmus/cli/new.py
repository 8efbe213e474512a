"""Write a commented plant file, or the settings of one connection to paste into it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

EXAMPLE = """examples:
  isthmus new plant > plant.yaml
  isthmus new plant --to plant.yaml --enterprise acme --site riverside
  isthmus new modbus
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("kind", nargs="?", default="plant", help="plant, opcua, modbus, mqtt, ...")
    parser.add_argument("--to", type=Path, help="write this file, which must not be there yet")
    parser.add_argument("--enterprise", default="acme")
    parser.add_argument("--site", default="riverside")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from isthmus.model.errors import ConfigError
    from isthmus.runtime.config import scaffold

    text = scaffold(args.kind, enterprise=args.enterprise, site=args.site)
    if args.to is None:
        print(json.dumps({"kind": args.kind, "text": text}) if args.json else text, end="")
        return 0
    try:
        with args.to.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as error:
        raise ConfigError(f"{args.to} is there already", hint="name another file") from error
    if args.json:
        print(json.dumps({"kind": args.kind, "file": str(args.to)}))
    else:
        print(f"wrote {args.to}; next: `isthmus check {args.to}`, then `isthmus run {args.to}`")
    return 0
