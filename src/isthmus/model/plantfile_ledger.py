"""The section `ledger` of a plant file: how long records are kept, and what vouches for them."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from isthmus.model.plantfile_fields import Entry, Period, Size, Text, WrongError


def _collector(to: str) -> str:
    found = urlsplit(to)
    try:
        good = found.scheme in ("tls", "tcp", "udp") and found.hostname and found.port != 0
    except ValueError:
        good = False
    if to and (not good or found.path not in ("", "/")):
        raise WrongError(
            f"`{to}` is no collector of syslog",
            hint="write it like `tls://siem.example:6514`, `tcp://HOST:514` or `udp://HOST:514`",
        )
    return to


class LedgerSendEntry(Entry):
    """Where records go, each once and in order, while the site runs."""

    to: Annotated[
        Text,
        AfterValidator(_collector),
        Field(description="A collector of syslog: `tls://siem.example:6514`; empty for none."),
    ] = ""
    ca: Annotated[
        Text,
        Field(description="PEM file of the authority of its TLS; else what this machine trusts."),
    ] = ""
    format: Annotated[
        Literal["syslog", "cef"], Field(description="RFC 5424, or the Common Event Format.")
    ] = "syslog"


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
    send: LedgerSendEntry = Field(
        default_factory=LedgerSendEntry, description="Records for a collector, as they come."
    )
