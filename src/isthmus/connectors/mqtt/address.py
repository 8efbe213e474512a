"""Where a broker's messages hold one value: a topic, and a place in its payload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator

from isthmus.connectors.mqtt.path import JsonPath
from isthmus.connectors.mqtt.topic import checked_filter
from isthmus.model.ports import Address


class MqttAddress(Address):
    """A topic and, in a JSON payload, a path: `plant/press4/data#$.temp` or the same as fields."""

    topic: Annotated[
        str,
        Field(
            description="Topic, or a filter with `+` and `#` whose topics all feed this tag.",
            examples=["plant/press4/data"],
        ),
    ]
    value: Annotated[
        str,
        Field(
            description="Path of the value in the JSON payload; `$` is the payload itself, which "
            "may also be a bare number or word.",
            examples=["$.data[0].temp"],
        ),
    ] = "$"
    time: Annotated[
        str,
        Field(description="Path of the device's time; without it, the time of receipt is taken."),
    ] = ""
    time_format: Annotated[
        str,
        Field(
            description="`s`, `ms`, `us`, `ns` or a strptime format; found out where empty "
            "(ISO 8601, or a number whose size tells its unit)."
        ),
    ] = ""
    quality: Annotated[str, Field(description="Path of the value's quality.")] = ""
    quality_codes: Annotated[
        Literal["opcda", "opcua"],
        Field(description="What numbers in `quality` are: OPC DA's (192 is good) or OPC UA's."),
    ] = "opcda"
    write: Annotated[
        str, Field(description="Topic to which a write of this tag is published; none where empty.")
    ] = ""

    @field_validator("topic")
    @classmethod
    def _filter(cls, topic: str) -> str:
        return checked_filter(topic)

    @field_validator("write")
    @classmethod
    def _plain_topic(cls, topic: str) -> str:
        if "+" in topic or "#" in topic:
            raise ValueError(f"`{topic}`: a topic to write to has no `+` or `#`")
        return checked_filter(topic) if topic else topic

    @field_validator("value")
    @classmethod
    def _path(cls, path: str) -> str:
        return str(JsonPath.parse(path))

    @field_validator("time", "quality")
    @classmethod
    def _path_or_none(cls, path: str) -> str:
        return str(JsonPath.parse(path)) if path else path

    @classmethod
    def parse(cls, written: object) -> Self:
        """The address written as a mapping, or in short `topic` or `topic#$.path`."""
        if isinstance(written, str):
            topic, mark, path = written.partition("#$")
            short: Mapping[str, Any] = {"topic": topic, **({"value": f"${path}"} if mark else {})}
            return cls.model_validate(short)
        return cls.model_validate(written)
