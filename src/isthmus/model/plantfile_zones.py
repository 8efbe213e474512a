"""The sections `zones`, `conduits` and `management` of a plant file (IEC 62443-3-2)."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from isthmus.model.path import nearest
from isthmus.model.plant import Conduit, Management, Zone
from isthmus.model.plantfile_fields import Entry, Name, Number, Text, WrongError
from isthmus.model.service import SERVICES, services


def _level(value: float) -> float:
    if value not in {0, 1, 2, 3, 3.5, 4, 5}:
        raise WrongError(f"`{value:g}` is no level", hint="levels are 0 to 5, and 3.5 for a DMZ")
    return value


def _target(value: object) -> object:
    found = re.fullmatch(r"SL([0-4])", str(value))
    if not found:
        raise WrongError(f"`{value}` is no security level", hint="levels are SL0 to SL4")
    return int(found[1])


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise WrongError(
            f"`{text}` is no network", hint="write it like `10.4.1.0/24` or `fd00:4:1::/64`"
        ) from error
    return text


def _service(text: str) -> str:
    try:
        services(text)
    except ValueError as error:
        meant = nearest(text, SERVICES)
        other = "a port is written like `tcp/8800` or `udp/161`"
        raise WrongError(str(error), hint=f"did you mean `{meant}`?" if meant else other) from error
    return text


Network = Annotated[Text, AfterValidator(_network)]
ServiceName = Annotated[Text, AfterValidator(_service)]


class ZoneEntry(Entry):
    """A security zone (IEC 62443-3-2)."""

    level: Annotated[Number, AfterValidator(_level), Field(description="Level 0 to 5.")]
    target: Annotated[
        int,
        BeforeValidator(_target, json_schema_input_type=str),
        Field(description="Target security level, SL0 to SL4."),
    ] = 1
    networks: Annotated[
        list[Network],
        Field(description="Its networks, such as `10.4.1.0/24`; no other zone may have them."),
    ] = []
    here: Annotated[bool, Field(description="Whether this site itself stands in it.")] = False

    def zone(self, name: str) -> Zone:
        """The zone that this entry describes."""
        return Zone(name, self.level, self.target, tuple(self.networks), here=self.here)


class ConduitEntry(Entry):
    """A declared way between two zones; what no conduit allows does not pass."""

    source: Annotated[Name, Field(alias="from", description="The zone that opens it.")]
    target: Annotated[Name, Field(alias="to", description="The zone it leads to.")]
    allow: Annotated[
        list[ServiceName],
        Field(min_length=1, description="What may use it: `opcua`, `mqtt-tls`, `tcp/8800`."),
    ]
    why: Annotated[Text, Field(description="What it is for.")] = ""
    owner: Annotated[Text, Field(description="The team that answers for it.")] = ""

    def conduit(self) -> Conduit:
        """The conduit that this entry describes."""
        return Conduit(self.source, self.target, tuple(self.allow), self.why, self.owner)


class ManagementEntry(Entry):
    """From where the boundary itself is looked after: no rule of any zone locks it out."""

    networks: Annotated[list[Network], Field(min_length=1, description="Where administrators sit.")]
    allow: Annotated[
        list[ServiceName], Field(min_length=1, description="What they use: `ssh`, `https`.")
    ] = ["ssh"]

    def management(self) -> Management:
        """The floor that this entry describes."""
        return Management(tuple(self.networks), tuple(self.allow))
