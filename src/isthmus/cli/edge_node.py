"""Running an edge from the command line."""

from __future__ import annotations

import argparse
import asyncio

from isthmus.cli.process import beside, first, logs, loop, until_stopped
from isthmus.cli.remote import DATA
from isthmus.model.errors import ConfigError
from isthmus.model.path import nearest
from isthmus.model.plant import Edge, Plant
from isthmus.runtime.config import load
from isthmus.runtime.edge.identity import CarriedIdentity
from isthmus.runtime.edge.node import EdgeNode
from isthmus.runtime.settings import Settings


def edge_of(plant: Plant, name: str) -> Edge:
    """The edge of this name; ConfigError with the nearest where there is none."""
    if name in plant.edges:
        return plant.edges[name]
    meant = nearest(name, plant.edges)
    known = ", ".join(plant.edges) or "none; write a section `edges`"
    raise ConfigError(
        f"the plant file has no edge `{name}`",
        hint=f"did you mean `{meant}`?" if meant else f"known: {known}",
    )


def run_edge(args: argparse.Namespace) -> int:
    """Run an edge until it is stopped."""
    logs(quiet=args.json)
    plant = load(args.plant)
    edge = edge_of(plant, args.edge)
    folder = args.data or beside(args.plant) / f"{DATA}-{edge.name}"
    identity = CarriedIdentity.of(beside(args.plant) / edge.identity, edge.name)
    node = EdgeNode(plant, edge, Settings.of_edge(plant, edge, folder), identity)
    loop(_run(node, args))
    return 0


async def _run(node: EdgeNode, args: argparse.Namespace) -> None:
    ready = asyncio.Event()
    running = asyncio.create_task(node.run(ready.set))
    await first(ready, running)
    if not args.json:
        print(
            f"\n  edge {node.edge.name} of {node.plant.enterprise} {node.plant.site} runs: "
            f"{len(node.connections)} connections, {len(node.catalogue.namespace)} tags, "
            f"uplink to {node.edge.site}\n\n  Ctrl-C stops it; "
            f"`isthmus doctor --data {node.settings.folder}` tells how it is\n",
            flush=True,
        )
    await until_stopped(node.stopping, running, args.seconds)
    await running
