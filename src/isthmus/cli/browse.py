"""See what a device has; with `--add` write it into the plant file, keeping its comments.

The device is a URL (`opc.tcp://host:4840`, `mqtts://host:8883`) or a connection of the plant file.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isthmus.model.ports import Browse, Node, SourceConfig

EXAMPLE = """examples:
  isthmus browse opc.tcp://10.4.1.20:4840
  isthmus browse opc.tcp://10.4.1.20:4840 --node "ns=2;s=Filler" --add plant.yaml \\
      --equipment packaging/line1/filler
  isthmus browse filler-plc --plant plant.yaml
"""
KINDS = {"opc.tcp": "opcua", "mqtts": "sparkplug", "mqtt": "sparkplug"}
URL_KEYS = {"opcua": "url", "sparkplug": "broker", "mqtt": "broker"}
DEEPEST = 8


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("device", help="URL, or the name of a connection")
    parser.add_argument("--node", default="", help="where to begin")
    parser.add_argument("--depth", type=int, default=1, help=f"levels to go down (1, {DEEPEST})")
    parser.add_argument("--limit", type=int, default=1000, help="nodes at most (1000)")
    parser.add_argument("--kind", help="connector, where the URL does not say it")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="setting: security=none"
    )
    parser.add_argument("--trust", action="store_true", help="trust the certificate it shows")
    parser.add_argument("--add", type=Path, metavar="PLANT", help="write the variables into it")
    parser.add_argument("--equipment", help="where they belong: area/line/unit")
    parser.add_argument("--connection", default="", help="name of the connection written")
    parser.add_argument("--plant", type=Path, default=Path("plant.yaml"), help="with connections")
    parser.add_argument("--data", type=Path, help="data folder with the trusted certificates")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    import asyncio

    from isthmus.cli.screen import table
    from isthmus.model.errors import ConfigError

    if args.add and not args.equipment:
        raise ConfigError("where do the tags belong?", hint="name it: --equipment area/line/unit")
    settings, config = _config(args)
    nodes = asyncio.run(_browse(args, config))
    if args.add:
        return _add(args, settings, nodes)
    if args.json:
        keys = ("address", "name", "kind", "data_type", "unit", "description", "value", "writable")
        print(json.dumps([{key: getattr(node, key) for key in keys} for node in nodes]))
    else:
        rows = [
            (node.address, node.name, node.data_type or node.kind, node.value[:40], node.unit)
            for node in nodes
        ]
        print(table(("address", "name", "type", "value", "unit"), rows))
    return 0


def _config(args: argparse.Namespace) -> tuple[dict[str, object], SourceConfig]:
    from pydantic import ValidationError

    from isthmus.model.errors import ConfigError
    from isthmus.runtime.config import PartError, Parts, load

    if "://" not in args.device:
        plant = load(args.plant)
        if args.device not in plant.connections:
            raise ConfigError(
                f"{args.plant} has no connection `{args.device}`",
                hint=f"it has {', '.join(plant.connections)}; or give a URL",
            )
        config = plant.connections[args.device].config
        return {"kind": getattr(config, "kind", "")}, config
    kind = args.kind or KINDS.get(urlsplit(args.device).scheme, "")
    if not kind:
        raise ConfigError(
            f"what speaks {args.device}?", hint=f"one of {', '.join(KINDS)}, or name --kind"
        )
    settings: dict[str, object] = {"kind": kind, URL_KEYS.get(kind, "url"): args.device}
    for pair in args.set:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(f"--set {pair}", hint="write KEY=VALUE, such as security=none")
        settings[key] = value
    name = args.connection or _name(args.device)
    try:
        return settings, Parts()[kind].model_validate({**settings, "name": name})
    except PartError as error:
        raise ConfigError(str(error), hint=error.hint) from error
    except ValidationError as error:
        wrong = "; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in error.errors())
        hint = f"`isthmus new {kind}` shows all settings"
        raise ConfigError(f"the settings of {args.device}: {wrong}", hint=hint) from error


def _name(url: str) -> str:
    from isthmus.model.path import as_level

    parts = urlsplit(url)
    return as_level(f"{parts.hostname}-{parts.port or ''}".strip("-")).lower()


async def _browse(args: argparse.Namespace, config: SourceConfig) -> list[Node]:
    from isthmus.cli.site import DATA
    from isthmus.model.errors import AuthError, ConfigError
    from isthmus.model.ports import Browse as Browsable
    from isthmus.model.sample import Nanoseconds
    from isthmus.runtime.subject import level

    beside = (args.add or args.plant).parent
    state = (args.data or beside / DATA) / "links" / level(config.name)
    state.mkdir(parents=True, exist_ok=True)
    for again in (True, False):
        source = config.build([], now=lambda: Nanoseconds(time.time_ns()), state=str(state))
        device: object = source
        if not isinstance(device, Browsable):
            raise ConfigError(
                f"{getattr(config, 'kind', 'this')} devices cannot be browsed",
                hint="write the addresses from the device's manual into the plant file",
            )
        try:
            await source.open()
            return await _walk(device, args.node, min(args.depth, DEEPEST), args.limit)
        except AuthError:
            if not (args.trust and again and _trust(state)):
                raise
        finally:
            await source.close()
    raise AssertionError  # the second turn returned or raised


async def _walk(device: Browse, node: str, depth: int, limit: int) -> list[Node]:
    found: list[Node] = []
    edge = [node]
    for _ in range(depth):
        beyond: list[str] = []
        for place in edge:
            nodes = await device.browse(place, limit=limit - len(found))
            found += nodes
            beyond += [child.address for child in nodes if child.kind == "folder"]
            if len(found) >= limit:
                return found
        edge = beyond
    return found


def _trust(state: Path) -> bool:
    """Move what the device showed from `rejected` to `trusted`, because the user said so."""
    moved = False
    for file in sorted((state / "pki").rglob("rejected/**/*.der")):
        target = state / "pki" / "trusted" / "certs" / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
        moved = True
    return moved


def _add(args: argparse.Namespace, settings: dict[str, object], nodes: Sequence[Node]) -> int:
    from isthmus.runtime.config import add_tags

    variables = [node for node in nodes if node.kind != "folder"]
    name = args.connection or (_name(args.device) if "://" in args.device else args.device)
    added = add_tags(args.add, settings, variables, equipment=args.equipment, connection=name)
    if args.json:
        body = {
            "connection": added.connection,
            "tags": dict(added.tags),
            "known": list(added.known),
            "files": [str(file) for file in added.files],
        }
        print(json.dumps(body))
        return 0
    for path, address in added.tags.items():
        print(f"+ {path}  {address}")
    print(
        f"{len(added.tags)} tags added to {args.add}, {len(added.known)} were there; "
        f"next: `isthmus check {args.add} --probe`"
    )
    return 0
