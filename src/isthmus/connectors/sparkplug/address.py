"""Where a Sparkplug metric is: edge node, device, metric."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, field_validator

from isthmus.connectors.sparkplug.topic import checked_id
from isthmus.model.ports import Address


class SparkplugAddress(Address):
    """A metric of a device (or of the edge node itself): in short `edge/device/metric`.

    A metric's name may hold slashes. `edge/device` alone means the metric that has the tag's name;
    `edge//metric` one of the edge node itself.
    """

    edge: Annotated[str, Field(description="Edge node id.", examples=["packer-edge"])]
    device: Annotated[
        str, Field(description="Device id; the edge node itself where empty.", examples=["packer"])
    ] = ""
    metric: Annotated[
        str, Field(description="The metric's name; the tag's where empty.", examples=["Speed"])
    ] = ""

    @field_validator("edge")
    @classmethod
    def _edge_id(cls, text: str) -> str:
        return checked_id(text)

    @field_validator("device")
    @classmethod
    def _device_id(cls, text: str) -> str:
        return checked_id(text) if text else text

    @classmethod
    def parse(cls, written: object) -> Self:
        """The address written as a mapping, or in short `edge/device` or `edge/device/metric`."""
        if isinstance(written, str):
            levels = written.split("/", 2)
            return cls.model_validate(dict(zip(("edge", "device", "metric"), levels, strict=False)))
        return cls.model_validate(written)
