"""The section `history` of a plant file: where history is kept, how long, and its copies."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from isthmus.model.path import Pattern
from isthmus.model.plantfile_fields import Entry, Period, Size, Text, WrongError
from isthmus.model.secret import Secret

SCHEMES = ("s3://", "file://")


def _pattern(text: str) -> str:
    try:
        Pattern.parse(text)
    except ValueError as error:
        raise WrongError(str(error), hint="write it like `packaging/**`") from error
    return text


def _target(text: str) -> str:
    if "://" in text and not text.startswith(SCHEMES):
        raise WrongError(
            f"`{text}` is no place that history can be copied to",
            hint="write a folder, `/mnt/nas/history`, or a bucket, `s3://bucket/prefix`",
        )
    if text.startswith("s3://") and not text[5:].partition("/")[0]:
        raise WrongError(f"`{text}` names no bucket", hint="write it like `s3://bucket/prefix`")
    return text


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Lasting = Annotated[Period | None, Field(gt=0)]


class KeepEntry(Entry):
    """How long values are kept; what has no rule is kept for ever."""

    raw: Annotated[Lasting, Field(description="Every sample: `400 d`.")] = None
    minutes: Annotated[Lasting, Field(description="A row a minute: `10 y`.")] = None
    hours: Annotated[Lasting, Field(description="A row an hour: `20 y`.")] = None
    events: Annotated[Lasting, Field(description="Texts, orders, outages: `10 y`.")] = None
    least: Annotated[
        Period,
        Field(gt=0, description="Younger samples are never given up for want of space."),
    ] = 7 * 86_400.0


class KeepWhereEntry(Entry):
    """How long the samples of some tags are kept; the first entry that matches a tag counts."""

    where: Annotated[
        list[Annotated[Text, AfterValidator(_pattern)]],
        BeforeValidator(_listed, json_schema_input_type=list[str] | str),
        Field(min_length=1, description="Tags: `packaging/**/vibration`, or several such."),
    ]
    raw: Annotated[Period, Field(gt=0, description="Every sample of them: `30 d`.")]


class PlaceEntry(Entry):
    """A folder, or a bucket of a store that speaks S3."""

    to: Annotated[
        Text,
        AfterValidator(_target),
        Field(min_length=1, description="`/mnt/nas/history` or `s3://bucket/prefix`."),
    ]
    endpoint: Annotated[Text, Field(description="Address of a store of your own.")] = ""
    region: Annotated[Text, Field(description="The bucket's region.")] = ""
    key: Annotated[Secret | None, Field(description="Where the access key is kept.")] = None
    secret: Annotated[Secret | None, Field(description="Where the secret key is kept.")] = None


class ArchiveEntry(PlaceEntry):
    """Where old days of samples go; they are fetched again when they are asked for."""

    after: Annotated[Period, Field(ge=0, description="Age at which a day goes: `90 d`.")] = (
        90 * 86_400.0
    )
    cache: Annotated[Size, Field(gt=0, description="Disk for what was fetched: `2 GB`.")] = 2e9


class BackupEntry(PlaceEntry):
    """Where the running site backs itself up to, and how often."""

    every: Annotated[Period, Field(ge=60, description="Time between two: `1 d`.")] = 86_400.0
    keep: Annotated[int, Field(ge=1, le=10_000, description="How many are kept.")] = 7


class HistoryEntry(Entry):
    """Where history is kept, and how much of it.

    `engine: postgresql` keeps it in a schema of your own PostgreSQL; `path` and `disk` are then
    without effect, and of `keep` only `raw` counts.
    """

    engine: Annotated[
        Text, Field(description="What keeps it: `lake` (files), `postgresql`, or an installed one.")
    ] = "lake"
    url: Annotated[
        Text, Field(description="The server: `postgresql://isthmus@db.acme.example/plant`.")
    ] = ""
    password: Annotated[Secret | None, Field(description="Where the password for it is kept.")] = (
        None
    )
    schema_: Annotated[
        Text, Field(alias="schema", description="The schema there that is ours.")
    ] = "isthmus"
    tls: Annotated[
        Literal["", "disable", "prefer", "require", "verify-ca", "verify-full"],
        Field(description="libpq's `sslmode`; empty: `verify-full` beyond this machine."),
    ] = ""
    ca: Annotated[
        Text, Field(description="File of the authorities that may sign its certificate, PEM.")
    ] = ""
    path: Annotated[
        Text, Field(description="A folder: inside the data folder, or an absolute path.")
    ] = "history"
    keep: KeepEntry = Field(default_factory=KeepEntry, description="How long values are kept.")
    keep_where: Annotated[
        list[KeepWhereEntry], Field(max_length=100, description="The same for some tags.")
    ] = []
    disk: Annotated[Size | None, Field(gt=0, description="Disk it may use: `200 GB`.")] = None
    when_full: Annotated[
        Literal["hold", "drop-oldest"],
        Field(description="At that limit: take no more, or give up the oldest samples."),
    ] = "hold"
    archive: Annotated[ArchiveEntry | None, Field(description="Where old days of samples go.")] = (
        None
    )
    backup: Annotated[BackupEntry | None, Field(description="Copies to go back to.")] = None

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, written: object) -> object:
        if isinstance(written, str):
            raise WrongError(
                f"`history: {written}` says too little",
                hint="write `history: {engine: postgresql, url: "
                '"postgresql://isthmus@db.acme.example/plant"}`',
            )
        return written

    @model_validator(mode="after")
    def _with_server(self) -> Self:
        parts = urlsplit(self.url)
        if parts.password:
            raise WrongError(
                "a password does not stand in the file",
                hint="write `password: {env: NAME}`, `{file: PATH}` or `{keyring: NAME}`",
            )
        if self.engine == "postgresql" and parts.scheme not in ("postgresql", "postgres"):
            raise WrongError(
                "`engine: postgresql` needs the server's `url`",
                hint="write it like `url: postgresql://isthmus@db.acme.example/plant`",
            )
        if self.engine == "postgresql" and (self.backup or self.archive):
            raise WrongError(
                "`backup` and `archive` copy files, and a server keeps this history",
                hint="back up that database with its own means; the schema is all of it",
            )
        if self.engine == "lake" and (self.url or self.password or self.ca or self.tls):
            raise WrongError(
                "`url`, `password`, `tls` and `ca` are of a server, the engine `lake` has none",
                hint="write `engine: postgresql`",
            )
        return self
