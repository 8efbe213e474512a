"""Put a backup back into a new folder: every checksum is compared before anything is in place.

Start the site with the folder as its data. On the machine that made the backup, move the folder
`bus` of the old data into it first: what came after the backup is then read from the stream.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from isthmus.cli.backup import target_arguments

EXAMPLE = """examples:
  isthmus restore /mnt/nas/isthmus restored
  isthmus restore s3://plant-backups/line1 restored --point 2026-11-22T03-00-00-000Z
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    target_arguments(parser, "where the backups lie: a folder, or s3://bucket/prefix", None)
    parser.add_argument("folder", type=Path, help="the data folder to make; empty or not there yet")
    parser.add_argument("--point", help="which backup (the newest); `isthmus backup X --list`")
    parser.add_argument(
        "--damaged-too", action="store_true", help="take what is whole of a damaged backup"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command: 1 where something of the backup was damaged and left out."""
    from isthmus.cli.screen import Progress
    from isthmus.historian.backup.document import load, newest
    from isthmus.historian.backup.restore import restore
    from isthmus.historian.keep.forecast import size
    from isthmus.historian.keep.place import Target, place

    store = place(Target(args.target, args.endpoint, args.region))
    backup = load(store, args.point) if args.point else newest(store)
    with Progress(quiet=args.json) as progress:
        done = restore(
            store, backup, args.folder, damaged_too=args.damaged_too, progress=progress.show
        )
    if args.json:
        body = {**asdict(done), "folder": str(done.folder), "point": backup.point}
        print(json.dumps(body))
        return 1 if done.damaged else 0
    rows = ", ".join(f"{count:,} {name}" for name, count in sorted(done.rows.items()))
    print(f"restored {backup.point} into {done.folder}: {rows}, {size(done.bytes)}")
    for text in done.damaged:
        print(f"damaged, left out: {text}")
    plant = done.folder / "plant"
    if plant.is_dir():
        file = plant / "plant.yaml" if (plant / "plant.yaml").exists() else plant
        print(f"the plant file of that time is {file}")
        print(f"start it: isthmus run {file} --data {done.folder}")
    return 1 if done.damaged else 0
