"""The grammar of a plant file: every section and key that it may hold."""

from __future__ import annotations

import re
from datetime import date
from difflib import get_close_matches
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from isthmus.model.calendar import maintenance, shift, span
from isthmus.model.plant import Calendar
from isthmus.model.plantfile_access import AccessEntry
from isthmus.model.plantfile_edge import EdgeEntry, EdgeName, Listen
from isthmus.model.plantfile_equipment import AreaEntry, TypeEntry
from isthmus.model.plantfile_export import ExportEntry, ExportName
from isthmus.model.plantfile_fields import (
    Entry,
    Name,
    Size,
    Text,
    WrongError,
)
from isthmus.model.plantfile_history import HistoryEntry
from isthmus.model.plantfile_kpi import KpiEntry
from isthmus.model.plantfile_ledger import LedgerEntry
from isthmus.model.plantfile_measure import MeasureEntry
from isthmus.model.plantfile_meter import MeterEntry
from isthmus.model.plantfile_notify import NotifyEntry
from isthmus.model.plantfile_pki import PkiEntry
from isthmus.model.plantfile_reader import ReaderEntry, ReaderName
from isthmus.model.plantfile_reason import ReasonEntry
from isthmus.model.plantfile_report import BrandingEntry, ReportEntry
from isthmus.model.plantfile_rule import RuleEntry
from isthmus.model.plantfile_scorecard import GoalEntry
from isthmus.model.plantfile_sign_in import SignInEntry
from isthmus.model.plantfile_sink import SinkEntry
from isthmus.model.plantfile_sql import SqlEntry
from isthmus.model.plantfile_tariff import TariffsEntry
from isthmus.model.plantfile_write import WritesEntry
from isthmus.model.plantfile_zones import ConduitEntry, ManagementEntry, ZoneEntry
from isthmus.model.secret import Secret

FORMAT = 1
_NO_SHIFTS = ("breaks", "holidays", "maintenance")


def _span(text: str) -> str:
    span(text)
    return text


def _shift(text: str) -> str:
    shift("", text)
    return text


def _shift_name(name: str) -> str:
    meant = get_close_matches(name.casefold(), _NO_SHIFTS, n=1, cutoff=0.75)
    if meant:
        hint = f"did you mean `{meant[0]}`? Else give the shift another name"
        raise WrongError(f"`{name}` would be a shift", hint=hint)
    return name


def _maintenance(text: str) -> str:
    maintenance(text)
    return text


_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")  # ISO 3166-1 and 3166-2


def _holiday(text: str) -> str:
    if not _REGION.fullmatch(text):
        try:
            date.fromisoformat(text)
        except ValueError as error:
            raise WrongError(f"`{text}` is no day", hint="write it like `2026-12-25`") from error
    return text


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class CalendarEntry(Entry):
    """When work is planned: shifts by name, breaks, and whose holidays count."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[
        Annotated[Name, AfterValidator(_shift_name)], Annotated[Text, AfterValidator(_shift)]
    ]

    breaks: Annotated[
        list[Annotated[Text, AfterValidator(_span)]],
        Field(description="Times without work in every shift they fall into."),
    ] = []
    holidays: Annotated[
        list[Annotated[Text, AfterValidator(_holiday)]],
        BeforeValidator(_listed, json_schema_input_type=list[str] | str),
        Field(
            description="Dates on which no shift begins, such as `[2026-12-25]`. A country and "
            "region such as `DE-BY` is kept for later and frees no day yet."
        ),
    ] = []

    maintenance: Annotated[
        list[Annotated[Text, AfterValidator(_maintenance)]],
        Field(
            description="Planned maintenance, each week or once: `08:00-12:00 Sun`, "
            "`2026-12-23 06:00-14:00`."
        ),
    ] = []

    def calendar(self, name: str) -> Calendar:
        """The calendar that this entry describes."""
        shifts = (self.__pydantic_extra__ or {}).items()
        days = (day for day in self.holidays if not _REGION.fullmatch(day))
        return Calendar(
            name,
            tuple(shift(key, text) for key, text in shifts),
            tuple(span(text) for text in self.breaks),
            frozenset(map(date.fromisoformat, days)),
            tuple(maintenance(text) for text in self.maintenance),
        )


class TeamEntry(Entry):
    """People who answer for something together."""

    title: Annotated[Text, Field(description="Name for people.")] = ""
    side: Annotated[Literal["ot", "it"] | None, Field(description="Operations or IT.")] = None
    notify: Annotated[
        Text, Field(description="Where messages go: `mailto:...`, a channel; else its members.")
    ] = ""
    members: Annotated[
        list[Text],
        Field(
            description="Who belongs to it: `anna`, `service:bi`, or `group:NAME` of the company's "
            "sign-in."
        ),
    ] = []


class PeopleEntry(Entry):
    """Who answers for what."""

    teams: Annotated[dict[Name, TeamEntry], Field(description="Teams by name.")] = {}


class ErpEntry(Entry):
    """The business system that orders come from; more keys depend on its kind."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", frozen=True)

    kind: Annotated[Text, Field(description="Which system it is.")]
    url: Annotated[Text, Field(description="Where it answers.")] = ""
    key: Annotated[Secret | None, Field(description="Where its key is kept.")] = None
    orders_for: Annotated[Text | None, Field(description="The line its orders are for.")] = None


class BusEntry(Entry):
    """The stream that all values pass: a child of ours, or a cluster."""

    url: Annotated[Text, Field(description="A cluster's address; empty for our own.")] = ""
    listen: Annotated[Listen, Field(description="Where edges reach our own: `127.0.0.1:4222`.")] = (
        "127.0.0.1:4222"
    )
    path: Annotated[
        Text, Field(description="Our own's folder: inside the data folder, or an absolute path.")
    ] = "bus"
    disk: Annotated[Size | None, Field(gt=0, description="Disk it may use: `20 GB`.")] = None
    memory: Annotated[Size | None, Field(gt=0, description="Memory: `256 MB`.")] = None
    sync: Annotated[
        Literal["default", "always"], Field(description="When a value counts as safe on disk.")
    ] = "default"
    credentials: Annotated[
        Secret | None,
        Field(description="Where the cluster's login is kept: a `.creds` file or a token."),
    ] = None
    readers: Annotated[
        dict[ReaderName, ReaderEntry],
        Field(description="Programs of other zones that hear the stream, by name."),
    ] = {}


class WebTlsEntry(Entry):
    """TLS of the pages; without files the plant's authority issues the certificate."""

    certificate: Annotated[Text, Field(description="PEM file: ours, then those above it.")] = ""
    key: Annotated[Text, Field(description="PEM file of its private key.")] = ""


class WebEntry(Entry):
    """The pages and the API."""

    listen: Annotated[Text, Field(description="Address and port: `127.0.0.1:8800`.")] = (
        "127.0.0.1:8800"
    )
    hosts: Annotated[list[Text], Field(description="Names under which a proxy asks for it.")] = []
    plain: Annotated[
        bool, Field(description="Serve without TLS on an address that is no loopback.")
    ] = False
    tls: Annotated[
        WebTlsEntry | None,
        Field(description="Serve HTTPS, on the loopback as well; elsewhere it is always so."),
    ] = None
    sign_in: Annotated[
        SignInEntry | None, Field(description="Who may enter, and how long they stay.")
    ] = None


class ConnectionEntry(Entry):
    """One device or broker; the other keys depend on its kind."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", frozen=True)

    kind: Annotated[Text, Field(description="The protocol.")]
    edge: Annotated[Text, Field(description="The edge that runs it; empty for the site.")] = ""
    zone: Annotated[Text, Field(description="The zone in which the device stands.")] = ""
    tags: Annotated[
        dict[str, object],
        Field(description="Addresses by tag path; templates by equipment path."),
    ] = {}


class PlantFile(Entry):
    """One plant: what it is made of, how each value is reached, who may do what."""

    isthmus: Annotated[Literal[1], Field(description="Version of this format.")]
    enterprise: Annotated[Name, Field(description="The company.", examples=["acme"])]
    site: Annotated[Name, Field(description="The site.", examples=["riverside"])]
    timezone: Annotated[Text, Field(description="As in `Europe/Berlin`.")] = "UTC"
    currency: Annotated[
        str, Field(pattern="^[A-Z]{3}$", description="As ISO 4217 writes it.", examples=["EUR"])
    ] = "EUR"
    people: PeopleEntry = Field(default_factory=PeopleEntry, description="Who answers for what.")
    access: AccessEntry = Field(
        default_factory=AccessEntry, description="Who may do what; nothing is granted by itself."
    )
    calendars: Annotated[
        dict[Name, CalendarEntry], Field(description="Working times by name.")
    ] = {}
    reasons: Annotated[
        dict[Name, ReasonEntry], Field(description="Why units stand, in at most ten first words.")
    ] = {}
    types: Annotated[dict[Name, TypeEntry], Field(description="Templates by name.")] = {}
    equipment: Annotated[
        dict[Name, AreaEntry], Field(description="Areas, in them lines, in them units.")
    ] = {}
    connections: Annotated[
        dict[Name, ConnectionEntry], Field(description="How each value is reached.")
    ] = {}
    edges: Annotated[
        dict[EdgeName, EdgeEntry], Field(description="Machines that run connections, by name.")
    ] = {}
    zones: Annotated[dict[Name, ZoneEntry], Field(description="Security zones by name.")] = {}
    conduits: Annotated[list[ConduitEntry], Field(description="Ways between zones.")] = []
    management: Annotated[
        ManagementEntry | None, Field(description="From where boundaries are looked after.")
    ] = None
    erp: Annotated[ErpEntry | None, Field(description="The business system.")] = None
    pki: PkiEntry = Field(default_factory=PkiEntry, description="Certificates and their lives.")
    tariffs: TariffsEntry = Field(
        default_factory=TariffsEntry, description="What energy costs, and its CO2."
    )
    meters: Annotated[
        dict[Name, MeterEntry], Field(description="Meters computed from others, by name.")
    ] = {}
    measures: Annotated[
        dict[Name, MeasureEntry], Field(description="Measures whose saving is verified, by name.")
    ] = {}
    kpis: Annotated[
        dict[Name, KpiEntry], Field(description="Key figures of the plant's own, by name.")
    ] = {}
    scorecard: Annotated[
        dict[Name, GoalEntry], Field(description="Goals that operations and IT share, by name.")
    ] = {}
    rules: Annotated[
        dict[Name, RuleEntry], Field(description="What is done when something holds, by name.")
    ] = {}
    notify: NotifyEntry = Field(
        default_factory=NotifyEntry, description="Who is told what, on which way."
    )
    history: HistoryEntry = Field(default_factory=HistoryEntry, description="What is kept.")
    exports: Annotated[
        dict[ExportName, ExportEntry], Field(description="Files of history made by themselves.")
    ] = {}
    reports: Annotated[
        dict[ExportName, ReportEntry],
        Field(description="Reports made by themselves after a shift, a day or a week."),
    ] = {}
    branding: BrandingEntry = Field(default_factory=BrandingEntry, description="How reports look.")
    sinks: Annotated[
        dict[Name, SinkEntry], Field(description="Copies of the stream for systems of others.")
    ] = {}
    bus: BusEntry = Field(default_factory=BusEntry, description="The stream of values.")
    web: WebEntry = Field(default_factory=WebEntry, description="The pages and the API.")
    sql: Annotated[
        SqlEntry | None, Field(description="History for clients of PostgreSQL; off where empty.")
    ] = None
    ledger: LedgerEntry = Field(
        default_factory=LedgerEntry, description="The record of what was done."
    )
    writes: WritesEntry = Field(
        default_factory=WritesEntry, description="Whether writes reach the machines."
    )
