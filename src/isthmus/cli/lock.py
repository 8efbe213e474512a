"""Lock equipment while somebody works on it: nobody writes to it until it is freed.

Without a path it lists what is locked. It is no substitute for a padlock on the isolator.
"""

from __future__ import annotations

import argparse
import json

from isthmus.cli.remote import Remote, data_argument, data_folder

EXAMPLE = """examples:
  isthmus lock
  isthmus lock packaging/line1/filler --reason "changing the drive belt"
  isthmus unlock packaging/line1/filler
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "path", nargs="?", help="equipment; all that is locked where it is left out"
    )
    parser.add_argument("--reason", default="", help="what is worked on")
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    site = Remote.of(data_folder(args.data))
    if args.path is None:
        found = site.get("/api/locks")
        lines = [f"{each['path']}  {each['owner']}: {each['reason']}" for each in found]
        print(json.dumps(found) if args.json else "\n".join(lines) or "nothing is locked")
        return 0
    wish = json.dumps({"path": args.path, "reason": args.reason}).encode()
    made = site.send("/api/locks", wish)
    print(json.dumps(made) if args.json else f"{made['path']} is locked by {made['owner']}")
    return 0
