"""The plant after all files are read: equipment with its tags, and how each value is reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from isthmus.model.access import Access
from isthmus.model.alarm import AlarmDefinition
from isthmus.model.export import Export
from isthmus.model.kpi import Kpi
from isthmus.model.measure import Driver, Measure
from isthmus.model.meter import Meter
from isthmus.model.ports import Address, SourceConfig
from isthmus.model.reason import DEFAULT, Reasons
from isthmus.model.report import Brand, Plan
from isthmus.model.rule import Rule
from isthmus.model.scorecard import Goal
from isthmus.model.sink import SinkConfig
from isthmus.model.tag import ROLES, Tag
from isthmus.model.write import WriteMode

if TYPE_CHECKING:
    from isthmus.model.plantfile_notify import NotifyEntry


class Level(StrEnum):
    """The role-based equipment hierarchy of ISA-95 Part 1 below the site."""

    AREA = "area"
    WORK_CENTER = "work_center"
    WORK_UNIT = "work_unit"
    EQUIPMENT_MODULE = "equipment_module"


@dataclass(frozen=True, slots=True)
class Step:
    """One place in a line's flow: a work unit, and the buffer behind it in pieces."""

    unit: str
    buffer: int = 0


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift of a calendar, in local time: `start` and `end` in minutes of the day.

    `end` at or before `start` is on the next day. `days` are 0 (Monday) to 6.
    """

    name: str
    start: int
    end: int
    days: frozenset[int]


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Planned maintenance, in local time as a shift: on the date `day`, else on all of `days`."""

    start: int
    end: int
    days: frozenset[int] = frozenset()
    day: date | None = None

    def on(self, day: date) -> bool:
        """Whether it begins on `day`."""
        return day == self.day if self.day else day.weekday() in self.days


@dataclass(frozen=True, slots=True)
class Calendar:
    """When work is planned: shifts, and breaks as (start, end) in minutes of the day.

    No shift begins on one of the `holidays`, which are local dates. What lies in `maintenance`
    is planned for that, whatever the shifts say.
    """

    name: str
    shifts: tuple[Shift, ...]
    breaks: tuple[tuple[int, int], ...] = ()
    holidays: frozenset[date] = frozenset()
    maintenance: tuple[Maintenance, ...] = ()


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code of a machine's own means: a state of PackML, and a reason's number."""

    state: int
    reason: int = 0


@dataclass(frozen=True, slots=True)
class Equipment:
    """One piece of equipment, its tags and what it contains; `path` is relative to the site."""

    path: str
    level: Level
    type: str = ""
    title: str = ""
    tags: tuple[Tag, ...] = ()
    alarms: tuple[AlarmDefinition, ...] = ()
    children: tuple[Equipment, ...] = ()
    ideal_rate: float | None = None  # pieces per second
    margin: float | None = None  # money that a piece earns, in the plant's currency
    bottleneck: str = ""  # path of the unit that sets the line's rate
    energy_meter: str = ""  # path of the equipment that measures the whole
    calendar: str = ""
    flow: tuple[Step, ...] = ()  # paths of units, in the order of the material
    idle_states: tuple[str, ...] = ()
    states: Mapping[int, Meaning] = field(default_factory=dict)  # empty: the codes are PackML's
    startup: float | None = None  # seconds of production that scrap of starting up comes from
    planned_scrap: float | None = None  # share of what is produced
    micro_stop: float | None = None  # own stops shorter than so many seconds are short ones
    baseline: tuple[date, date] | None = None  # first and last local day of its energy baseline
    drivers: tuple[Driver, ...] = ()  # of its energy, beside good pieces
    movable: float = 0.0  # seconds by which its work may be moved for the sake of the load
    owners: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str | int | float] = field(default_factory=dict)  # serial, built, ...

    @property
    def name(self) -> str:
        """The last level of the path."""
        return self.path.rpartition("/")[2]

    def tag(self, role: str) -> Tag | None:
        """The tag of this role, or else of this name; a `power` told to be a `load` is no power."""
        by_role = next((tag for tag in self.tags if tag.role == role), None)
        named = (tag for tag in self.tags if tag.name == role)
        return by_role or next((tag for tag in named if not (tag.role and role in ROLES)), None)

    def walk(self) -> Iterator[Equipment]:
        """This equipment and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Connection:
    """One device or broker: its settings, and the address of each tag path it serves.

    `edge` names the edge that runs it; the site itself where empty.
    """

    config: SourceConfig
    addresses: Mapping[str, Address]
    edge: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """A machine near the devices: it runs connections of its own and buffers for its site.

    `identity` is the folder of its certificate, `disk` the bytes that it may buffer. After
    `silence` seconds without a word from it the site takes its tags for bad.
    """

    name: str
    site: str
    identity: str
    title: str = ""
    zone: str = ""
    disk: int = 2 << 30
    discard: Literal["new", "old"] = "new"
    silence: float = 15.0


@dataclass(frozen=True, slots=True)
class Zone:
    """A security zone (IEC 62443-3-2): Purdue level, target security level, networks.

    The site itself stands in the one that is `here`.
    """

    name: str
    level: float
    target: int = 1
    networks: tuple[str, ...] = ()
    here: bool = False


@dataclass(frozen=True, slots=True)
class Conduit:
    """A declared path between two zones, and what may use it."""

    source: str
    target: str
    allow: tuple[str, ...]
    why: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Management:
    """Networks from which boundaries are looked after, and what is used for it."""

    networks: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plant:
    """Everything that the plant file says, checked and resolved."""

    enterprise: str
    site: str
    timezone: str = "UTC"
    currency: str = "EUR"
    areas: tuple[Equipment, ...] = ()
    connections: Mapping[str, Connection] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    reasons: Reasons = field(default_factory=lambda: Reasons(DEFAULT))
    edges: Mapping[str, Edge] = field(default_factory=dict)
    zones: Mapping[str, Zone] = field(default_factory=dict)
    conduits: tuple[Conduit, ...] = ()
    management: Management = field(default_factory=Management)
    exports: Mapping[str, Export] = field(default_factory=dict)
    sinks: Mapping[str, SinkConfig] = field(default_factory=dict)
    kpis: Mapping[str, Kpi] = field(default_factory=dict)
    goals: Mapping[str, Goal] = field(default_factory=dict)
    measures: tuple[Measure, ...] = ()
    meters: tuple[Meter, ...] = ()  # computed from others
    reports: Mapping[str, Plan] = field(default_factory=dict)
    brand: Brand = field(default_factory=Brand)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    notify: NotifyEntry | None = None
    history: Mapping[str, object] = field(default_factory=dict)
    bus: Mapping[str, object] = field(default_factory=dict)
    readers: Mapping[str, str] = field(default_factory=dict)  # of the bus: the zone of each
    web: Mapping[str, object] = field(default_factory=dict)
    sql: Mapping[str, object] | None = None  # None: no endpoint
    ledger: Mapping[str, object] = field(default_factory=dict)
    writes: WriteMode = WriteMode.SIMULATE
    tariffs: Mapping[str, object] = field(default_factory=dict)
    people: Mapping[str, object] = field(default_factory=dict)
    access: Access = field(default_factory=Access)
    erp: Mapping[str, object] = field(default_factory=dict)
    pki: Mapping[str, object] = field(default_factory=dict)

    def walk(self) -> Iterator[Equipment]:
        """All equipment, parents first."""
        for area in self.areas:
            yield from area.walk()

    def equipment(self, path: str) -> Equipment | None:
        """The equipment at `path`, None where there is none."""
        return next((found for found in self.walk() if found.path == path), None)

    def tags(self) -> Iterator[Tag]:
        """All tags of all equipment."""
        for equipment in self.walk():
            yield from equipment.tags

    def run_by(self, edge: str = "") -> dict[str, Connection]:
        """The connections that `edge` runs; those of the site itself where empty."""
        return {name: found for name, found in self.connections.items() if found.edge == edge}

    def lines(self) -> Iterator[Equipment]:
        """Production lines: the work centers that have a flow, all of them where none has one."""
        centers = [found for found in self.walk() if found.level is Level.WORK_CENTER]
        return iter([found for found in centers if found.flow] or centers)
