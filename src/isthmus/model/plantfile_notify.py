"""The section `notify` of a plant file: who is told what, on which way, and who after them."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from isthmus.model.calendar import span
from isthmus.model.path import Pattern
from isthmus.model.plantfile_alarm import PriorityWord
from isthmus.model.plantfile_channel import Channel
from isthmus.model.plantfile_fields import Duration, Entry, Name, Text, WrongError
from isthmus.model.plantfile_oncall import PersonEntry, RotaEntry, listed

MOST_STEPS = 10
MOST_REPEATS = 20
KINDS = Literal["alarm", "rule", "report", "security", "test"]


def _patterns(found: list[str]) -> list[str]:
    for text in found:
        Pattern.parse(text)
    return found


def _quiet(text: str) -> str:
    if text:
        span(text)
    return text


def _pages(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise WrongError(f"`{url}` is no address", hint="write it like `https://site.example:8800`")
    return url.rstrip("/")


Names = Annotated[
    list[Name],
    BeforeValidator(listed, json_schema_input_type=list[str] | str),
    Field(min_length=1, max_length=50),
]


class StepEntry(Entry):
    """Who is told when it comes to that."""

    to: Annotated[Names, Field(description="People, rotas, teams, channels.")]
    after: Annotated[
        Duration, Field(ge=0, le=7 * 86_400, description="How long after the alarm came.")
    ] = 0.0


class EscalationEntry(Entry):
    """Who is told of an alarm, and who next while nobody acknowledges it."""

    steps: Annotated[
        list[StepEntry],
        Field(min_length=1, max_length=MOST_STEPS, description="In the order of their `after`."),
    ]
    repeat: Annotated[
        int, Field(ge=0, le=MOST_REPEATS, description="How often all steps are gone through again.")
    ] = 0
    every: Annotated[
        Duration, Field(ge=60, le=7 * 86_400, description="After how long they begin again.")
    ] = 3600.0
    on_return: Annotated[
        Literal["stop", "go-on"],
        Field(description="Whether it ends when the alarm is over and nobody has acknowledged it."),
    ] = "stop"
    tell_end: Annotated[
        bool, Field(description="Whether those who were told hear that it is seen, or over.")
    ] = False


class RouteEntry(Entry):
    """Which notices go to whom; each route that fits is used."""

    kinds: Annotated[
        list[KINDS],
        BeforeValidator(listed, json_schema_input_type=list[KINDS] | KINDS),
        Field(min_length=1, description="Of which kinds."),
    ] = ["alarm"]
    at: Annotated[
        list[Text],
        BeforeValidator(listed, json_schema_input_type=list[str] | str),
        AfterValidator(_patterns),
        Field(description="About what: patterns of equipment and alarms."),
    ] = ["**"]
    priorities: Annotated[
        list[PriorityWord],
        BeforeValidator(listed, json_schema_input_type=list[PriorityWord] | PriorityWord),
        Field(min_length=1, description="Of which priorities."),
    ] = ["urgent", "high", "low", "diagnostic"]
    names: Annotated[
        list[Text],
        BeforeValidator(listed, json_schema_input_type=list[str] | str),
        Field(description="Which alarms or rules by name; all where empty."),
    ] = []
    to: Annotated[Names, Field(description="Escalations, people, rotas, teams, channels.")]
    quiet: Annotated[
        Text,
        AfterValidator(_quiet),
        Field(description="Hours in which they wait until the end: `22:00-06:00`."),
    ] = ""
    quiet_for: Annotated[
        list[PriorityWord],
        BeforeValidator(listed, json_schema_input_type=list[PriorityWord] | PriorityWord),
        Field(description="Which priorities wait then."),
    ] = ["low", "diagnostic"]


class FloodEntry(Entry):
    """When messages to one address become one that tells of all."""

    messages: Annotated[
        int, Field(ge=2, le=1000, description="More than so many in `within` are a flood.")
    ] = 10
    within: Annotated[Duration, Field(ge=10, le=3600, description="The time they came in.")] = 600.0
    every: Annotated[Duration, Field(ge=10, le=3600, description="How often a flood is told.")] = (
        300.0
    )


class NotifyEntry(Entry):
    """Who is told what, on which way."""

    pages: Annotated[
        Text,
        AfterValidator(_pages),
        Field(description="Address of the pages in links; else where they listen."),
    ] = ""
    channels: Annotated[dict[Name, Channel], Field(description="Ways by name.")] = {}
    people: Annotated[dict[Name, PersonEntry], Field(description="People by name.")] = {}
    on_call: Annotated[dict[Name, RotaEntry], Field(description="Rotas by name.")] = {}
    escalation: Annotated[
        dict[Name, EscalationEntry], Field(description="Escalations by name.")
    ] = {}
    routes: Annotated[dict[Name, RouteEntry], Field(description="What goes to whom.")] = {}
    flood: FloodEntry = Field(default_factory=FloodEntry, description="When many come at once.")
