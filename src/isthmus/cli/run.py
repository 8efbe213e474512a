"""Run your plant: connect, store, compute, and serve the pages, until Ctrl-C."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = """examples:
  isthmus run
  isthmus run plant.yaml --data /var/lib/isthmus
  isthmus run plant.yaml --edge edge1
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "plant", nargs="?", type=Path, default=Path("plant.yaml"), help="file or folder"
    )
    parser.add_argument("--data", type=Path, help="folder of the data (.isthmus beside the plant)")
    parser.add_argument(
        "--edge", metavar="NAME", help="run as this edge: its connections, no history, no pages"
    )
    parser.add_argument("--for", dest="seconds", type=float, help="stop after so many seconds")
    parser.add_argument("--port", type=int, help="of the pages")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    if args.edge is not None:
        from isthmus.cli.edge_node import run_edge

        return run_edge(args)
    from isthmus.cli.site import run_plant

    return run_plant(args)
