"""Find all mistakes of a plant file at once; `--probe` tries every device as well."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

EXAMPLE = """examples:
  isthmus check
  isthmus check plant.yaml --probe --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("plant", nargs="?", type=Path, default=Path("plant.yaml"))
    parser.add_argument("--probe", action="store_true", help="open each connection, read once")
    parser.add_argument(
        "--data", type=Path, help="data folder: what it trusts, which rules were tried"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command: 0 all well, 1 a device does not answer, 2 a mistake in a file."""
    from isthmus.cli.remote import DATA
    from isthmus.runtime.config import later, load
    from isthmus.runtime.notify.whom import unread
    from isthmus.runtime.rule.kept import untried

    plant = load(args.plant, beside=True)
    kept = later(args.plant)
    beside = args.plant if args.plant.is_dir() else args.plant.parent
    folder = args.data or beside / DATA
    blind = [
        f"rule `{name}` is live, but nobody tried its present text on history: it does not act; "
        f"`isthmus rule test {name}`"
        for name in untried(plant.rules.values(), folder)
    ]
    blind += unread(plant, beside)
    tags = sum(1 for _ in plant.tags())
    probes = []
    if args.probe:
        import asyncio

        from isthmus.runtime.collect.probe import probe_all, probe_history

        probes = asyncio.run(probe_all(plant, folder))
        history = asyncio.run(probe_history(plant, folder))
        probes += [history] if history else []
    failed = [probe for probe in probes if probe.error]
    if args.json:
        body = {
            "plant": str(args.plant),
            "mistakes": [],
            "notes": [*(f"`{key}` has no effect yet" for key in kept), *blind],
            "connections": len(plant.connections),
            "tags": tags,
            "probes": [probe.told() for probe in probes],
        }
        print(json.dumps(body))
        return 1 if failed else 0
    for probe in probes:
        print(probe.line())
    if not failed:
        then = "`isthmus run`" if probes else "`isthmus check --probe` tries the devices"
        print(
            f"{args.plant}: no mistakes, {len(plant.connections)} connections, {tags} tags; {then}"
        )
    for note in blind:
        print(f"note: {note}")
    if kept:
        print(f"note: kept for later, without effect yet: {', '.join(kept)}")
    return 1 if failed else 0
