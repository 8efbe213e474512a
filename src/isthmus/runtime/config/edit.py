"""Tags found by browsing, added to a plant file that stays as its author formatted it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import yaml

from isthmus.model.errors import ConfigError, Mistake, StorageError
from isthmus.model.path import as_level, fault, join
from isthmus.model.plant import Connection, Plant
from isthmus.model.ports import Address, Node
from isthmus.model.tag import Kind, Tag
from isthmus.model.unit import Unit, UnitError
from isthmus.runtime.config.document import Written
from isthmus.runtime.config.files import plant_files, read_bytes, read_plant
from isthmus.runtime.config.load import lint
from isthmus.runtime.config.parts import PartError, Parts
from isthmus.runtime.config.splice import Growth, splice

BOOLEANS = frozenset({"boolean", "bool", "bit", "coil"})
TEXTS = frozenset(
    {"string", "text", "localizedtext", "qualifiedname", "guid", "bytestring", "datetime"}
)
NEW_FILE = "isthmus: 1\nenterprise: acme  # your company\nsite: riverside   # this site\n"
_LINE_AND_UNIT = (2, 3)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class Added:
    """What `add_tags` wrote: files, the connection's name, and the tags with their addresses."""

    files: tuple[Path, ...]
    connection: str
    tags: Mapping[str, str] = field(default_factory=dict)  # tag path -> address
    known: tuple[str, ...] = ()  # addresses that were bound before
    unknown_units: tuple[str, ...] = ()  # units that the device names and that are none


def tag_name(text: str) -> str:
    """A browse name as a tag is named: `GoodCount` as `good_count`."""
    return _CAMEL.sub("_", as_level(text)).lower()[:64].strip("_") or "unnamed"


def add_tags(
    path: Path,
    settings: Mapping[str, object],
    nodes: Sequence[Node],
    *,
    equipment: str,
    connection: str = "",
    backup: bool = False,
    parts: Parts | None = None,
) -> Added:
    """Write `nodes` as tags of `equipment` (`area/line` or `area/line/unit`) into the plant file.

    `settings` are the connection's as a file writes them, `kind` among them; a connection of the
    same name, or else of the same endpoint, is used. What is there stays as it is and is never
    added twice. A file that is not there yet is begun. `backup` keeps the old text as `*.bak`.
    ConfigError where the plant has mistakes, or would have; nothing is written then.
    """
    found = Parts() if parts is None else parts
    new = {path: NEW_FILE.encode()} if not path.exists() and path.suffix else {}
    if new:
        plant, mistakes = _lint_new(path, found)
    else:
        plant, mistakes = lint(path, parts=found)
    if plant is None:
        raise ConfigError(
            f"adding tags to {path}: it has mistakes already",
            hint="mend them first: `isthmus check`",
            mistakes=mistakes,
        )
    plan = _Plan(plant, settings, equipment, connection, found)
    for node in nodes:
        plan.add(node)
    files = {file: new.get(file) or read_bytes(file) for file in (new or plant_files(path))}
    changed = _grown(path, files, list(plan.growths()), new=bool(new))
    _write(path, changed, found, backup=backup)
    return Added(
        tuple(changed), plan.name, dict(plan.tags), tuple(plan.known), tuple(plan.unknown_units)
    )


class _Plan:
    """Decides the names of new tags, and what must be written for them."""

    def __init__(
        self,
        plant: Plant,
        settings: Mapping[str, object],
        equipment: str,
        connection: str,
        parts: Parts,
    ) -> None:
        wrong = fault(equipment)
        if wrong or len(equipment.split("/")) not in _LINE_AND_UNIT:
            raise ConfigError(
                f"adding tags: `{equipment}` is no place for tags",
                hint=wrong or "name a line or a unit: `area/line/unit`",
            )
        self._plant, self._equipment, self._settings = plant, equipment, settings
        try:
            kind = parts[str(settings.get("kind", ""))]
        except PartError as error:
            raise ConfigError(f"adding tags: {error}", hint=error.hint) from error
        self._address: type[Address] = kind.address
        self.name = connection or self._same(settings, parts) or self._free_name(settings)
        self._connection: Connection | None = plant.connections.get(self.name)
        if self._connection is not None and not isinstance(self._connection.config, kind):
            raise ConfigError(
                f"adding tags: the connection `{self.name}` is not of kind `{settings['kind']}`",
                hint="give the new connection another name",
            )
        there = plant.equipment(equipment)
        self._there: dict[str, Tag] = {tag.name: tag for tag in there.tags} if there else {}
        self._taken = {path for link in plant.connections.values() for path in link.addresses}
        bound = self._connection.addresses.values() if self._connection else ()
        self._bound = {address.model_dump_json() for address in bound}
        self.tags: dict[str, str] = {}
        self.known: list[str] = []
        self.unknown_units: list[str] = []
        self._entries: dict[str, Mapping[str, object]] = {}

    def _same(self, settings: Mapping[str, object], parts: Parts) -> str:
        """The name of a connection to the same endpoint, empty where there is none."""
        kind = parts[str(settings["kind"])]
        with suppress(ValueError):
            others = {key: value for key, value in settings.items() if key not in {"kind", "tags"}}
            config = kind.model_validate({**others, "name": "new"})
            for name, link in self._plant.connections.items():
                if isinstance(link.config, kind) and link.config.endpoint == config.endpoint:
                    return name
        return ""

    def _free_name(self, settings: Mapping[str, object]) -> str:
        base = f"{self._equipment.rpartition('/')[2]}-{settings['kind']}"
        names = (base, *(f"{base}-{number}" for number in range(2, 1000)))
        return next(name for name in names if name not in self._plant.connections)

    def add(self, node: Node) -> None:
        """One more node, unless its address is bound already or it holds no value."""
        if node.kind == "folder":
            return
        try:
            address = self._address.parse(node.address).model_dump_json()
        except ValueError as error:
            raise ConfigError(
                f"adding tags: the device names an address that is none: {node.address[:100]}",
                hint="write it into the plant file by hand",
            ) from error
        if address in self._bound:
            self.known.append(node.address)
            return
        self._bound.add(address)
        base = tag_name(node.name)
        names = chain([base], (f"{base[:58]}_{number}" for number in range(2, 100_000)))
        name = next(name for name in names if self._is_free(name))
        if name not in self._there:
            self._entries[name] = self._entry(node)
        self.tags[join(self._equipment, name)] = node.address

    def _is_free(self, name: str) -> bool:
        path = join(self._equipment, name)
        return path not in self._taken and path not in self.tags

    def _entry(self, node: Node) -> Mapping[str, object]:
        entry: dict[str, object] = {}
        kind = node.data_type.rpartition(".")[2].casefold()
        if kind in TEXTS:
            entry["kind"] = Kind.TEXT.value
        elif kind in BOOLEANS:
            entry["kind"] = Kind.BOOLEAN.value
        elif node.unit:
            try:
                entry["unit"] = Unit.parse(node.unit).symbol
            except UnitError:
                self.unknown_units.append(node.unit)
        if node.description:
            entry["description"] = " ".join(node.description.split())[:500]
        return entry

    def growths(self) -> Iterator[Growth]:
        """What the file lacks."""
        area, line, *unit = self._equipment.split("/")
        loc = ("equipment", area, line, *(("units", *unit) if unit else ()), "tags")
        if self._entries:
            yield Growth(loc, self._entries)
        elif self._plant.equipment(self._equipment) is None:
            yield Growth(loc, {})
        if self._connection is None:
            settings = {key: value for key, value in self._settings.items() if key != "tags"}
            whole = {**settings, "tags": dict(self.tags)}
            yield Growth(("connections",), {self.name: whole})
        elif self.tags:
            yield Growth(("connections", self.name, "tags"), dict(self.tags))


def _lint_new(path: Path, parts: Parts) -> tuple[Plant | None, list[Mistake]]:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, path.name)
        made.write_text(NEW_FILE, encoding="utf-8")
        return lint(made, parts=parts)


def _grown(
    path: Path, files: dict[Path, bytes], growths: Sequence[Growth], *, new: bool
) -> dict[Path, bytes]:
    """The new contents of the files that change."""
    changed: dict[Path, bytes] = {}
    root = None if new else read_plant(path)[0]
    for growth in growths:
        file = _home(root, growth.loc, next(iter(files)))
        before = changed.get(file, files[file])
        bom = before.startswith(b"\xef\xbb\xbf")
        try:
            text = splice(before.decode("utf-8-sig"), growth)
        except (ValueError, yaml.YAMLError) as error:
            raise ConfigError(
                f"adding to {'.'.join(growth.loc)} in {file}: {error}",
                hint="give that key a mapping of its own, then try again",
            ) from error
        changed[file] = text.encode("utf-8-sig" if bom else "utf-8")
    return changed


def _home(root: Written | None, loc: Sequence[str], otherwise: Path) -> Path:
    """The file in which the innermost existing mapping on the way `loc` stands."""
    found, file = root, otherwise
    for step in loc:
        found = (found.entries or {}).get(step) if found is not None else None
        if found is None:
            break
        file = Path(found.file)
    return file


def _write(path: Path, changed: Mapping[Path, bytes], parts: Parts, *, backup: bool) -> None:
    """Write all files, each at once and for good; only if the plant has no mistake then."""
    if not changed:
        return
    mistakes = _would_be_wrong(path, changed, parts)
    if mistakes:
        raise ConfigError(
            f"adding tags to {path}: the result would have mistakes; nothing was written",
            hint=mistakes[0].hint,
            mistakes=mistakes,
        )
    for file, content in changed.items():
        try:
            if backup and file.exists():
                shutil.copy2(file, file.with_name(file.name + ".bak"))
            write_whole(file, content)
        except OSError as error:
            raise StorageError(
                f"writing {file}: {error.strerror}", hint="check the disk and who may write there"
            ) from error


def _would_be_wrong(path: Path, changed: Mapping[Path, bytes], parts: Parts) -> list[Mistake]:
    if path.exists():
        return lint(path, parts=parts, instead=changed)[1]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, path.name)
        made.write_bytes(changed[path])
        return lint(made, parts=parts)[1]


def write_whole(file: Path, content: bytes) -> None:
    """Write `content` so that after a crash the file is the old or the new one, never half."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as made:
            made.write(content)
            made.flush()
            os.fsync(made.fileno())
        if file.exists():
            shutil.copymode(file, name)
        else:
            Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
