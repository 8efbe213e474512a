"""Print a new one-time sign-in link of the site that runs on this machine."""

from __future__ import annotations

import argparse
import json

from isthmus.cli.remote import Remote, data_argument, data_folder

EXAMPLE = """examples:
  isthmus link
  isthmus link --data /var/lib/isthmus
  isthmus link --break-glass --reason "the filler stands and nobody on call answers"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    data_argument(parser)
    parser.add_argument(
        "--break-glass",
        action="store_true",
        help="for an emergency: it ends after an hour, and stays a finding until it is reviewed",
    )
    parser.add_argument("--reason", default="", help="what happened; an emergency needs one")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    site = Remote.of(data_folder(args.data))
    wish = {"break_glass": args.break_glass, "reason": args.reason}
    link = site.send("/api/sign-in-links", json.dumps(wish).encode())["link"]
    print(json.dumps({"link": link}) if args.json else link)
    if args.break_glass and not args.json:
        print("it works for an hour; afterwards: isthmus user review")
    return 0
