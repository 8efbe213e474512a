"""What a plant file says of equipment and its types: the grammar, not yet what it means."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from isthmus.model.plantfile_alarm import AlarmEntry, LimitAlarm
from isthmus.model.plantfile_driver import DriverEntry
from isthmus.model.plantfile_fields import (
    Band,
    Duration,
    Entry,
    Facts,
    Legend,
    Name,
    Number,
    Rate,
    Text,
    UnitName,
    WrongError,
)
from isthmus.model.plantfile_reason import StateIs
from isthmus.model.plantfile_write import Write
from isthmus.model.tag import Kind

MOST_DAYS = 400


class LimitsEntry(Entry):
    """Limits of the process (ISA-18.2), in the tag's unit."""

    low_low: Annotated[Number | None, Field(description="Below it: act now.")] = None
    low: Annotated[Number | None, Field(description="Below it: take care.")] = None
    high: Annotated[Number | None, Field(description="Above it: take care.")] = None
    high_high: Annotated[Number | None, Field(description="Above it: act now.")] = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        given = [
            limit
            for limit in (self.low_low, self.low, self.high, self.high_high)
            if limit is not None
        ]
        if given != sorted(given):
            raise WrongError(
                "the limits are out of order", hint="low_low <= low <= high <= high_high"
            )
        return self


class CounterEntry(Entry):
    """A number that only grows, and how it starts again."""

    wraps_at: Annotated[
        Number | None, Field(gt=0, description="The value at which it starts again from 0.")
    ] = None
    resets: Annotated[bool, Field(description="Whether something sets it to 0 at times.")] = False


def _counter(value: object) -> object:
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


class TagEntry(Entry):
    """One quantity: a value that is measured or set."""

    kind: Annotated[Kind | None, Field(description="What the values are.")] = None
    unit: Annotated[UnitName, Field(description="Unit, as in `1/min`, `kW`, `degC`.")] = ""
    range: Annotated[Band | None, Field(description="Range of the instrument.")] = None
    normal: Annotated[Band | None, Field(description="Where a healthy machine works.")] = None
    limits: Annotated[LimitsEntry | None, Field(description="Limits of the process.")] = None
    specification: Annotated[
        Band | None, Field(description="What the product may be: limits of its quality.")
    ] = None
    alarm: LimitAlarm = None
    deadband: Annotated[
        Number, Field(ge=0, description="Changes no larger than this are not kept.")
    ] = 0.0
    counter: Annotated[
        CounterEntry | None,
        BeforeValidator(_counter, json_schema_input_type=bool | CounterEntry | None),
        Field(description="Whether it only grows; how it wraps or resets."),
    ] = None
    legend: Annotated[
        Legend | None,
        Field(description="Words for codes: `packml`, `cause`, `boolean`, or your own."),
    ] = None
    role: Annotated[Name | None, Field(description="What it means to other parts.")] = None
    description: Annotated[Text, Field(description="For people.")] = ""
    write: Write = None


def _tag(value: object) -> object:
    return {} if value is None else {"unit": value} if isinstance(value, str) else value


Tags = dict[
    Name,
    Annotated[TagEntry, BeforeValidator(_tag, json_schema_input_type=TagEntry | str | None)],
]


class StateEntry(Entry):
    """Which tag tells the machine's state, and in which words."""

    source: Annotated[Name, Field(alias="from", description="The tag.")] = "state"
    standard: Annotated[Literal["packml"], Field(description="Whose words.")] = "packml"
    states: Annotated[
        dict[int, StateIs],
        Field(
            description="What the machine's own codes mean: `{1: running, 2: {is: held, reason: "
            "jam}}`. A code that stands not here is not known."
        ),
    ] = {}


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise WrongError(f"`{text}` is no day", hint="write it like `2026-03-01`") from error
    return text


Day = Annotated[Text, AfterValidator(_day)]


class BaselineEntry(Entry):
    """The period whose energy is what later savings are measured against (ISO 50015)."""

    first: Annotated[Day, Field(alias="from", description="First local day: `2026-03-01`.")]
    last: Annotated[Day, Field(alias="to", description="Last local day: `2026-03-31`.")]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        first, last = self.days
        if not 0 <= (last - first).days < MOST_DAYS:
            raise WrongError(
                f"the baseline from {first} to {last} has no 1 to {MOST_DAYS} days",
                hint="write the first day, then the last one",
            )
        return self

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day."""
        return date.fromisoformat(self.first), date.fromisoformat(self.last)


class EnergyEntry(Entry):
    """How the energy of a machine or a line is judged."""

    idle_states: Annotated[
        list[Text], Field(description="States in which what is drawn is base load.")
    ] = []
    baseline: Annotated[
        BaselineEntry | None,
        Field(description="Of a line: the period that savings are measured against."),
    ] = None
    drivers: Annotated[
        dict[Name, DriverEntry],
        Field(description="Of a line: what moves its energy beside good pieces."),
    ] = {}
    movable: Annotated[
        Duration | None,
        Field(gt=0, le=86_400, description="Of a machine: how far its work may be moved: `8 h`."),
    ] = None


class ConditionEntry(Entry):
    """What condition monitoring learns from."""

    watch: Annotated[list[Name], Field(description="Tags to watch.")] = []
    regimes: Annotated[list[Name], Field(description="Tags that tell like from unlike.")] = []


class Described(Entry):
    """What a type and a piece of equipment have in common."""

    title: Annotated[Text, Field(description="Name for people.")] = ""
    description: Annotated[Text, Field(description="What it is.")] = ""
    tags: Annotated[Tags, Field(description="Tags by name.")] = {}
    ideal_rate: Annotated[
        Rate | None, Field(description="Pieces per time when all is well: `120/min`.")
    ] = None
    micro_stop: Annotated[
        Duration | None,
        Field(gt=0, description="Own stops shorter than this are short ones: 5 min."),
    ] = None
    startup: Annotated[
        Duration | None,
        Field(gt=0, le=86_400, description="Scrap in its first production is start-up: 10 min."),
    ] = None
    planned_scrap: Annotated[
        Number | None, Field(gt=0, lt=1, description="Share of scrap that is planned: 0.015.")
    ] = None
    alarms: Annotated[dict[Name, AlarmEntry], Field(description="Alarms by name.")] = {}
    energy: Annotated[EnergyEntry | None, Field(description="How its energy is judged.")] = None
    condition: Annotated[
        ConditionEntry | None, Field(description="What its condition is learnt from.")
    ] = None
    state: Annotated[StateEntry | None, Field(description="Which tag is the state.")] = None


class TypeEntry(Described):
    """A template: what all machines of a kind have."""

    version: Annotated[int, Field(ge=1, description="Version of this template.")] = 1
    extends: Annotated[Name | None, Field(description="The type it refines.")] = None


class ModuleEntry(Described):
    """One piece of equipment."""

    type: Annotated[Name | None, Field(description="The type whose tags it has.")] = None
    serial: Annotated[Text, Field(description="Serial number.")] = ""
    vendor: Annotated[Text, Field(description="Who made it.")] = ""
    model: Annotated[Text, Field(description="The maker's model.")] = ""
    firmware: Annotated[Text, Field(description="Version of its firmware.")] = ""
    built: Annotated[int | None, Field(ge=1800, le=2200, description="Year.")] = None
    support_until: Annotated[int | None, Field(ge=1900, le=2200, description="Year.")] = None
    facts: Annotated[Facts, Field(description="Anything else worth keeping.")] = {}
    owners: Annotated[dict[Name, Name], Field(description="Teams that answer for it.")] = {}
    calendar: Annotated[Name | None, Field(description="When it is planned to work.")] = None
    energy_meter: Annotated[
        Text | None, Field(description="Equipment that measures the energy of the whole.")
    ] = None


class UnitEntry(ModuleEntry):
    """A work unit: one machine."""

    modules: Annotated[dict[Name, ModuleEntry], Field(description="Its modules by name.")] = {}


class FlowEntry(Entry):
    """One place in a line's flow: a unit, or a buffer of so many pieces."""

    unit: Annotated[Text | None, Field(description="A unit of the line.")] = None
    buffer: Annotated[int | None, Field(ge=0, description="Pieces between two units.")] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.unit is None) == (self.buffer is None):
            raise WrongError("expected a unit or a buffer", hint="like `filler`, `{buffer: 200}`")
        return self


def _flow(value: object) -> object:
    return {"unit": value} if isinstance(value, str) else value


class LineEntry(ModuleEntry):
    """A work center: a production line, a cell, a utility."""

    units: Annotated[dict[Name, UnitEntry], Field(description="Its machines by name.")] = {}
    bottleneck: Annotated[Text | None, Field(description="The unit that sets the pace.")] = None
    margin: Annotated[
        Number | None, Field(gt=0, description="What a piece earns, in the plant's currency: 0.04.")
    ] = None
    flow: Annotated[
        list[Annotated[FlowEntry, BeforeValidator(_flow, json_schema_input_type=str | FlowEntry)]],
        Field(description="Units in the order of the material, with buffers between."),
    ] = []


class AreaEntry(Entry):
    """An area: its lines by name."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[Name, LineEntry]

    title: Annotated[Text, Field(description="Name for people.")] = ""

    @property
    def lines(self) -> dict[str, LineEntry]:
        """The work centers of this area by name."""
        return self.__pydantic_extra__ or {}
