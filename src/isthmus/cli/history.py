"""See what history holds, how long it is kept, and when the disk will be full.

What is sealed is counted; the last minute of a running site is not.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.cli.remote import data_argument, data_folder
from isthmus.model.errors import ConfigError

if TYPE_CHECKING:
    from isthmus.historian.keep.survey import Part, Survey

EXAMPLE = """examples:
  isthmus history
  isthmus history --by-equipment
  isthmus history --data .isthmus --json
"""
NS = 1_000_000_000


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "--by-equipment", action="store_true", help="count samples by equipment; reads every file"
    )
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from isthmus.historian.keep.survey import by_equipment, survey

    root = _root(data_folder(args.data))
    found = survey(root)
    parts = by_equipment(root) if args.by_equipment else []
    if args.json:
        print(json.dumps(_told(found, parts)))
    else:
        _print(found, parts)
    return 0


def _root(folder: Path) -> Path:
    """The history of a data folder, or the folder itself where it is a history."""
    for root in (folder / "history", folder):
        if (root / "samples").is_dir():
            return root
    raise ConfigError(f"there is no history in {folder}", hint="name the data with --data")


def _told(found: Survey, parts: list[Part]) -> dict[str, object]:
    """The survey for machines; times in seconds since 1970."""
    from dataclasses import asdict

    body = asdict(found)
    for key in ("oldest", "newest"):
        body[key] = None if body[key] is None else body[key] / NS
    outlook = found.kept.forecast
    body["forecast"] = "" if outlook is None else str(outlook)
    body["equipment"] = [asdict(part) for part in parts]
    return body


def _print(found: Survey, parts: list[Part]) -> None:
    from isthmus.cli.screen import table
    from isthmus.historian.keep.forecast import size

    each = f", {found.bytes / found.rows:.2f} bytes each" if found.rows else ""
    print(f"{found.rows:,} samples{each}; {found.events:,} events")
    if found.oldest is not None and found.newest is not None:
        print(f"from {_when(found.oldest)} to {_when(found.newest)}")
    limit = f" of {size(found.kept.limit)}" if found.kept.limit else ""
    shares = ", ".join(f"{name} {size(count)}" for name, count in sorted(found.parts.items()))
    print(f"uses {size(found.used)}{limit}: {shares}")
    outlook = found.kept.forecast
    print(outlook or "the site looks ahead within the first quarter of an hour")
    for name, age in found.kept.rules.items():
        print(f"keeps {name}: {age}")
    if found.archived_to:
        print(f"older samples lie in {found.archived_to}")
    if found.kept.archive_trouble:
        print(f"the archive takes none: {found.kept.archive_trouble}")
    for removed, why in ((found.kept.expired, "passed a rule"), (found.kept.dropped, "no space")):
        if removed.rows:
            print(f"gone, {why}: {removed.rows:,} rows, {size(removed.bytes)}")
    for text in found.damaged:
        print(f"damaged: {text}")
    rows = [(m.month, m.table, m.rows, m.files, size(m.bytes)) for m in found.months]
    print("\n" + table(["month", "table", "rows", "files", "size"], rows))
    if parts:
        listed = [(part.equipment, part.tags, part.rows, size(part.bytes)) for part in parts]
        print("\n" + table(["equipment", "tags", "samples", "size, about"], listed))


def _when(time: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(time / NS, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
