"""Which tag a name of the source means, and how its unit becomes the tag's."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.model.errors import ConfigError, Mistake
from isthmus.model.path import as_level, fault, join, nearest
from isthmus.model.unit import Quantity, UnitError

UNIT = re.compile(r"^(?P<name>.*?)\s*[\[(](?P<unit>[^\])]+)[\])]$")


@dataclass(frozen=True, slots=True)
class Known:
    """A tag as the site tells it; the words of its legend are in lower case."""

    path: str
    unit: str = ""
    legend: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """The tag that a name means: value in its unit = value in the source * factor + offset."""

    name: str
    tag: Known
    factor: float = 1.0
    offset: float = 0.0
    source_unit: str = ""
    fresh: bool = False  # to be made


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` of the source, which may hold one `*`, means the tag at `path`."""

    name: str
    path: str
    unit: str = ""

    def path_of(self, name: str) -> str | None:
        """The path that `name` means by this rule."""
        head, star, tail = self.name.partition("*")
        if not star:
            return self.path if name == self.name else None
        if not (name.startswith(head) and name.endswith(tail)) or len(name) < len(head + tail):
            return None
        part = name[len(head) : len(name) - len(tail) if tail else None]
        return self.path.replace("*", as_level(part) if fault(part) else part)


def rules(written: Iterable[str]) -> list[Rule]:
    """Rules as a command line writes them: `NAME=PATH`, or `NAME=PATH [unit]`."""
    found = []
    for text in written:
        name, sign, path = text.rpartition("=")
        if not sign or not name.strip() or not path.strip():
            raise ConfigError(
                f"the mapping `{text}`", hint="write NAME=PATH, such as T1=line1/temp"
            )
        parts = UNIT.match(path.strip())
        plain, unit = (parts["name"], parts["unit"]) if parts else (path.strip(), "")
        found.append(Rule(name.strip(), plain, unit))
    return found


def file_rules(path: Path) -> list[Rule]:
    """Rules of a CSV file: name, path and, where it matters, unit; a first line may name them."""
    mistakes, found = [], []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for number, cells in enumerate(csv.reader(lines), 1):
            row = [cell.strip() for cell in cells]
            if not any(row) or row[0].startswith("#") or (number == 1 and row[1:2] == ["path"]):
                continue
            if len(row) not in (2, 3) or not row[0] or not row[1]:
                mistakes.append(
                    Mistake(str(path), number, "no name, path and unit", "NAME,PATH,UNIT")
                )
            else:
                found.append(Rule(*row))
    if mistakes:
        raise ConfigError(f"{len(mistakes)} mistakes in {path}", mistakes=mistakes)
    return found


@dataclass(slots=True)
class Names:
    """Rules, and the tags that there are; names without a rule mean the tag of that path."""

    tags: Mapping[str, Known]
    rules: Sequence[Rule] = ()
    under: str = ""  # equipment below which names are looked for
    create: bool = False
    _found: dict[str, Target | None] = field(default_factory=dict)

    def target(self, name: str) -> Target | None:
        """What `name` means; None where nothing does. ConfigError for a rule that leads nowhere."""
        if name not in self._found:
            self._found[name] = self._look(name)
        return self._found[name]

    def nearest(self, name: str) -> str | None:
        """The tag that may have been meant."""
        below = {path.rpartition("/")[2]: path for path in reversed(list(self.tags))}
        close = nearest(join(self.under, name), self.tags) or nearest(name, self.tags)
        return close or below.get(nearest(as_level(name), below) or "")

    def _look(self, name: str) -> Target | None:
        for rule in self.rules:
            path = rule.path_of(name)
            if path is not None:
                return self._to(name, path, rule.unit, told=True)
        for plain, unit in _readings(name):
            for path in dict.fromkeys(
                (plain, join(self.under, plain), join(self.under, as_level(plain)))
            ):
                if path in self.tags:
                    return self._to(name, path, unit, told=False)
        if not self.create:
            return None
        plain, unit = _readings(name)[-1]
        return self._to(name, join(self.under, as_level(plain)), unit, told=False)

    def _to(self, name: str, path: str, unit: str, *, told: bool) -> Target:
        tag = self.tags.get(path)
        if tag is None:
            if not self.create:
                close = nearest(path, self.tags)
                raise ConfigError(
                    f"`{name}` is mapped to {path}, and there is no such tag",
                    hint=f"did you mean `{close}`?" if close else "--create EQUIPMENT makes it",
                )
            if wrong := fault(path):
                raise ConfigError(f"`{name}` is mapped to `{path}`: {wrong}")
            return Target(name, Known(path, unit), source_unit=unit, fresh=True)
        if not unit or not tag.unit or unit == tag.unit:
            return Target(name, tag, source_unit=unit)
        try:
            zero = Quantity.parse(f"0 {unit}").to(tag.unit)
            one = Quantity.parse(f"1 {unit}").to(tag.unit)
        except (UnitError, ValueError) as error:
            if not told:  # brackets that are no unit
                return Target(name, tag)
            raise ConfigError(
                f"`{name}` in {unit} cannot be {path} in {tag.unit}: {error}",
                hint="name a unit of the same quantity, or another tag",
            ) from error
        return Target(name, tag, one - zero, zero, unit)


def _readings(name: str) -> list[tuple[str, str]]:
    """The name as it is, and without a unit in brackets at its end."""
    parts = UNIT.match(name)
    return [(name, "")] + ([(parts["name"], parts["unit"])] if parts and parts["name"] else [])
