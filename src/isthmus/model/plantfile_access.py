"""The section `access` of a plant file: who may do what, and who may not."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from isthmus.model.access import EVERYONE, Deny, Grant, Right, Role
from isthmus.model.path import Pattern
from isthmus.model.plantfile_fields import Entry, Text, WrongError

KINDS = ("person", "service", "group", "team", "edge", "rule")
_WHO = re.compile(rf"({'|'.join(KINDS)}):[^\s:][^\n\r]{{0,199}}")


def _who(text: str) -> str:
    if text != EVERYONE and not _WHO.fullmatch(text):
        raise WrongError(
            f"`{text[:60]}` names nobody",
            hint=f"write `team:NAME`, `person:NAME`, `service:NAME`, `group:NAME` or `{EVERYONE}`",
        )
    return text


def _pattern(text: str) -> str:
    if text:
        Pattern.parse(text)
    return text


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Who = Annotated[
    Text,
    AfterValidator(_who),
    Field(
        description="`team:NAME`, `person:NAME`, `service:NAME`, `group:NAME` of the company's "
        "sign-in, or `everyone`.",
        examples=["team:shift-lead"],
    ),
]
At = Annotated[
    Text,
    AfterValidator(_pattern),
    Field(description="A pattern of equipment; the whole site where empty."),
]
InZone = Annotated[Text, Field(description="Only what stands in this zone.")]


class GrantEntry(Entry):
    """A role for somebody, at some equipment."""

    who: Who
    role: Annotated[Role, Field(description="What its work is.", examples=["operator"])]
    at: At = ""
    zone: InZone = ""

    def grant(self) -> Grant:
        """The grant that this entry writes."""
        return Grant(self.who, self.role, self.at, self.zone)


class DenyEntry(Entry):
    """What somebody may not do, whatever is granted."""

    who: Who
    right: Annotated[
        list[Right],
        BeforeValidator(_listed, json_schema_input_type=list[Right] | Right),
        Field(description="One right or several; all where empty.", examples=["write"]),
    ] = []
    at: At = ""
    zone: InZone = ""

    def deny(self) -> Deny:
        """The denial that this entry writes."""
        return Deny(self.who, frozenset(self.right or Right), self.at, self.zone)


class AccessEntry(Entry):
    """Who may do what. A denial wins; what nothing grants is denied."""

    grants: Annotated[list[GrantEntry], Field(description="Roles, each for somebody.")] = []
    deny: Annotated[list[DenyEntry], Field(description="What is denied, whatever is granted.")] = []
