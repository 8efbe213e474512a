"""Print the bill of materials of this installation: CycloneDX 1.6, for scanners of weaknesses."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime

EXAMPLE = """examples:
  isthmus sbom --json > isthmus.cdx.json
  isthmus sbom
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "--no-time", action="store_true", help="the same text for the same installation"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from isthmus.cli.screen import table
    from isthmus.runtime.supply.sbom import bill

    time = "" if args.no_time else datetime.now(UTC).isoformat(timespec="seconds")
    found = bill(time)
    if args.json:
        print(json.dumps(found, indent=1))
        return 0
    rows = [(part["name"], part["version"], _licence(part)) for part in found["components"]]
    print(table(("part", "version", "licence"), rows))
    return 0


def _licence(part: dict[str, object]) -> str:
    found = part.get("licenses")
    if not isinstance(found, list) or not found:
        return ""
    one = found[0]
    told = one.get("license", {})
    return str(one.get("expression") or told.get("id") or told.get("name") or "")[:60]
