"""The grammar of scheduled exports: files of history for who asks by shift, day or hour."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from isthmus.model.export import Export, Format, Layout, Schedule
from isthmus.model.path import Pattern
from isthmus.model.plantfile_fields import Entry, Period, Text, WrongError, as_text, measured

DAY = 86_400
WEEK = 7 * DAY
SHORTEST = 300  # seconds between two files
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def _export_name(name: str) -> str:
    """It names files."""
    if not _NAME.fullmatch(name):
        raise WrongError(
            f"`{name}` is no name for an export",
            hint="at most 64 small letters, digits and _ - such as `shift-report`",
        )
    return name


def _pattern(text: str) -> str:
    try:
        Pattern.parse(text)
    except ValueError as error:
        raise WrongError(
            f"`{text}` selects no tags: {error}", hint="write it like `packaging/**/power`"
        ) from error
    return text


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _at(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise WrongError(f"`{text}` is no time of the day", hint='write it like `"06:05"`')
    return text


def _each(value: object) -> object:
    if value == "shift":
        return value
    seconds = measured("s", "1 d")(value)
    whole = isinstance(seconds, int | float) and (
        seconds == WEEK or (SHORTEST <= seconds <= DAY and DAY % seconds == 0)
    )
    if not whole:
        raise WrongError(
            f"`{value}` does not divide a day",
            hint="write `shift`, `1 d`, `7 d`, or such as `8 h`, `1 h`, `15 min`",
        )
    return seconds


ExportName = Annotated[
    str, BeforeValidator(as_text, json_schema_input_type=str), AfterValidator(_export_name)
]


class ExportEntry(Entry):
    """One file of history after another, made by itself: say `at`, or `each`."""

    tags: Annotated[
        list[Annotated[Text, AfterValidator(_pattern)]],
        BeforeValidator(_listed, json_schema_input_type=list[str] | str),
        Field(min_length=1, description="Patterns of tags: `packaging/**`, or a list of them."),
    ]
    at: Annotated[
        Annotated[Text, AfterValidator(_at)] | None,
        Field(description='Daily at this local time: `"06:05"`; the file ends there.'),
    ] = None
    last: Annotated[Period | None, Field(ge=60, description="With `at`: how far back, `8 h`.")] = (
        None
    )
    each: Annotated[
        Literal["shift"] | float | None,
        BeforeValidator(_each, json_schema_input_type=str),
        Field(description="A file a `shift`, or one each `1 d`, `7 d`, `8 h`, `15 min`."),
    ] = None
    line: Annotated[
        Text, Field(description="Whose shifts count; the plant's first line where empty.")
    ] = ""
    wait: Annotated[
        Period, Field(ge=0, le=DAY, description="Made so long after its end, for late values.")
    ] = 120.0
    every: Annotated[
        Period | None, Field(ge=1, description="One row so long: `1 min`; each sample if empty.")
    ] = None
    layout: Annotated[
        Layout | None,
        Field(description="A column a tag (`wide`), or a row a tag and time (`long`)."),
    ] = None
    format: Annotated[Format, Field(description="Which kind of file.")] = "xlsx"
    to: Annotated[
        Text, Field(description="A folder: inside the data folder, or an absolute path.")
    ] = "exports"
    keep: Annotated[int, Field(ge=1, le=10_000, description="So many files stay.")] = 100

    @model_validator(mode="after")
    def _one_schedule(self) -> ExportEntry:
        if (self.at is None) == (self.each is None):
            raise WrongError(
                "an export has either `at` or `each`",
                hint='write `at: "06:05"` with `last: 8 h`, or `each: shift`',
            )
        if self.at is None and self.last is not None:
            raise WrongError(
                "`last` goes with `at`", hint="`each` covers whole stretches; leave `last` out"
            )
        if self.layout == "wide" and self.every is None:
            raise WrongError("a `wide` export needs `every`", hint="such as `every: 1 min`")
        return self

    def export(self, name: str) -> Export:
        """The export that this entry describes."""
        minute = None
        if self.at is not None:
            hours, _, minutes = self.at.partition(":")
            minute = 60 * int(hours) + int(minutes)
        schedule = Schedule(
            minute, self.last or float(DAY), self.each or float(DAY), self.line, self.wait
        )
        return Export(
            *(name, tuple(self.tags), schedule, self.every, self.layout),
            format=self.format,
            to=self.to,
            keep=self.keep,
        )
