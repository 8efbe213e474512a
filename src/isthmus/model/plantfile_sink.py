"""The section `sinks` of a plant file: copies of the stream for systems of others."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from isthmus.model.plantfile_fields import Entry, Text


class SinkEntry(Entry):
    """One system that samples and events are copied to; the other keys depend on its kind."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", frozen=True)

    kind: Annotated[Text, Field(description="Which system: `kafka`, `clickhouse`.")]
