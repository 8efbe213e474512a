"""Print a new one-time sign-in link of the site that runs on this machine."""

from __future__ import annotations

import argparse
import json

from isthmus.cli.remote import Remote, data_argument, data_folder

EXAMPLE = """examples:
  isthmus link
  isthmus link --data /var/lib/isthmus
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    site = Remote.of(data_folder(args.data))
    link = json.loads(site.fetch("/api/sign-in-links", method="POST"))["link"]
    print(json.dumps({"link": link}) if args.json else link)
    return 0
