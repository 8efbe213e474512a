"""Free equipment that was locked for maintenance: whoever locked it, or two others."""

from __future__ import annotations

import argparse
import json

from isthmus.cli.remote import Remote, data_argument, data_folder

EXAMPLE = """examples:
  isthmus unlock packaging/line1/filler
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("path", help="the equipment")
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 1 where it stays locked."""
    wish = json.dumps({"path": args.path}).encode()
    left = Remote.of(data_folder(args.data)).send("/api/locks/free", wish)
    if args.json:
        print(json.dumps(left))
    elif left:
        owner = left[0]["owner"]
        print(f"{args.path} stays locked: {owner} locked it, and one other has to agree")
    else:
        print(f"{args.path} is free")
    return 1 if left else 0
