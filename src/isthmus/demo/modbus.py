"""Modbus TCP devices: the capper's and the labeller's PLC, and meters behind a gateway.

Each has its maker's habits: the capper sends the low word first; the labeller refuses more than 20
registers at once and has a hole in its addresses; the gateway has a unit id for each meter.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from isthmus.demo.moment import Moment
from isthmus.demo.signal import LINE
from isthmus.model.state import State

_LAYOUTS = {"float32": "f", "uint32": "I", "uint16": "H", "int16": "h"}
_HOLDING = (3, 6, 16, 22, 23)  # function codes that mean holding registers


@dataclass(frozen=True, slots=True)
class Register:
    """Where a device keeps a tag: raw value = shown / `scale`."""

    table: str  # holding or input
    place: int
    layout: str
    scale: float = 1.0
    codes: Mapping[int, int] = field(default_factory=dict)  # our state -> the device's code

    @property
    def width(self) -> int:
        """Registers that it takes."""
        return 2 if self.layout.endswith("32") else 1

    def words(self, value: float, *, swapped: bool) -> tuple[int, ...]:
        """The registers that hold `value`."""
        raw = self.codes.get(int(value), 0) if self.codes else value / self.scale
        kind = _LAYOUTS[self.layout]
        if kind == "I":
            raw = round(raw) % 2**32
        elif kind != "f":
            raw = round(raw)
        data = struct.pack(f">{kind}", raw)
        words = struct.unpack(f">{len(data) // 2}H", data)
        return words[::-1] if swapped else words


CAPPER_STATES: dict[int, int] = {
    State.STOPPED: 0, State.EXECUTE: 1, State.IDLE: 2, State.STARTING: 3, State.HELD: 4,
    State.SUSPENDED: 5, State.RESETTING: 6, State.ABORTED: 9,
}  # fmt: skip
LABELLER_STATES: dict[int, int] = {
    State.IDLE: 1, State.EXECUTE: 2, State.HELD: 3, State.SUSPENDED: 4, State.RESETTING: 5,
    State.STOPPED: 6, State.STARTING: 7, State.ABORTED: 8,
}  # fmt: skip

CAPPER: dict[str, Register] = {
    **{
        f"{LINE}/capper/{name}": Register("holding", 100 + 2 * place, "float32")
        for place, name in enumerate((
            "power", "speed", "motor_temp", "motor_current", "vibration", "bearing_vibration",
            "bearing_temp", "cap_torque", "air_pressure",
        ))
    },
    f"{LINE}/capper/good_count": Register("holding", 120, "uint32"),
    f"{LINE}/capper/scrap_count": Register("holding", 122, "uint32"),
    f"{LINE}/capper/energy": Register("holding", 124, "uint32", 0.001),
    f"{LINE}/capper/buffer": Register("holding", 126, "uint16"),
    f"{LINE}/capper/state": Register("input", 12, "uint16", 1.0, CAPPER_STATES),
    f"{LINE}/capper/cause": Register("input", 13, "uint16"),
}  # fmt: skip
LABELLER: dict[str, Register] = {
    f"{LINE}/labeller/speed": Register("holding", 0, "uint16", 0.1),
    f"{LINE}/labeller/motor_temp": Register("holding", 1, "uint16", 0.01),
    f"{LINE}/labeller/motor_current": Register("holding", 2, "uint16", 0.01),
    f"{LINE}/labeller/vibration": Register("holding", 3, "uint16", 0.01),
    f"{LINE}/labeller/label_offset": Register("holding", 4, "int16", 0.01),
    f"{LINE}/labeller/film_left": Register("holding", 10, "uint16", 0.1),
    f"{LINE}/labeller/state": Register("holding", 11, "uint16", 1.0, LABELLER_STATES),
    f"{LINE}/labeller/cause": Register("holding", 12, "uint16"),
    f"{LINE}/labeller/buffer": Register("holding", 13, "uint16"),
    f"{LINE}/labeller/good_count": Register("holding", 30, "uint32"),
    f"{LINE}/labeller/scrap_count": Register("holding", 32, "uint32"),
}
LABELLER_LIMIT = 20  # registers that it gives at once
_HOLE = range(5, 10)


def _meter(unit: str, *, whole: bool) -> dict[str, Register]:
    """The registers of one meter; `whole` for the one that shows every phase."""
    phases = [f"{name}_{phase}" for name in ("voltage", "current") for phase in (1, 2, 3)]
    registers = {
        f"{unit}/{name}": Register("input", 2 * place, "float32")
        for place, name in enumerate(phases)
    }
    registers[f"{unit}/power_factor"] = Register("input", 16, "float32")
    registers[f"{unit}/frequency"] = Register("input", 18, "float32")
    registers[f"{unit}/reactive_power"] = Register("input", 14, "float32", 0.001)
    own = {
        f"{unit}/power": Register("input", 12, "float32", 0.001),
        f"{unit}/energy": Register("input", 20, "uint32", 0.001),
    }
    return {**registers, **own} if whole else own


METERS: dict[int, dict[str, Register]] = {
    1: _meter(f"{LINE}/meter", whole=True),
    2: _meter(f"{LINE}/filler", whole=False),
    3: _meter(f"{LINE}/capper", whole=False),
    4: _meter(f"{LINE}/labeller", whole=False),
    5: _meter(f"{LINE}/packer", whole=False),
    6: _meter(f"{LINE}/palletiser", whole=False),
    7: _meter("utilities/air/compressor", whole=False),
}


class ModbusDevice:
    """One Modbus TCP server with one or more units."""

    def __init__(
        self,
        port: int,
        units: Mapping[int, Mapping[str, Register]],
        moment: Callable[[], Moment],
        *,
        swapped: bool = False,
        limit: int = 125,
        hole: Sequence[int] = (),
    ) -> None:
        self.port = port
        self._units, self._swapped, self._limit, self._hole = units, swapped, limit, hole
        self._moment = moment
        self._server: ModbusTcpServer | None = None

    async def start(self) -> None:
        """Listens; each request is answered from the moment. OSError where the port is taken."""
        devices = [self._device(unit, registers) for unit, registers in self._units.items()]
        self._server = ModbusTcpServer(devices, address=("127.0.0.1", self.port))
        await self._server.serve_forever(background=True)

    async def stop(self) -> None:
        """Drops every connection and closes the port."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
            self._server = None

    def _device(self, unit: int, registers: Mapping[str, Register]) -> SimDevice:
        async def refresh(
            function: int,
            start: int,
            _address: int,
            count: int,
            current: list[int],
            wish: list[int] | list[bool] | None,
        ) -> ExcCodes | None:
            if wish is not None:
                return ExcCodes.ILLEGAL_FUNCTION  # nothing here may be written
            if count > self._limit:
                return ExcCodes.ILLEGAL_VALUE
            moment = self._moment()
            table = "holding" if function in _HOLDING else "input"
            for path, register in registers.items():
                if register.table == table:
                    words = register.words(moment.value(path), swapped=self._swapped)
                    at = register.place - start
                    current[at : at + register.width] = words
            return None

        blocks = (
            [SimData(0, values=False, datatype=DataType.BITS)],
            [SimData(0, values=False, datatype=DataType.BITS)],
            self._block("holding", registers),
            self._block("input", registers),
        )
        return SimDevice(unit, simdata=blocks, action=refresh)

    def _block(self, table: str, registers: Mapping[str, Register]) -> list[SimData]:
        places = [one.place + one.width for one in registers.values() if one.table == table]
        first = min((one.place for one in registers.values() if one.table == table), default=0)
        block: list[SimData] = []
        for place in range(first, max(places, default=1)):
            kind = DataType.INVALID if place in self._hole else DataType.REGISTERS
            block.append(SimData(place, values=0, datatype=kind))
        return block


def capper(port: int, moment: Callable[[], Moment]) -> ModbusDevice:
    """The capper's PLC."""
    return ModbusDevice(port, {1: CAPPER}, moment, swapped=True)


def labeller(port: int, moment: Callable[[], Moment]) -> ModbusDevice:
    """The labeller's PLC."""
    return ModbusDevice(port, {1: LABELLER}, moment, limit=LABELLER_LIMIT, hole=_HOLE)


def meters(port: int, moment: Callable[[], Moment]) -> ModbusDevice:
    """The gateway to all meters."""
    return ModbusDevice(port, METERS, moment)
