"""The device of a connection, and which of its nodes means which tag in an import."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from isthmus.cli.sites import Site
from isthmus.historian.ingest.mapping import Known, Names, Rule, file_rules, rules
from isthmus.model.errors import ConfigError
from isthmus.model.path import nearest
from isthmus.model.plant import Connection, Plant
from isthmus.model.ports import Address, Binding, SourceConfig
from isthmus.model.sample import TagId
from isthmus.model.tag import Kind, Tag
from isthmus.runtime.config import load

PLANT = Path("plant.yaml")
KINDS = ("opcua",)  # connectors whose devices may keep history


@dataclass(frozen=True, slots=True)
class Device:
    """A device and the tags that are read of it; a tag's id is its place among `bindings`."""

    config: SourceConfig
    bindings: Sequence[Binding[Address]]
    create: Sequence[Known] = ()

    @property
    def ids(self) -> list[TagId]:
        """All of them."""
        return [binding.id for binding in self.bindings]

    @property
    def paths(self) -> list[str]:
        """The path of each tag."""
        return [binding.tag.path for binding in self.bindings]

    @property
    def nodes(self) -> list[str]:
        """Where each is on the device."""
        return [str(getattr(binding.address, "node", "")) for binding in self.bindings]

    @property
    def made(self) -> list[int]:
        """Those of tags that are to be made."""
        fresh = {tag.path for tag in self.create}
        return [binding.id for binding in self.bindings if binding.tag.path in fresh]

    @property
    def source(self) -> str:
        """What was imported, for people."""
        return f"{self.config.name} ({self.config.endpoint})"


def device(site: Site, args: argparse.Namespace, data: Path) -> Device:
    """The device of --opcua and its tags: those of the plant file, or the nodes of --map."""
    plant, connection = _connection(args, data)
    visit = connection.config.visitor().model_copy(update={"mode": "poll", "history": "always"})
    told = [*rules(args.map), *(file_rules(args.map_file) if args.map_file else [])]
    known = site.tags()
    if told:
        names = Names(known, told, create=args.create is not None)
        return _mapped(visit, told, names)
    under = args.under.strip("/")
    tags = {tag.path: tag for tag in plant.tags() if tag.kind is not Kind.TEXT}
    chosen = [
        Binding(TagId(0), tags[path], address)
        for path, address in connection.addresses.items()
        if path in tags and f"{path}/".startswith(f"{under}/" if under else "")
    ]
    if not chosen:
        raise ConfigError(
            f"`{args.opcua}` has no tag of numbers" + (f" below {under}" if under else ""),
            hint="--map NODE=PATH names nodes of the device",
        )
    missing = next((each.tag.path for each in chosen if each.tag.path not in known), None)
    if missing is not None:
        raise ConfigError(
            f"the site does not know {missing} yet", hint="start it with this plant file first"
        )
    return Device(visit, _numbered(chosen))


def _connection(args: argparse.Namespace, data: Path) -> tuple[Plant, Connection]:
    beside = data.absolute().parent / PLANT
    file = args.plant or (PLANT if PLANT.exists() or not beside.exists() else beside)
    plant = load(file)
    known = plant.connections
    if args.opcua not in known:
        near = nearest(args.opcua, known)
        raise ConfigError(
            f"{file} has no connection `{args.opcua}`",
            hint=f"did you mean `{near}`?" if near else f"it has {', '.join(known) or 'none'}",
        )
    kind = getattr(known[args.opcua].config, "kind", "")
    if kind not in KINDS:
        able = [name for name, each in known.items() if getattr(each.config, "kind", "") in KINDS]
        raise ConfigError(
            f"`{args.opcua}` is of kind {kind}, and only OPC UA servers are asked for history",
            hint=f"of kind opcua: {', '.join(able)}" if able else f"{file} has none of kind opcua",
        )
    return plant, known[args.opcua]


def _mapped(visit: SourceConfig, told: Sequence[Rule], names: Names) -> Device:
    """The nodes that the mappings name."""
    made: list[Binding[Address]] = []
    create: list[Known] = []
    for rule in told:
        target = names.target(rule.name)
        if "*" in rule.name or target is None:
            raise ConfigError(
                f"the mapping `{rule.name}={rule.path}`: no pattern fits nodes of a device",
                hint="name each node; `isthmus browse` shows them, --map-file takes many",
            )
        try:
            address = visit.address.parse({"node": rule.name})
        except ValueError as error:
            raise ConfigError(
                f"`{rule.name}` is no node id", hint="write it as ns=2;s=Name or ns=2;i=1234"
            ) from error
        address = address.model_copy(update={"scale": target.factor, "offset": target.offset})
        tag = Tag(target.tag.path, unit=target.tag.unit)
        made.append(Binding(TagId(0), tag, address))
        if target.fresh and target.tag not in create:
            create.append(target.tag)
    twice = Counter(each.tag.path for each in made).most_common(1)[0]
    if twice[1] > 1:
        raise ConfigError(
            f"{twice[0]} is mapped {twice[1]} times", hint="one node a tag and import"
        )
    return Device(visit, _numbered(made), create)


def _numbered(bindings: Sequence[Binding[Address]]) -> list[Binding[Address]]:
    return [replace(each, id=TagId(place)) for place, each in enumerate(bindings)]
