"""What a plant file says of reasons of stops, and of machines that tell states in other words."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from isthmus.model.plantfile_fields import Entry, Name, Text
from isthmus.model.reason import Category


class SubReasonEntry(Entry):
    """A reason below another one; it counts as that one."""

    title: Annotated[Text, Field(description="What people read.")] = ""


def _titled(value: object) -> object:
    return {"title": value} if isinstance(value, str) else {} if value is None else value


SubReason = Annotated[
    SubReasonEntry,
    BeforeValidator(_titled, json_schema_input_type=SubReasonEntry | str | None),
]


class ReasonEntry(Entry):
    """A reason that people give for a stop, and the loss that it stands for."""

    title: Annotated[Text, Field(description="What people read.")] = ""
    category: Annotated[Category, Field(description="The loss: how its time counts.")]
    reasons: Annotated[dict[Name, SubReason], Field(description="What it is in detail.")] = {}


class StateIsEntry(Entry):
    """What one code of a machine's state stands for."""

    state: Annotated[Text, Field(alias="is", description="A state of PackML, or `running`.")]
    reason: Annotated[Text, Field(description="Why it is in it: a reason by name.")] = ""


def _is(value: object) -> object:
    return {"is": value} if isinstance(value, str) else value


StateIs = Annotated[StateIsEntry, BeforeValidator(_is, json_schema_input_type=StateIsEntry | str)]
