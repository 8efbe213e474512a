"""The section `ledger` of a plant file: how long records are kept, and what vouches for them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isthmus.model.plantfile_fields import Entry, Period, Size, Text


class LedgerEntry(Entry):
    """The record of what was done: sign-ins, permits, writes, changes."""

    keep: Annotated[
        Period, Field(ge=86_400, description="Whole months that are older go: `10 y`.")
    ] = 10 * 365.25 * 86_400
    anchor: Annotated[
        Text, Field(description="A file in another place that takes each signature as a line.")
    ] = ""
    low: Annotated[
        Size, Field(ge=0, description="Warn when the disk has less free than this: `1 GB`.")
    ] = 1e9
