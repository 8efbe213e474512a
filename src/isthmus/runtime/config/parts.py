"""The connectors that are installed, found by name without importing them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import Distribution, EntryPoint, entry_points

from isthmus.model.path import nearest
from isthmus.model.ports import SourceConfig

GROUP = "isthmus.sources"
_MODULES = {  # where module and distribution differ
    "google": "protobuf",
    "paho": "paho-mqtt",
    "yaml": "pyyaml",
}


class PartError(Exception):
    """A connector that is not there or cannot be loaded; `hint` is what to install or mend."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


@dataclass(slots=True)
class Parts(Mapping[str, type[SourceConfig]]):
    """Classes of connections by kind; each is imported when it is first asked for."""

    entries: Mapping[str, EntryPoint] = field(default_factory=_installed)
    _loaded: dict[str, type[SourceConfig]] = field(default_factory=dict)

    def __getitem__(self, kind: str) -> type[SourceConfig]:
        """The class of `kind`; PartError says what to install where it cannot be had."""
        if kind not in self._loaded:
            self._loaded[kind] = self._load(kind)
        return self._loaded[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.entries))

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, kind: object) -> bool:
        return kind in self.entries

    def usable(self) -> Iterator[tuple[str, type[SourceConfig]]]:
        """All kinds with their classes, those left out that cannot be loaded."""
        for kind in self:
            try:
                yield kind, self[kind]
            except PartError:
                continue

    def _load(self, kind: str) -> type[SourceConfig]:
        entry = self.entries.get(kind)
        if entry is None:
            meant = nearest(kind, self)
            known = "installed: " + ", ".join(self)
            hint = f"did you mean `{meant}`? {known}" if meant else known
            raise PartError(f"no connector is of kind `{kind}`", hint=hint)
        try:
            found = entry.load()
        except ModuleNotFoundError as error:
            line = install_line(kind, error.name or "", entry.dist)
            raise PartError(
                f"connections of kind `{kind}` need `{error.name}`, which is not installed",
                hint=f"install it: {line}",
            ) from error
        except Exception as error:
            raise PartError(
                f"loading the connector `{kind}` ({entry.value}): {type(error).__name__}: {error}",
                hint=f"mend or remove {_dist_name(entry.dist)}",
            ) from error
        if not (isinstance(found, type) and issubclass(found, SourceConfig)):
            raise PartError(
                f"loading the connector `{kind}` ({entry.value}): it is no SourceConfig",
                hint=f"mend or remove {_dist_name(entry.dist)}",
            )
        return found


def install_line(kind: str, module: str, dist: Distribution | None) -> str:
    """The command that installs what a connector of `kind` misses."""
    extras = _extras(dist)
    missing = _normal(_MODULES.get(module.partition(".")[0], module.partition(".")[0]))
    extra = kind if kind in extras else ""
    fitting = [name for name, needs in extras.items() if missing in needs]
    extra = extra or min(fitting, key=lambda name: len(extras[name]), default="")
    name = _dist_name(dist)
    return f"pip install '{name}[{extra}]'" if extra else f"pip install {missing}"


def _extras(dist: Distribution | None) -> dict[str, set[str]]:
    """The extras of a distribution, each with the names it requires."""
    found: dict[str, set[str]] = {}
    for requirement in (dist.requires or []) if dist else []:
        extra = re.search(r"extra\s*==\s*['\"]([\w.-]+)['\"]", requirement)
        name = re.match(r"[\w.-]+", requirement)
        if extra and name:
            found.setdefault(extra[1], set()).add(_normal(name[0]))
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _dist_name(dist: Distribution | None) -> str:
    return dist.name if dist else "isthmus"
