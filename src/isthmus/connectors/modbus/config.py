"""What a user writes to connect a Modbus TCP device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, cast

from pydantic import Field

from isthmus.connectors.modbus.address import ModbusAddress, Order
from isthmus.model.ports import Address, Binding, SourceConfig
from isthmus.model.sample import Clock

if TYPE_CHECKING:
    from isthmus.connectors.modbus.link import ModbusLink


class Modbus(SourceConfig):
    """Reads a device that speaks Modbus TCP, or devices behind a gateway.

    Addresses count from 0. Neighbouring registers are read together; a block that the device
    refuses is divided until only what it really lacks is bad.
    """

    address: ClassVar[type[Address]] = ModbusAddress

    kind: Literal["modbus"] = Field("modbus", description="Modbus TCP.")
    host: Annotated[str, Field(description="Where the device answers.", examples=["10.4.1.21"])]
    port: Annotated[int, Field(ge=1, le=65_535, description="TCP port.")] = 502
    unit: Annotated[
        int, Field(ge=0, le=255, description="Unit id; behind a gateway, the device's number.")
    ] = 1
    word_order: Annotated[
        Order, Field(description="Order of the words of a wide number: `big` or `swapped`.")
    ] = Order.BIG
    byte_order: Annotated[
        Order, Field(description="Order of the bytes of a word: `big` (the standard) or `swapped`.")
    ] = Order.BIG
    max_registers: Annotated[
        int, Field(ge=1, le=125, description="The most registers that the device reads at once.")
    ] = 125
    max_coils: Annotated[
        int, Field(ge=1, le=2000, description="The most bits that the device reads at once.")
    ] = 2000
    gap: Annotated[
        int,
        Field(ge=0, le=124, description="Registers read needlessly, at most, to merge two reads."),
    ] = 8
    in_flight: Annotated[
        int,
        Field(ge=1, le=16, description="Requests sent before the first answer; many PLCs take 1."),
    ] = 1

    def build(self, bindings: Sequence[Binding[Address]], *, now: Clock, state: str) -> ModbusLink:  # noqa: ARG002 - nothing outlives us
        """The closed link of these settings; ConfigError where a value cannot be read at once."""
        from isthmus.connectors.modbus.link import ModbusLink  # noqa: PLC0415 - numpy only when used

        return ModbusLink(self, cast("Sequence[Binding[ModbusAddress]]", bindings), now=now)

    @property
    def endpoint(self) -> str:
        """Where the device is, for people."""
        return f"modbus://{self.host}:{self.port}"
