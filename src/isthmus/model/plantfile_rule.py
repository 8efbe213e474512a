"""The section `rules` of a plant file: when something is to be done without being asked."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from isthmus.model.path import Pattern
from isthmus.model.plantfile_alarm import ConditionText, Deadband, PriorityWord
from isthmus.model.plantfile_fields import Duration, Entry, Name, Number, Text, WrongError
from isthmus.model.plantfile_oncall import listed
from isthmus.model.rule import RuleMode, Unknown

MOST_ACTIONS = 10
DAY = 86_400.0


def _pattern(text: str) -> str:
    if text:
        Pattern.parse(text)
    return text


def _notify(value: object) -> object:
    return {"to": value} if isinstance(value, str | list) else value


def _event(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


class RuleEventEntry(Entry):
    """An event in the history."""

    text: Annotated[Text, Field(description="What happened.", min_length=1)]
    severity: Annotated[int, Field(ge=1, le=1000, description="1 to 1000, as OPC UA.")] = 300


class RuleNotifyEntry(Entry):
    """A message to people."""

    to: Annotated[
        list[Name],
        BeforeValidator(listed, json_schema_input_type=list[str] | str),
        Field(max_length=50, description="People, rotas, teams, channels; else as routes say."),
    ] = []
    text: Annotated[Text, Field(description="What they read; the condition where empty.")] = ""
    priority: Annotated[PriorityWord, Field(description="How soon.")] = "low"


class WorkOrderEntry(Entry):
    """A proposal of work, which a person accepts or rejects."""

    title: Annotated[Text, Field(description="What is to be done.", min_length=1)]
    priority: Annotated[PriorityWord, Field(description="How soon.")] = "low"
    text: Annotated[Text, Field(description="What whoever does it should know.")] = ""


class RuleWriteEntry(Entry):
    """A wish to write to a machine, which the guard judges like any other."""

    tag: Annotated[Text, Field(description="Its path, or its name beside or above.")]
    value: Annotated[Number, Field(description="In the unit of the tag.")]
    reason: Annotated[Text, Field(description="Why; the rule's title where left out.")] = ""
    permit: Annotated[
        int | None, Field(ge=1, description="The number of the work permit that it uses.")
    ] = None


class RuleActionEntry(Entry):
    """One thing that is done when a rule fires: one key."""

    event: Annotated[
        RuleEventEntry | None,
        BeforeValidator(_event, json_schema_input_type=str | RuleEventEntry),
        Field(description="Keep an event: its text, or `{text, severity}`."),
    ] = None
    notify: Annotated[
        RuleNotifyEntry | None,
        BeforeValidator(_notify, json_schema_input_type=list[str] | RuleNotifyEntry),
        Field(description="Tell people: their names, or `{to, text, priority}`."),
    ] = None
    work_order: Annotated[
        WorkOrderEntry | None, Field(description="Propose work: `{title, priority, text}`.")
    ] = None
    write: Annotated[
        RuleWriteEntry | None, Field(description="Write through the guard: `{tag, value}`.")
    ] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise WrongError(
                "an action does one thing", hint="write each as an entry of its own: `- event: ...`"
            )
        return self


class RuleEntry(Entry):
    """A condition, and what is done when it begins to hold."""

    title: Annotated[Text, Field(description="Its name for people.")] = ""
    at: Annotated[
        Text,
        AfterValidator(_pattern),
        Field(description="Where: a pattern of equipment.", examples=["packaging/line1/filler"]),
    ] = ""
    type: Annotated[Name | None, Field(description="Where: all equipment of this type.")] = None
    when: Annotated[
        ConditionText,
        Field(
            description="The condition, over tags of that equipment and paths in quotes.",
            examples=["mean(motor_temp, 15 min) > 70 degC"],
        ),
    ]
    until: Annotated[
        ConditionText | None, Field(description="It is over when this holds; else `when` decides.")
    ] = None
    deadband: Annotated[
        Deadband | None, Field(description="How far back `when` must be for it to be over.")
    ] = None
    lasting: Annotated[
        Duration,
        Field(ge=0, le=DAY, alias="for", description="How long `when` must hold: `5 min`."),
    ] = 0.0
    at_most_every: Annotated[
        Duration, Field(ge=0, le=31 * DAY, description="The least time between two firings.")
    ] = 0.0
    during: Annotated[
        Text, Field(description="The calendar in whose shifts it looks; always where empty.")
    ] = ""
    unknown: Annotated[
        Unknown, Field(description="What bad values do: `keep` what was, `clear` it, or `fire`.")
    ] = Unknown.KEEP
    mode: Annotated[
        RuleMode, Field(description="`test` tells in the journal what it would do; `live` does it.")
    ] = RuleMode.TEST
    then: Annotated[
        list[RuleActionEntry],
        Field(description="What is done when it fires.", min_length=1, max_length=MOST_ACTIONS),
    ]

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not self.at and self.type is None:
            raise WrongError(
                "`at` and `type` are missing: the rule looks nowhere",
                hint="write `at: packaging/line1/filler`, or `type: filler`",
            )
        return self
