"""Run a bottling plant on real protocols, with a day of history, and open its pages.

`isthmus demo fault NAME` breaks something in the running demonstration: bearing, leak,
sensor-freeze or network; `--clear` mends it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = """examples:
  isthmus demo
  isthmus demo --speed 60
  isthmus demo --for 60 --json
  isthmus demo fault bearing
"""
FOLDER = "demo-plant"
FAULTS = ("bearing", "leak", "sensor-freeze", "network")


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("what", nargs="*", help="`fault NAME` to break something", default=[])
    parser.add_argument("--clear", action="store_true", help="end the fault")
    parser.add_argument(
        "--for", dest="seconds", type=float, help="stop after so many seconds and tell what was"
    )
    parser.add_argument("--seed", type=int, default=7, help="what chance starts from (7)")
    parser.add_argument("--speed", type=float, default=1.0, help="plant seconds a second (1)")
    parser.add_argument("--folder", type=Path, default=Path(FOLDER), help=f"data ({FOLDER})")
    parser.add_argument("--keep", action="store_true", help="go on with the data that is there")
    parser.add_argument(
        "--back-fill", type=float, default=24.0, help="hours of history to begin with (24)"
    )
    parser.add_argument("--port", type=int, default=8800, help="of the pages (8800)")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    if args.what:
        return _fault(args)
    from isthmus.cli.site import demonstrate

    return demonstrate(args)


def _fault(args: argparse.Namespace) -> int:
    import json

    from isthmus.demo.control import send
    from isthmus.model.errors import ConfigError

    if args.what[:1] != ["fault"] or args.what[1:] not in [[name] for name in FAULTS]:
        raise ConfigError(
            f"`demo {' '.join(args.what)}` is not understood",
            hint=f"`isthmus demo fault {'|'.join(FAULTS)} [--clear]`",
        )
    told = send(args.folder / "plant", args.what[1], on=not args.clear)
    print(json.dumps({"fault": args.what[1], "on": not args.clear}) if args.json else told)
    return 0
