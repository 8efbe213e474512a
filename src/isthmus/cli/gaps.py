"""See where history knows nothing: stretches of bad quality or of no sample, and why.

Asks the running site; without one what is stored, as of its last moment.
"""

from __future__ import annotations

import argparse
import time

from isthmus.cli.length import seconds
from isthmus.cli.past import asked, plant_argument
from isthmus.cli.remote import data_argument

EXAMPLE = """examples:
  isthmus gaps "packaging/**"
  isthmus gaps "**/energy" --last 7d --shortest 1min
"""
TOGETHER = 100  # tags asked for at once


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("pattern", help="tag pattern; * and ** work")
    parser.add_argument("--last", default="24h", help="how far back: 8h, 7d (24h)")
    parser.add_argument("--shortest", default="0s", help="leave shorter ones out: 10s, 1min")
    data_argument(parser)
    plant_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    import json

    from isthmus.cli.screen import table
    from isthmus.cli.select import selected

    site = asked(args)
    plant = site.get("/api/plant")
    tags = [str(tag["id"]) for tag in selected(plant, args.pattern)]
    last, shortest = seconds(args.last), seconds(args.shortest)
    start, end = plant["now"] - last * 1_000, plant["now"]
    found = []
    for first in range(0, len(tags), TOGETHER):
        some = ",".join(tags[first : first + TOGETHER])
        found += site.get("/api/gaps", tags=some, from_=start, to=end, shortest=shortest)
    if args.json:
        print(json.dumps(found))
        return 0
    rows = [
        (_moment(gap["start"]), _length(gap), gap["path"], gap["quality_name"], gap["reason"])
        for gap in sorted(found, key=lambda gap: (gap["start"], gap["path"]))
    ]
    none = f"no gap of {len(tags)} tags in the last {args.last}"
    print(table(("from", "seconds", "tag", "quality", "reason"), rows) if rows else none)
    return 0


def _length(gap: dict[str, float]) -> float:
    return round((gap["end"] - gap["start"]) / 1_000, 1)


def _moment(milliseconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(milliseconds / 1_000))
