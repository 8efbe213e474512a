"""The key `readers` of the section `bus`: programs of other zones that hear the site's stream."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isthmus.model.plantfile_edge import EdgeName
from isthmus.model.plantfile_fields import Entry, Text

ReaderName = EdgeName  # both become common names and levels of subjects


class ReaderEntry(Entry):
    """A program that hears what the site says, and can say nothing."""

    zone: Annotated[Text, Field(description="The zone in which it stands.")]
    title: Annotated[Text, Field(description="Name for people.")] = ""
