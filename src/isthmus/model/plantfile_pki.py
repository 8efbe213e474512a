"""The grammar of certificates: how long they live, and who issues them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isthmus.model.plantfile_fields import Entry, Period, Text
from isthmus.model.secret import Secret

HOUR, DAY = 3_600.0, 86_400.0


class PkiEntry(Entry):
    """Certificates that the plant's authority issues, and where that authority lies."""

    life: Annotated[
        Period,
        Field(
            ge=HOUR, le=825 * DAY, description="How long a certificate of a server lives: `90 d`."
        ),
    ] = 90 * DAY
    edges: Annotated[
        Period,
        Field(ge=HOUR, le=825 * DAY, description="How long that of an edge lives: `30 d`."),
    ] = 30 * DAY
    certificate: Annotated[
        Text,
        Field(description="PEM file of an authority that the company issued for this plant."),
    ] = ""
    key: Annotated[Text, Field(description="PEM file of its private key.")] = ""
    chain: Annotated[Text, Field(description="PEM file of the authorities above it.")] = ""
    passphrase: Annotated[
        Secret | None,
        Field(description="Where the passphrase is kept that encrypts the authority's key."),
    ] = None
