"""What a plant file says of alarms: the grammar, not yet what it means."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from isthmus.model.condition.parse import parse
from isthmus.model.condition.syntax import ConditionError
from isthmus.model.plantfile_fields import Duration, Entry, Name, Number, Text, WrongError
from isthmus.model.unit import Quantity

LONGEST_SHELF = 30 * 86_400.0
PriorityWord = Literal["urgent", "high", "low", "diagnostic"]


def _condition(text: str) -> str:
    try:
        parse(text)
    except ConditionError as error:
        mark = f"{error}, at character {error.at + 1} of `{text[:80]}`"
        raise WrongError(mark, hint=error.hint) from error
    return text


def _deadband(value: object) -> object:
    if isinstance(value, str) and Quantity.parse(value).value < 0:
        raise WrongError(f"the deadband `{value}` is below zero")
    return value


ConditionText = Annotated[Text, AfterValidator(_condition)]
Deadband = Annotated[
    Annotated[Number, Field(ge=0)] | str,
    BeforeValidator(_deadband, json_schema_input_type=float | str),
]


class AlarmTerms(Entry):
    """What an alarm is besides its condition."""

    unless: Annotated[
        ConditionText | None,
        Field(description="It is suppressed while this holds: `state == stopped`."),
    ] = None
    delay: Annotated[
        Duration, Field(ge=0, le=86_400, description="How long it must last before it is told.")
    ] = 0.0
    off_delay: Annotated[
        Duration, Field(ge=0, le=86_400, description="How long it must be over before it is.")
    ] = 0.0
    deadband: Annotated[
        Deadband | None,
        Field(description="How far back it must be to be over; the tag's own where left out."),
    ] = None
    advice: Annotated[Text, Field(description="What to do.")] = ""
    consequence: Annotated[Text, Field(description="What happens if nobody does it.")] = ""
    response: Annotated[
        Duration | None, Field(gt=0, description="How much time there is to act: `30 min`.")
    ] = None
    latching: Annotated[bool, Field(description="Whether it stays until somebody resets it.")] = (
        False
    )
    group: Annotated[
        Name | None, Field(description="Of a line's alarms in a group, the first is marked.")
    ] = None
    shelve: Annotated[
        Duration, Field(ge=0, le=LONGEST_SHELF, description="For how long it may be shelved.")
    ] = 8 * 3600.0


class AlarmEntry(AlarmTerms):
    """A condition that needs an operator (ISA-18.2)."""

    when: Annotated[
        ConditionText,
        Field(
            description="The condition, over tags of this equipment.",
            examples=["motor_temp > limits.high and state == execute"],
        ),
    ]
    priority: Annotated[PriorityWord, Field(description="How soon to act.")] = "low"
    title: Annotated[Text, Field(description="Its name for people.")] = ""


class LimitAlarmEntry(AlarmTerms):
    """Alarms at each limit that the tag has, named `TAG_high`, `TAG_high_high` and so on."""

    inner: Annotated[PriorityWord, Field(description="Priority at `low` and `high`.")] = "low"
    outer: Annotated[PriorityWord, Field(description="Priority at `low_low` and `high_high`.")] = (
        "high"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        words = ("urgent", "high", "low", "diagnostic")
        if words.index(self.outer) > words.index(self.inner):
            raise WrongError(
                "the outer limits are less urgent than the inner ones",
                hint="such as `{inner: low, outer: high}`",
            )
        return self


def _limit_alarm(value: object) -> object:
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


LimitAlarm = Annotated[
    LimitAlarmEntry | None,
    BeforeValidator(_limit_alarm, json_schema_input_type=bool | LimitAlarmEntry | None),
    Field(description="Whether its limits are alarms (ISA-18.2), and of which kind."),
]
