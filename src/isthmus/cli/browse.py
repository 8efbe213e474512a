"""See what a device has; with `--add` write it into the plant file, keeping its comments.

The device is a URL (`opc.tcp://host:4840`, `mqtts://host:8883`) or a connection of the plant file.
"""

from __future__ import annotations

import argparse
import json
import sys
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
PLANT = Path("plant.yaml")


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("device", help="URL, or the name of a connection")
    parser.add_argument("--node", default="", help="where to begin")
    parser.add_argument("--depth", type=int, default=1, help=f"levels to go down (1, {DEEPEST})")
    parser.add_argument("--limit", type=int, default=1000, help="nodes at most (1000)")
    parser.add_argument("--kind", help="connector, where the URL does not say it")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="setting: security=none, password=env:NAME",
    )
    parser.add_argument("--trust", action="store_true", help="trust the certificate it shows")
    parser.add_argument("--add", type=Path, metavar="PLANT", help="write the variables into it")
    parser.add_argument("--equipment", help="where they belong: area/line/unit")
    parser.add_argument("--connection", default="", help="name of the connection written")
    parser.add_argument("--plant", type=Path, default=PLANT, help="with connections")
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
        return _add(args, settings, config.name, nodes)
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
    """The connection's settings as a file writes them, and as its connector reads them."""
    from isthmus.model.errors import ConfigError
    from isthmus.model.path import nearest
    from isthmus.runtime.config import load

    if "://" in args.device:
        return _of_url(args)
    if args.plant == PLANT and not PLANT.exists():
        raise ConfigError(
            f"`{args.device}` is no URL, and there is no {PLANT} with connections",
            hint="give a URL such as opc.tcp://10.4.1.20:4840, or name the file with --plant",
        )
    known = load(args.plant).connections
    if args.device not in known:
        near = nearest(args.device, known)
        raise ConfigError(
            f"{args.plant} has no connection `{args.device}`",
            hint=f"did you mean `{near}`?" if near else f"it has {', '.join(known)}; or give a URL",
        )
    config = known[args.device].config
    return {"kind": getattr(config, "kind", "")}, config


def _of_url(args: argparse.Namespace) -> tuple[dict[str, object], SourceConfig]:
    from pydantic import ValidationError

    from isthmus.model.errors import ConfigError
    from isthmus.runtime.config import PartError, Parts, wrong_settings

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
        settings[key] = _secret(value)
    try:
        found = Parts()[kind]
        config = found.model_validate({**settings, "name": args.connection or _name(args.device)})
    except PartError as error:
        raise ConfigError(str(error), hint=error.hint) from error
    except ValidationError as error:
        text, hint = wrong_settings(error, found)
        raise ConfigError(
            f"the settings of {args.device}: {text}",
            hint=hint or f"`isthmus new {kind}` shows all settings",
        ) from error
    known = _known(args, config)
    return settings, config.model_copy(update={"name": known}) if known else config


def _secret(value: str) -> object:
    """`env:NAME` and `file:PATH` say where a secret is kept; all else is the value."""
    where, colon, name = value.partition(":")
    return {where: name} if colon and where in {"env", "file"} else value


def _known(args: argparse.Namespace, config: SourceConfig) -> str:
    """The name that the plant file gives a connection to the same endpoint, if it has one."""
    from isthmus.runtime.config import lint

    file = args.add or args.plant
    if args.connection or not file.exists():
        return ""
    plant, _ = lint(file)
    links = plant.connections if plant else {}
    same = (
        name
        for name, link in links.items()
        if isinstance(link.config, type(config)) and link.config.endpoint == config.endpoint
    )
    return next(same, "")


def _name(url: str) -> str:
    from isthmus.model.path import as_level

    parts = urlsplit(url)
    return as_level(f"{parts.hostname}-{parts.port or ''}".strip("-")).lower()


async def _browse(args: argparse.Namespace, config: SourceConfig) -> list[Node]:
    from isthmus.cli.process import beside
    from isthmus.cli.remote import DATA
    from isthmus.model.errors import AuthError
    from isthmus.runtime.collect.probe import visiting
    from isthmus.runtime.subject import level

    data = args.data or beside(args.add or args.plant) / DATA
    state = data / "links" / level(config.name)
    for again in (True, False):
        shown_before = _shown(state)
        try:
            with visiting(state) as visit:
                return await _visit(args, config.visitor(), visit)
        except AuthError as error:
            shown = _shown(state) - shown_before
            if shown and not args.trust:
                error.hint += "; `--trust` moves it for you"
            if not (args.trust and again and shown):
                raise
            _trust(state, [file for file, _ in shown])
    raise AssertionError  # the second turn returned or raised


async def _visit(args: argparse.Namespace, config: SourceConfig, state: str) -> list[Node]:
    from isthmus.model.errors import ConfigError
    from isthmus.model.ports import Browse as Browsable
    from isthmus.model.sample import Nanoseconds

    source = config.build([], now=lambda: Nanoseconds(time.time_ns()), state=state)
    device: object = source
    if not isinstance(device, Browsable):
        raise ConfigError(
            f"{getattr(config, 'kind', 'this')} devices cannot be browsed",
            hint="write the addresses from the device's manual into the plant file",
        )
    try:
        await source.open()
        return await _walk(device, args.node, min(args.depth, DEEPEST), args.limit)
    finally:
        await source.close()


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


def _shown(state: Path) -> set[tuple[Path, int]]:
    """The certificates that were refused, each with the time when it was shown last."""
    found = (state / "pki" / "rejected").glob("*.der")
    return {(file, file.stat().st_mtime_ns) for file in found}


def _trust(state: Path, files: Sequence[Path]) -> None:
    """Trust what the device has just shown, because the user said so; tell what it was."""
    from hashlib import sha256

    for file in files:
        print(
            f"trusted from now on: SHA-256 {sha256(file.read_bytes()).digest().hex(':').upper()}",
            file=sys.stderr,
        )
        target = state / "pki" / "trusted" / "certs" / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)


def _add(
    args: argparse.Namespace, settings: dict[str, object], name: str, nodes: Sequence[Node]
) -> int:
    from isthmus.runtime.config import add_tags

    variables = [node for node in nodes if node.kind != "folder"]
    arrays = [node.address for node in variables if node.data_type.endswith("[]")]
    single = [node for node in variables if node.address not in arrays]
    added = add_tags(args.add, settings, single, equipment=args.equipment, connection=name)
    if args.json:
        body = {
            "connection": added.connection,
            "tags": dict(added.tags),
            "known": list(added.known),
            "arrays": arrays,
            "files": [str(file) for file in added.files],
        }
        print(json.dumps(body))
        return 0
    for path, address in added.tags.items():
        print(f"+ {path}  {address}")
    for address in arrays:
        print(f"- {address} is an array: give a tag one element, `{{node: ..., index: 0}}`")
    print(
        f"{len(added.tags)} tags added to {args.add}, {len(added.known)} were there; "
        f"next: `isthmus check {args.add} --probe`"
    )
    return 0
