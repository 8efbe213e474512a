"""What a user writes to read a machine's files."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self, cast
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, field_validator, model_validator

from isthmus.model.ports import Address, Binding, SourceConfig
from isthmus.model.sample import Clock

if TYPE_CHECKING:
    from isthmus.connectors.files.subscription import FilesSubscription

UNITS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
"""Units of a time that is a number since 1970, in nanoseconds."""


class FilesAddress(Address):
    """A named group of the line's pattern, or a column of the CSV file; in short its name."""

    column: Annotated[
        str,
        Field(min_length=1, description="Name of the group or column.", examples=["pressure"]),
    ]

    @classmethod
    def parse(cls, written: object) -> Self:
        """The address written as a mapping, or in short as the name alone."""
        return cls.model_validate({"column": written} if isinstance(written, str) else written)


class Files(SourceConfig):
    """Follows the files of a machine that only writes lines, whatever rotates them.

    Each whole line gives one sample a tag; a line that is not finished waits. What was read is
    remembered, so that a restart neither loses nor repeats a line.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True
    )
    address: ClassVar[type[Address]] = FilesAddress
    vouches: ClassVar[bool] = False

    kind: Literal["files"] = Field("files", description="Growing log or CSV files.")
    path: Annotated[
        str,
        Field(
            min_length=1,
            description="The files, as an absolute pattern: `*` any name, `**` any folder.",
            examples=["/var/log/compressor/*.log"],
        ),
    ]
    line: Annotated[
        str,
        Field(
            description="Regular expression at the start of a line; its named groups are the "
            "columns. Keep it free of nested repetition: `longest` bounds what it can cost.",
            examples=[r"(?P<time>\S+ \S+) P=(?P<pressure>[\d,]+)bar"],
        ),
    ] = ""
    csv: Annotated[bool, Field(description="Lines are separated values; quotes as RFC 4180.")] = (
        False
    )
    delimiter: Annotated[
        str, Field(min_length=1, max_length=1, description="Separator of a CSV file.")
    ] = ","
    columns: Annotated[
        tuple[str, ...],
        Field(description="Names of a CSV file's columns; its first line names them where empty."),
    ] = ()
    time: Annotated[
        tuple[str, ...],
        Field(description="Columns that make the time, joined by a blank; receive time if absent."),
    ] = ("time",)
    time_format: Annotated[
        str,
        Field(
            description="How the time is written: strptime's letters, or `s`, `ms`, `us`, `ns` "
            "since 1970; ISO 8601 where empty.",
            examples=["%d.%m.%Y %H:%M:%S"],
        ),
    ] = ""
    timezone: Annotated[
        str,
        Field(
            description="Zone of times written without an offset; the plant's where absent.",
            examples=["Europe/Berlin"],
        ),
    ] = ""
    decimal: Annotated[
        Literal[".", ","], Field(description="Decimal sign; thousands are not separated.")
    ] = "."
    encoding: Annotated[
        str, Field(description="How the bytes spell text; one where a newline is one byte.")
    ] = "utf-8"
    first: Annotated[
        Literal["start", "end"],
        Field(alias="from", description="Where to begin in a file that was there before us."),
    ] = "start"
    longest: Annotated[
        int, Field(ge=64, le=65_536, description="Bytes of a line that are read; more are cut off.")
    ] = 4096
    max_files: Annotated[
        int, Field(ge=1, le=10_000, description="Files followed, the newest first.")
    ] = 1000

    @field_validator("time", mode="before")
    @classmethod
    def _one_or_many(cls, time: object) -> object:
        return (time,) if isinstance(time, str) else time

    @field_validator("line")
    @classmethod
    def _compiles(cls, line: str) -> str:
        try:
            re.compile(line)
        except re.error as error:
            raise ValueError(f"`line` is no regular expression: {error}") from error
        return line

    @field_validator("time_format")
    @classmethod
    def _has_a_date(cls, layout: str) -> str:
        dated = re.search(r"%[djcxsUW]", layout)
        if layout and layout not in UNITS and not dated:
            raise ValueError(f"`time_format` has no day: `{layout}`; a time without is no time")
        return layout

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name or "UTC")
        except (ValueError, OSError, KeyError) as error:
            raise ValueError(f"there is no time zone `{name}`; one is `Europe/Berlin`") from error
        return name

    @field_validator("encoding")
    @classmethod
    def _is_linewise(cls, encoding: str) -> str:
        try:
            codecs.lookup(encoding)
            spelt = "\n".encode(encoding)
        except (LookupError, UnicodeError) as error:
            raise ValueError(f"there is no encoding `{encoding}`") from error
        if spelt != b"\n":
            raise ValueError(f"in `{encoding}` a newline is not one byte; convert the files first")
        return encoding

    @model_validator(mode="after")
    def _one_way_to_read(self) -> Self:
        if bool(self.line) == self.csv:
            raise ValueError("write `line: <pattern>` or `csv: true`, exactly one of them")
        if self.columns and not self.csv:
            raise ValueError("`columns` is for CSV files; a pattern names its groups")
        if self.line and not re.compile(self.line).groupindex:
            raise ValueError("`line` has no named group; one is `(?P<pressure>[0-9.]+)`")
        return self

    def build(
        self, bindings: Sequence[Binding[Address]], *, now: Clock, state: str
    ) -> FilesSubscription:
        """The closed subscription; ConfigError where an address names no group of the pattern."""
        from isthmus.connectors.files.subscription import FilesSubscription  # noqa: PLC0415

        found = cast("Sequence[Binding[FilesAddress]]", bindings)
        return FilesSubscription(self, found, now=now, state=state)

    @property
    def endpoint(self) -> str:
        """Where the files are, for people."""
        return f"file://{self.path}"
