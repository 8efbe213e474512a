"""Issue the certificate with which an edge connects to this site."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

EXAMPLE = """examples:
  isthmus edge issue edge1 --to edge1-identity
  isthmus edge issue edge1 --to /media/stick/edge1-identity --data /var/lib/isthmus
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("what", choices=["issue"], help="what to do")
    parser.add_argument("name", help="the edge, as the plant file names it")
    parser.add_argument("--to", type=Path, help="the folder to write (NAME-identity)")
    parser.add_argument(
        "--plant", type=Path, default=Path("plant.yaml"), help="plant file or folder"
    )
    parser.add_argument("--data", type=Path, help="the site's data folder (.isthmus beside it)")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from isthmus.bus.edge import EdgeAccess
    from isthmus.cli.edge_node import edge_of
    from isthmus.cli.noted import running
    from isthmus.cli.process import beside
    from isthmus.cli.remote import DATA
    from isthmus.model.access import OWNER
    from isthmus.runtime.config import load
    from isthmus.runtime.trust.certificates import Certificates
    from isthmus.runtime.trust.record import Later
    from isthmus.trust.pki.asked import Asking

    plant = load(args.plant)
    edge = edge_of(plant, args.name)
    data = args.data or beside(args.plant) / DATA
    folder = args.to or Path(f"{edge.name}-identity")
    name = EdgeAccess(edge.name).identity
    papers = Certificates(plant, data, Later(data))
    asking = Asking.of(name)  # the key is made here, and goes nowhere else
    if site := running(data):
        body = json.dumps({"name": name, "request": asking.text}).encode()
        got = site.send("/api/certificates/issue", body)["chain"].encode()
    else:
        got = papers.sign(name, asking.text.encode(), OWNER)
    ends = asking.keep(folder, edge.name, got, papers.authority.ca)
    if args.json:
        print(json.dumps({"folder": str(folder), "name": name, "ends": str(ends)}))
        return 0
    print(f"{folder}: ca.crt, {edge.name}.crt, {edge.name}.key; ends {ends:%Y-%m-%d}")
    print(f"carry it to the edge as `{edge.identity}` beside its plant file, and keep no copy")
    print(f"there: isthmus run {args.plant.name} --edge {edge.name}")
    return 0
