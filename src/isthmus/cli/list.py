"""List equipment, tags or connections of a plant file, or the connectors and sinks installed."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isthmus.model.plant import Plant

EXAMPLE = """examples:
  isthmus list
  isthmus list tags --plant plant.yaml --json
  isthmus list connectors
  isthmus list sinks --json
"""
WHAT = ("equipment", "tags", "connections", "connectors", "sinks")


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("what", nargs="?", default="equipment", help=", ".join(WHAT))
    parser.add_argument("--plant", type=Path, help="file or folder (plant.yaml, else the demo's)")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from isthmus.cli.screen import table
    from isthmus.model.errors import ConfigError
    from isthmus.model.path import nearest

    if args.what not in WHAT:
        near = nearest(args.what, WHAT)
        raise ConfigError(
            f"`{args.what}` cannot be listed",
            hint=f"did you mean `{near}`?" if near else f"one of {', '.join(WHAT)}",
        )
    installed = {"connectors": _connectors, "sinks": _sinks}
    head, rows = installed[args.what]() if args.what in installed else _of_plant(args)
    if args.json:
        print(json.dumps([dict(zip(head, row, strict=True)) for row in rows]))
    else:
        print(table(head, rows))
    return 0


Rows = tuple[tuple[str, ...], "Sequence[tuple[object, ...]]"]


def _connectors() -> Rows:
    from isthmus.runtime.config import PartError, Parts

    parts, rows = Parts(), []
    for kind in parts:
        try:
            text = (parts[kind].__doc__ or "").strip().partition("\n")[0]
            rows.append((kind, "installed", text))
        except PartError as error:
            rows.append((kind, "missing", error.hint))
    return ("kind", "state", "about"), rows


def _sinks() -> Rows:
    from isthmus.runtime.config.parts import PartError
    from isthmus.runtime.config.sinks import installed, sink_class

    rows = []
    for kind in sorted(installed()):
        try:
            text = (sink_class(kind).__doc__ or "").strip().partition("\n")[0]
            rows.append((kind, "installed", text))
        except PartError as error:
            rows.append((kind, "missing", error.hint))
    return ("kind", "state", "about"), rows


def _of_plant(args: argparse.Namespace) -> Rows:
    from isthmus.runtime.config import load

    usual = (Path("plant.yaml"), Path("demo-plant/plant/plant.yaml"))
    file = args.plant or next((place for place in usual if place.exists()), usual[0])
    plant = load(file)
    if args.what == "connections":
        return _connections(plant)
    if args.what == "tags":
        links = {path: name for name, link in plant.connections.items() for path in link.addresses}
        return ("tag", "unit", "kind", "connection", "description"), [
            (tag.path, tag.unit, str(tag.kind), links.get(tag.path, ""), tag.description)
            for tag in plant.tags()
        ]
    return ("equipment", "level", "type", "tags"), [
        (found.path, str(found.level), found.type, len(found.tags)) for found in plant.walk()
    ]


def _connections(plant: Plant) -> Rows:
    return ("connection", "kind", "endpoint", "zone", "wire", "tags"), [
        (
            name,
            str(getattr(link.config, "kind", "")),
            link.config.endpoint,
            link.config.zone,
            link.config.wire,
            len(link.addresses),
        )
        for name, link in plant.connections.items()
    ]
