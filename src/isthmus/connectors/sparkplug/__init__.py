"""Sparkplug B (Eclipse Sparkplug 3.0.0): a host application over any MQTT broker.

Edge nodes and devices announce their metrics in births; a dead one gives its tags bad quality; a
gap in the sequence makes values uncertain until the edge node, asked to, is born again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, Self, cast

from pydantic import Field, field_validator

from isthmus.connectors.mqtt.settings import BrokerConfig
from isthmus.connectors.sparkplug.address import SparkplugAddress
from isthmus.connectors.sparkplug.subscription import SparkplugHost
from isthmus.connectors.sparkplug.topic import checked_id
from isthmus.model.ports import Address, Binding
from isthmus.model.sample import Clock

__all__ = ["Sparkplug", "SparkplugAddress", "SparkplugHost"]


class Sparkplug(BrokerConfig):
    """Reads edge nodes and devices that speak Sparkplug B, as a host application."""

    address: ClassVar[type[Address]] = SparkplugAddress

    kind: Literal["sparkplug"] = "sparkplug"
    group: Annotated[str, Field(description="Group id of the edge nodes.", examples=["riverside"])]
    edges: Annotated[
        tuple[str, ...],
        Field(description="Edge nodes to follow; those that have tags where empty."),
    ] = ()
    host_id: Annotated[
        str,
        Field(description="Our id as primary host, published as STATE; no STATE where empty."),
    ] = ""
    reorder: Annotated[
        float, Field(ge=0, le=60, description="Seconds to wait for a message that is missing.")
    ] = 2.0
    patience: Annotated[
        float, Field(gt=0, le=600, description="Seconds to wait for a birth that was asked for.")
    ] = 10.0
    rebirth_pause: Annotated[
        float,
        Field(ge=1, le=600, description="Shortest seconds between two rebirth requests to a node."),
    ] = 10.0
    gather: Annotated[
        float,
        Field(ge=0, le=1, description="Seconds in which messages are gathered into one batch."),
    ] = 0.005
    discover: Annotated[
        float, Field(gt=0, le=600, description="Seconds for which browsing listens.")
    ] = 5.0

    def visitor(self) -> Self:
        """As nobody's primary host: its leaving would tell the edge nodes that the host is gone."""
        return super().visitor().model_copy(update={"host_id": ""})

    @field_validator("group")
    @classmethod
    def _group_id(cls, text: str) -> str:
        return checked_id(text)

    @field_validator("host_id")
    @classmethod
    def _host_id(cls, text: str) -> str:
        return checked_id(text) if text else text

    @field_validator("edges")
    @classmethod
    def _edge_ids(cls, edges: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(checked_id(edge) for edge in edges)

    def build(
        self, bindings: Sequence[Binding[Address]], *, now: Clock, state: str
    ) -> SparkplugHost:
        """The closed host application for `bindings`; ConfigError where `edges` excludes one."""
        mine = cast("Sequence[Binding[SparkplugAddress]]", bindings)
        return SparkplugHost(self, mine, now=now, state=state)
