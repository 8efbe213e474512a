"""From the connections a plant file tells of to settings and an address for each tag."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from isthmus.model.errors import IsthmusError
from isthmus.model.plant import Connection, Equipment
from isthmus.model.plantfile import ConnectionEntry
from isthmus.model.ports import Address, SourceConfig
from isthmus.model.tag import Tag
from isthmus.runtime.config.parts import PartError, Parts
from isthmus.runtime.config.report import Loc, Report
from isthmus.runtime.config.tree import Names

PLACEHOLDER = re.compile(r"\{([A-Za-z_]*)\}")
PLACEHOLDERS = ("tag", "Tag", "TAG", "unit", "path")


def camel(name: str) -> str:
    """`good_count` as devices often write it: `GoodCount`."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[_-]+", name))


def expand(template: object, tag: Tag) -> object:
    """`template` with the placeholders in its strings filled in; ValueError for unknown ones."""
    values = {
        "tag": tag.name,
        "Tag": camel(tag.name),
        "TAG": tag.name.upper(),
        "unit": tag.equipment.rpartition("/")[2],
        "path": tag.path,
    }

    def fill(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise ValueError(
                f"there is no placeholder `{found[0]}`: "
                + ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            )
        return values[found[1]]

    if isinstance(template, str):
        return PLACEHOLDER.sub(fill, template)
    if isinstance(template, dict):
        return {key: expand(value, tag) for key, value in template.items()}
    if isinstance(template, list):
        return [expand(value, tag) for value in template]
    return template


class Links:
    """Builds connections, reporting what their settings, tags and addresses have wrong."""

    def __init__(
        self,
        parts: Parts,
        areas: tuple[Equipment, ...],
        names: Names,
        report: Report,
        *,
        timezone: str,
    ) -> None:
        self._parts, self._names, self._report = parts, names, report
        self._timezone = timezone
        self._equipment = {found.path: found for area in areas for found in area.walk()}
        self._tags = {tag.path: tag for found in self._equipment.values() for tag in found.tags}
        self._told: set[str] = set()  # tag paths with an address of their own
        self._bound: dict[str, str] = {}  # tag path -> name of its connection

    def build(self, entries: Mapping[str, ConnectionEntry]) -> dict[str, Connection]:
        """The connections whose settings are right."""
        self._told = {key for entry in entries.values() for key in entry.tags if key in self._tags}
        made = {}
        for name, entry in entries.items():
            connection = self._connection(name, entry)
            if connection is not None:
                made[name] = connection
        return made

    def _connection(self, name: str, entry: ConnectionEntry) -> Connection | None:
        loc: Loc = ("connections", name)
        if entry.zone and entry.zone not in self._names.zones:
            text = f"there is no zone `{entry.zone}`"
            self._report.unknown((*loc, "zone"), text, entry.zone, sorted(self._names.zones))
        if entry.edge and entry.edge not in self._names.edges:
            text = f"there is no edge `{entry.edge}`"
            self._report.unknown((*loc, "edge"), text, entry.edge, sorted(self._names.edges))
        try:
            kind = self._parts[entry.kind]
        except PartError as error:
            self._report.add((*loc, "kind"), str(error), error.hint)
            return None
        config = self._config(name, entry, kind)
        addresses: dict[str, Address] = {}
        for key in entry.tags:
            addresses.update(self._addresses(name, entry, kind.address, key))
        return Connection(config, addresses, entry.edge) if config is not None else None

    def _config(
        self, name: str, entry: ConnectionEntry, kind: type[SourceConfig]
    ) -> SourceConfig | None:
        settings = {**(entry.model_extra or {}), "name": name}
        if entry.zone:
            settings["zone"] = entry.zone
        if "kind" in kind.model_fields:
            settings["kind"] = entry.kind
        if "timezone" in kind.model_fields:
            settings.setdefault("timezone", self._timezone)
        loc: Loc = ("connections", name)
        if "name" in (entry.model_extra or {}):
            self._report.add((*loc, "name"), f"a connection's key is its name: `{name}`")
        self._check_secrets(settings, kind, loc)
        try:
            return kind.model_validate(settings)
        except ValidationError as error:
            self._report.invalid(error, kind, loc)
        return None

    def _check_secrets(
        self, settings: Mapping[str, object], kind: type[SourceConfig], loc: Loc
    ) -> None:
        for key, info in kind.model_fields.items():
            annotation = str(info.annotation)
            secret = "SecretStr" in annotation and "str |" not in annotation
            if secret and isinstance(settings.get(info.alias or key), str):
                text = f"`{key}` is a secret and does not stand in the file"
                self._report.add(
                    (*loc, key), text, "write `{env: NAME}`, `{file: PATH}` or `{keyring: NAME}`"
                )

    def _addresses(
        self, name: str, entry: ConnectionEntry, kind: type[Address], key: str
    ) -> Iterator[tuple[str, Address]]:
        """The addresses that the line `key` of a connection's `tags` gives."""
        loc: Loc = ("connections", name, "tags", key)
        written = entry.tags[key]
        if key in self._tags:
            address = self._parse(kind, written, loc, self._tags[key])
            if address is not None and self._claim(name, key, loc):
                yield key, address
            return
        equipment = self._equipment.get(key)
        if equipment is None:
            if key not in self._names.equipment:
                known = (*self._tags, *self._equipment)
                self._report.unknown(loc, f"there is no tag or equipment `{key}`", key, known)
            return
        template, chosen = self._template(equipment, written, loc)
        for tag in chosen:
            if tag.path in self._told:
                continue  # one by one, here or in another connection: that says more
            try:
                filled = expand(template, tag)
            except ValueError as error:
                self._report.add(loc, str(error))
                return
            address = self._parse(kind, filled, loc, tag)
            if address is None:
                return  # the same mistake for every tag: once is enough
            if self._claim(name, tag.path, loc):
                yield tag.path, address

    def _template(
        self, equipment: Equipment, written: object, loc: Loc
    ) -> tuple[object, list[Tag]]:
        """The template itself and the tags it is for, `only` and `except` applied."""
        tags = list(equipment.tags)
        if not tags:
            self._report.add(loc, f"`{equipment.path}` has no tags", "name a unit, or one tag")
        if not isinstance(written, dict):
            return written, tags
        template = dict(written)
        known = [tag.name for tag in tags]
        only, but = template.pop("only", None), template.pop("except", [])
        for key, names in (("only", only), ("except", but)):
            if names is not None and not isinstance(names, list):
                self._report.add((*loc, key), f"`{key}` is a list of tags", f"`{key}: [speed]`")
            for number, word in enumerate(names if isinstance(names, list) else ()):
                if word not in known:
                    text = f"`{equipment.path}` has no tag `{word}`"
                    self._report.unknown((*loc, key, number), text, str(word), known)
        if isinstance(only, list):
            tags = [tag for tag in tags if tag.name in only]
        if isinstance(but, list):
            tags = [tag for tag in tags if tag.name not in but]
        if set(template) == {"each"}:
            return template["each"], tags
        return template, tags

    def _claim(self, name: str, path: str, loc: Loc) -> bool:
        first = self._bound.setdefault(path, name)
        if first != name:
            text = f"`{path}` is read by two connections, `{first}` and `{name}`"
            self._report.add(loc, text, "leave it to one of them: `except: [...]` in the other")
        return first == name

    def _parse(self, kind: type[Address], written: object, loc: Loc, tag: Tag) -> Address | None:
        try:
            address = kind.parse(written)
        except ValidationError as error:
            self._report.invalid(error, kind, loc)
            return None
        except (IsthmusError, ValueError, TypeError) as error:
            self._report.add(loc, str(error), str(getattr(error, "hint", "")))
            return None
        for word in (address.map or {}).values():
            if tag.legend and word not in tag.legend.values():
                text = f"the legend of `{tag.path}` has no word `{word}`"
                self._report.unknown((*loc, "map"), text, word, tag.legend.values())
                return None
        return address
