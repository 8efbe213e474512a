"""The plant's names: a path for every quantity, and a small integer for every path.

Ids are dense, so that the state of all tags is one flat array. An id outlives the process in
frames and files, so whoever owns a `Namespace` must make a new id durable before using it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from isthmus.model.sample import TagId
from isthmus.model.write import WriteRules

ROLES = frozenset(
    "state cause good_count scrap_count product order running hours power energy speed setpoint "  # noqa: SIM905
    "vibration temperature pressure flow".split()
)
"""Names of tags that other parts understand without being told the role."""

FIGURE_UNITS = MappingProxyType({"power": "kW", "energy": "kWh", "speed": "1/min"})
"""The units of figures by role; a tag of such a role that tells no unit is in this one."""


class Kind(StrEnum):
    """What a tag's values are; all but text travel as float64."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    ENUMERATION = "enumeration"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Counter:
    """A number that only grows: until it wraps at `wraps_at`, or until something resets it."""

    wraps_at: float | None = None
    resets: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the process, in the tag's unit (ISA-18.2 names)."""

    low_low: float | None = None
    low: float | None = None
    high: float | None = None
    high_high: float | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    """One measured or set quantity of one piece of equipment.

    `path` is relative to the site: `packaging/line1/filler/speed`. `range` is the instrument's
    (EURange of OPC UA Part 8), `normal` the band in which a healthy machine works; both in `unit`.
    `role` names what the tag means to other parts: `state`, `cause`, `good_count`, `scrap_count`,
    `power`, `energy`, `speed`, `product`, `order`, `vibration`, ... `type` and `title` are its
    equipment's: the type that the plant file names, and the name for people. `specification` is
    what the product may be, by its drawing: limits of quality, not of the process.
    """

    path: str
    unit: str = ""
    kind: Kind = Kind.NUMBER
    range: tuple[float, float] | None = None
    normal: tuple[float, float] | None = None
    limits: Limits = Limits()
    deadband: float = 0.0
    legend: Mapping[int, str] = field(default_factory=dict)
    counter: Counter | None = None
    role: str = ""
    description: str = ""
    writable: bool = False
    type: str = ""
    title: str = ""
    write: WriteRules | None = None  # known where the plant file is
    specification: tuple[float, float] | None = None

    @property
    def equipment(self) -> str:
        """The path of the equipment that this tag belongs to."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The last level of the path."""
        return self.path.rpartition("/")[2]


@dataclass(slots=True)
class Namespace:
    """Gives each path its id once and for all; ids are 0, 1, 2, ..."""

    _ids: dict[str, TagId] = field(default_factory=dict)
    _tags: list[Tag] = field(default_factory=list)

    def bind(self, tag: Tag) -> TagId:
        """The id of `tag`, made on first sight; a known path takes the new description."""
        known = self._ids.get(tag.path)
        if known is not None:
            self._tags[known] = tag
            return known
        made = self._ids[tag.path] = TagId(len(self._tags))
        self._tags.append(tag)
        return made

    def id(self, path: str) -> TagId | None:
        """The id of the tag at `path`, None where there is none."""
        return self._ids.get(path)

    def paths(self) -> Iterable[str]:
        """All paths, in the order of their ids."""
        return self._ids.keys()

    def items(self) -> Iterator[tuple[TagId, Tag]]:
        """All ids with their tags, in the order of the ids."""
        return ((TagId(number), tag) for number, tag in enumerate(self._tags))

    def __getitem__(self, tag: TagId) -> Tag:
        return self._tags[tag]

    def __len__(self) -> int:
        return len(self._tags)

    def __contains__(self, path: object) -> bool:
        return path in self._ids
