"""Who is on call: people, and rotas of them with shifts, holidays and overrides."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from isthmus.model.calendar import CalendarError, days, shift
from isthmus.model.plantfile_channel import MailAddress
from isthmus.model.plantfile_fields import Entry, Name, Text, WrongError, as_text


def _hours(text: str) -> str:
    if text:
        shift("", text)
    return text


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise WrongError(f"`{text}` is no day", hint="write it like `2026-01-05`") from error
    return text


def _moment(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongError(
            f"`{text}` is no time", hint='write it like `"2026-12-24 08:00"`'
        ) from error
    if found.tzinfo is not None:
        raise WrongError(f"`{text}` names a time zone", hint="it is in the time zone of the plant")
    return text


def turn(text: str) -> tuple[int, int]:
    """Weekday (0 is Monday) and minute of the day of `Mon 08:00`."""
    hint = "write it like `Mon 08:00`"
    word, _, time = text.strip().partition(" ")
    hours, colon, minutes = time.strip().partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):  # noqa: PLR2004
        raise CalendarError(f"`{text[:40]}` is no time of the week", hint=hint)
    found, minute = days(word), int(hours) * 60 + int(minutes)
    if len(found) != 1 or minute >= 1440 or int(minutes) > 59:  # noqa: PLR2004
        raise CalendarError(f"`{text[:40]}` is no time of the week", hint=hint)
    return next(iter(found)), minute


def _turn(text: str) -> str:
    turn(text)
    return text


def listed(value: object) -> object:
    """One word as a list of it."""
    return [value] if isinstance(value, str) else value


Moment = Annotated[str, BeforeValidator(as_text), AfterValidator(_moment)]


class PersonEntry(Entry):
    """Somebody who is told."""

    title: Annotated[Text, Field(description="Their name for others.")] = ""
    mail: Annotated[MailAddress | None, Field(description="Their mail address.")] = None
    by: Annotated[
        list[Name],
        BeforeValidator(listed, json_schema_input_type=list[str] | str),
        Field(description="The channels that reach them, each is used; else each mail channel."),
    ] = []


class TurnEntry(Entry):
    """People who take turns, in some hours or always."""

    people: Annotated[
        list[Name],
        BeforeValidator(listed, json_schema_input_type=list[str] | str),
        Field(min_length=1, max_length=200, description="They follow each other in this order."),
    ]
    hours: Annotated[
        Text,
        AfterValidator(_hours),
        Field(description="When it counts: `22:00-06:00 Mon-Fri`; always where empty."),
    ] = ""
    holidays: Annotated[
        Literal["as-usual", "skip", "only"],
        Field(description="Whether its hours begin on holidays of the rota's calendar too."),
    ] = "as-usual"
    hand_over: Annotated[
        Text, AfterValidator(_turn), Field(description="When the next one takes over.")
    ] = "Mon 08:00"
    weeks: Annotated[int, Field(ge=1, le=52, description="How long a turn is.")] = 1
    since: Annotated[
        str,
        BeforeValidator(as_text),
        AfterValidator(_day),
        Field(description="The first of `people` has the turn that is running on this day."),
    ] = "2024-01-01"


class OverrideEntry(Entry):
    """For once somebody else."""

    start: Annotated[Moment, Field(alias="from", description="Local time.")]
    end: Annotated[Moment, Field(alias="to", description="Local time.")]
    who: Annotated[
        list[Name],
        BeforeValidator(listed, json_schema_input_type=list[str] | str),
        Field(min_length=1, description="Who is on call instead."),
    ]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if datetime.fromisoformat(self.start) >= datetime.fromisoformat(self.end):
            raise WrongError(f"it ends at {self.end}, before it begins")
        return self


class RotaEntry(Entry):
    """Who is on call: overrides first, then the calendar file, then the first turn that fits."""

    title: Annotated[Text, Field(description="Its name for people.")] = ""
    turns: Annotated[
        list[TurnEntry], Field(max_length=50, description="The first whose hours fit counts.")
    ] = []
    calendar: Annotated[Text, Field(description="The calendar whose holidays count.")] = ""
    file: Annotated[
        Text,
        Field(
            description="An iCalendar file (RFC 5545) that tells who is on call: a person's name, "
            "title or mail address is the summary or an attendee of an event."
        ),
    ] = ""
    overrides: Annotated[
        list[OverrideEntry], Field(max_length=1000, description="Swaps, leave.")
    ] = []

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not (self.turns or self.file or self.overrides):
            raise WrongError(
                "nobody is ever on call", hint="write `turns: [{people: [anna, ben]}]`"
            )
        if any(each.holidays != "as-usual" for each in self.turns) and not self.calendar:
            raise WrongError("`holidays` needs a `calendar`", hint="name one that has holidays")
        return self
