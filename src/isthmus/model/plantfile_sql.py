"""The section `sql` of a plant file: history for clients of PostgreSQL, and its bounds."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from isthmus.model.plantfile_edge import host_and_port
from isthmus.model.plantfile_fields import Entry, Period, Size, Text, WrongError

PORT = 5433  # next to PostgreSQL's own


def _listen(text: str) -> str:
    try:
        host_and_port(text)
    except ValueError as error:
        raise WrongError(
            f"`{text}` is no address and port", hint=f"write it like `127.0.0.1:{PORT}`"
        ) from error
    return text


class SqlLimitsEntry(Entry):
    """What the endpoint bears; beyond it a client gets an error, never a part of an answer."""

    connections: Annotated[
        int, Field(ge=1, le=5_000, description="Sessions that are signed in.")
    ] = 100
    user_connections: Annotated[int, Field(ge=1, le=5_000, description="Sessions of one user.")] = (
        40
    )
    at_once: Annotated[
        int, Field(ge=1, le=64, description="Queries that read history at a time; more wait.")
    ] = 4
    statement: Annotated[Period, Field(gt=0, description="Time for one query: `60 s`.")] = 60.0
    idle: Annotated[Period, Field(gt=0, description="A session that says nothing ends.")] = 3_600.0
    window: Annotated[
        Period,
        Field(
            gt=0, description="History that a wide view reads where a query says no time: `7 d`."
        ),
    ] = 604_800.0
    rows: Annotated[int, Field(ge=1, description="Rows of one answer.")] = 2_000_000
    result: Annotated[Size, Field(gt=0, description="Bytes of one answer.")] = float(1 << 30)
    memory: Annotated[Size, Field(ge=64 << 20, description="Memory of one query.")] = float(
        256 << 20
    )


class SqlEntry(Entry):
    """History for clients of PostgreSQL; users are made with `isthmus sql user add`."""

    listen: Annotated[
        Text,
        AfterValidator(_listen),
        Field(description="Address and port: `127.0.0.1:5433`."),
    ] = f"127.0.0.1:{PORT}"
    hosts: Annotated[
        list[Text], Field(description="Names for which its certificate holds besides its own.")
    ] = []
    limits: SqlLimitsEntry = Field(
        default_factory=SqlLimitsEntry, description="What the endpoint bears."
    )
