"""Plain MQTT: any topic of any broker, JSON or bare values, read and written.

A tag's address is a topic and a path into its payload: `plant/press4/data#$.temp`. The device's
time is taken where the address says where it is; else the time of receipt. A retained message
without a time of its own is the last value of an unknown moment: it comes with the quality
UncertainLastUsableValue.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, cast

from pydantic import Field

from isthmus.connectors.mqtt.address import MqttAddress
from isthmus.connectors.mqtt.settings import BrokerConfig
from isthmus.connectors.mqtt.subscription import MqttSubscription
from isthmus.model.ports import Address, Binding
from isthmus.model.sample import Clock
from isthmus.model.unit import Seconds

__all__ = ["BrokerConfig", "Mqtt", "MqttAddress", "MqttSubscription"]


class Mqtt(BrokerConfig):
    """Reads topics of an MQTT broker (3.1.1 or 5): JSON by path, or bare numbers and words."""

    address: ClassVar[type[Address]] = MqttAddress
    vouches: ClassVar[bool] = False  # a broker is up though a device be dead

    kind: Literal["mqtt"] = "mqtt"
    qos: Annotated[Literal[0, 1, 2], Field(description="Quality of service asked for.")] = 1
    gather: Annotated[
        Seconds,
        Field(ge=0, le=1, description="Seconds in which messages are gathered into one batch."),
    ] = 0.005
    discover: Annotated[
        Seconds, Field(gt=0, le=600, description="Seconds for which browsing listens.")
    ] = 5.0

    def build(
        self, bindings: Sequence[Binding[Address]], *, now: Clock, state: str
    ) -> MqttSubscription:
        """The closed subscription to the topics of `bindings`."""
        mine = cast("Sequence[Binding[MqttAddress]]", bindings)
        return MqttSubscription(self, mine, now=now, state=state)
