"""What to send so that a device holds a value, and how to see that it does."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isthmus.connectors.modbus.address import ModbusAddress, Order, Table
from isthmus.connectors.modbus.codec import encode, places
from isthmus.connectors.modbus.transport import Request
from isthmus.model.errors import Refused

if TYPE_CHECKING:
    from isthmus.connectors.modbus.config import Modbus

COIL, REGISTER, REGISTERS, MASK = 5, 6, 16, 22  # function codes
ON, OFF = 0xFF00, 0x0000


@dataclass(frozen=True, slots=True)
class Wish:
    """A write request, the answer that acknowledges it, and the read that proves it.

    The bytes read back must equal `expected` where `mask` has ones.
    """

    request: Request
    echo: bytes
    check: Request | None
    expected: bytes
    mask: bytes


def order(address: ModbusAddress, value: float, config: Modbus) -> Wish:
    """How to write `value` to `address`; Refused where that cannot be done.

    Bits of a register are set with function 22, which the device does at once: reading, changing
    and writing back would undo what the machine changes in between.
    """
    unit = config.unit if address.unit is None else address.unit
    start = address.start
    if address.table in {Table.INPUT, Table.DISCRETE}:
        raise Refused(f"writing {value:g} to {address}: a device's inputs cannot be written")
    if address.table is Table.COIL:
        if value not in {0, 1}:
            raise Refused(f"writing {value:g} to {address}: one bit takes 0 or 1")
        pdu = struct.pack(">BHH", COIL, start, ON if value else OFF)
        expected, mask = bytes([int(value)]), b"\x01"
    elif address.field is not None:
        pdu, expected, mask = _bits(address, value, config)
    else:
        expected = encode(
            value,
            address,
            address.word_order or config.word_order,
            address.byte_order or config.byte_order,
        )
        mask = b"\xff" * len(expected)
        if address.count == 1:
            pdu = struct.pack(">BH", REGISTER, start) + expected
        else:
            head = struct.pack(">BHHB", REGISTERS, start, address.count, len(expected))
            pdu = head + expected
    echo = pdu[1:5] if pdu[0] == REGISTERS else pdu[1:]
    check = Request.read(unit, address.table.read, start, address.count)
    return Wish(
        Request(unit, pdu, len(echo)),
        echo,
        check if address.confirm == "read-back" else None,
        expected,
        mask,
    )


def confirmed(wish: Wish, answer: bytes) -> bool:
    """Whether the read-back `answer` (its byte count first) holds what was wished."""
    held = answer[1:]
    return len(held) == len(wish.expected) and all(
        (byte ^ want) & mask == 0
        for byte, want, mask in zip(held, wish.expected, wish.mask, strict=True)
    )


def _bits(address: ModbusAddress, value: float, config: Modbus) -> tuple[bytes, bytes, bytes]:
    first, count = address.field or (0, 1)
    if value != int(value) or not 0 <= value < 1 << count:
        raise Refused(f"writing {value:g} to {address}: {count} bits have no place for it")
    if address.count != 1:
        raise Refused(
            f"writing {value:g} to {address}: bits are written in a single register",
            hint="address the register that holds the bits, as uint16",
        )
    byte_order = address.byte_order or config.byte_order
    turn = places(1, Order.BIG, byte_order)

    def on_wire(number: int) -> bytes:
        big = number.to_bytes(2)
        return bytes(big[place] for place in turn)

    mask = on_wire(((1 << count) - 1) << first)
    expected = on_wire(int(value) << first)
    keep = bytes(byte ^ 0xFF for byte in mask)
    return struct.pack(">BH", MASK, address.start) + keep + expected, expected, mask
