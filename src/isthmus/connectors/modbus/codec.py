"""Registers to columns and back, for every order of words and bytes, without a loop a value."""

from __future__ import annotations

import math
import struct
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isthmus.connectors.modbus.address import Layout, ModbusAddress, Order
from isthmus.model.errors import Refused
from isthmus.model.sample import Floats, Status, Uint32s

Places = npt.NDArray[np.intp]
Bytes = npt.NDArray[np.uint8]

CODE: Mapping[Layout, str] = {
    Layout.BOOL: "H",
    Layout.INT16: "h",
    Layout.UINT16: "H",
    Layout.INT32: "i",
    Layout.UINT32: "I",
    Layout.INT64: "q",
    Layout.UINT64: "Q",
    Layout.FLOAT32: "f",
    Layout.FLOAT64: "d",
    Layout.BCD16: "H",
    Layout.BCD32: "I",
}
"""The letter by which `struct` and numpy know the machine number behind a layout."""


def places(count: int, word_order: Order, byte_order: Order) -> list[int]:
    """For each byte of a number, the most significant first, where among its registers it is."""
    words = range(count) if word_order is Order.BIG else range(count - 1, -1, -1)
    inner = (0, 1) if byte_order is Order.BIG else (1, 0)
    return [2 * word + byte for word in words for byte in inner]


@dataclass(frozen=True, slots=True)
class Cell:
    """One number in the bytes of an answer: its address, orders resolved, and its first byte.

    Coils and discrete inputs are packed eight a byte: `at` is then the byte, `shift` the bit.
    """

    address: ModbusAddress
    at: int
    shift: int = 0
    word_order: Order = Order.BIG
    byte_order: Order = Order.BIG


@dataclass(frozen=True, slots=True)
class _Group:
    """All cells of one machine number: which rows they fill, and which bytes they take."""

    rows: Places
    index: Places  # (cells, bytes), the most significant byte first
    convert: Callable[[Bytes], Floats]


class Columns:
    """Decodes the joined bytes of many answers into one column; compiled once for many reads."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        by_kind: dict[tuple[Layout, str], list[int]] = defaultdict(list)
        for row, cell in enumerate(cells):
            cut = "coil" if cell.address.table.bits else "bits" if cell.address.field else ""
            by_kind[cell.address.layout, cut].append(row)
        self._size = len(cells)
        self._groups = tuple(
            _group(layout, cut, rows, [cells[row] for row in rows])
            for (layout, cut), rows in by_kind.items()
        )

    def decode(self, raw: bytes) -> Floats:
        """One value a cell, float64; NaN where the registers hold no number.

        Integers beyond 2**53 are rounded to the nearest float64.
        """
        octets = np.frombuffer(raw, np.uint8)
        value = np.empty(self._size)
        for group in self._groups:
            value[group.rows] = group.convert(octets.take(group.index))
        return value


def _group(layout: Layout, cut: str, rows: list[int], cells: list[Cell]) -> _Group:
    if cut == "coil":
        index = np.array([[cell.at] for cell in cells], np.intp)
        shift = np.array([cell.shift for cell in cells], np.uint8)
        return _Group(np.array(rows), index, lambda taken: _number(taken[:, 0] >> shift & 1))
    index = np.array(
        [
            [
                cell.at + place
                for place in places(cell.address.count, cell.word_order, cell.byte_order)
            ]
            for cell in cells
        ],
        np.intp,
    )
    dtype = np.dtype(f">{CODE[layout]}")
    if cut == "bits":
        fields = [cell.address.field or (0, 1) for cell in cells]
        first = np.array([field[0] for field in fields], np.uint64)
        mask = np.array([(1 << field[1]) - 1 for field in fields], np.uint64)
        return _Group(
            np.array(rows),
            index,
            lambda taken: _number(taken.view(dtype)[:, 0].astype(np.uint64) >> first & mask),
        )
    if layout in {Layout.BCD16, Layout.BCD32}:
        return _Group(np.array(rows), index, _decimal)
    if layout is Layout.BOOL:
        return _Group(np.array(rows), index, lambda taken: _number(taken.any(axis=1)))
    return _Group(np.array(rows), index, lambda taken: _number(taken.view(dtype)[:, 0]))


def _number(numbers: npt.ArrayLike) -> Floats:
    with np.errstate(invalid="ignore"):  # a signalling NaN is still a NaN
        return np.asarray(numbers).astype(np.float64)


def _decimal(taken: Bytes) -> Floats:
    digits = np.stack((taken >> 4, taken & 15), axis=2).reshape(len(taken), -1)
    weights = 10.0 ** np.arange(digits.shape[1] - 1, -1, -1)
    value: Floats = digits @ weights
    value[(digits > 9).any(axis=1)] = np.nan  # noqa: PLR2004 - no decimal digit
    return value


def doubt(cells: Sequence[Cell]) -> Uint32s:
    """What it means for each cell when its registers hold no finite number.

    A float that is NaN or infinite is how a device says that its sensor failed; a decimal digit
    above nine was not decoded.
    """
    return np.array(
        [
            Status.BAD_DECODING_ERROR
            if cell.address.layout in {Layout.BCD16, Layout.BCD32}
            else Status.BAD_SENSOR_FAILURE
            for cell in cells
        ],
        np.uint32,
    )


def text(raw: bytes, cell: Cell) -> str:
    """The characters at `cell`, up to the first NUL; ISO 8859-1, so that every byte is one."""
    taken = raw[cell.at : cell.at + 2 * cell.address.count]
    order = places(cell.address.count, Order.BIG, cell.byte_order)
    spelt = bytes(taken[place] for place in order)[: cell.address.length]
    return spelt.partition(b"\0")[0].decode("latin-1").rstrip()


def encode(value: float, address: ModbusAddress, word_order: Order, byte_order: Order) -> bytes:
    """The registers that hold `value`, as they go on the wire.

    Raises Refused where the layout has no place for `value`; an integer layout takes no fraction.
    """
    layout = address.layout
    if layout is Layout.STRING:
        raise Refused(f"writing {value:g} to {address}: text cannot be written")
    if layout in {Layout.FLOAT32, Layout.FLOAT64}:
        number: float = value
    elif not math.isfinite(value) or value != int(value):
        raise Refused(f"writing {value:g} to {address}: {layout} takes whole numbers")
    else:
        number = int(value)
        if layout in {Layout.BCD16, Layout.BCD32}:
            if not 0 <= number < 10 ** (4 * address.count):
                raise Refused(f"writing {value:g} to {address}: {layout} has no place for it")
            number = int(str(number), 16)
    try:
        big = struct.pack(f">{CODE[layout]}", number)
    except (struct.error, OverflowError) as error:
        raise Refused(f"writing {value:g} to {address}: {layout} has no place for it") from error
    out = bytearray(len(big))
    for source, target in enumerate(places(address.count, word_order, byte_order)):
        out[target] = big[source]
    return bytes(out)
