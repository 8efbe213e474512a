"""What is encoded is decoded, whatever the orders, and as the second implementation spells it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.connectors.modbus.address import ModbusAddress, Order
from isthmus.connectors.modbus.codec import Cell, Columns, encode

VALUES = {
    "bool": st.integers(0, 1),
    "int16": st.integers(-(2**15), 2**15 - 1),
    "uint16": st.integers(0, 2**16 - 1),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "uint32": st.integers(0, 2**32 - 1),
    "int64": st.integers(-(2**53), 2**53),
    "uint64": st.integers(0, 2**53),
    "float32": st.floats(width=32, allow_nan=False),
    "float64": st.floats(allow_nan=False),
    "bcd16": st.integers(0, 9999),
    "bcd32": st.integers(0, 99_999_999),
}
numbers = st.sampled_from(sorted(VALUES)).flatmap(
    lambda layout: st.tuples(st.just(layout), VALUES[layout])
)
orders = st.sampled_from(list(Order))


@given(st.lists(st.tuples(numbers, orders, orders), min_size=1, max_size=20))
def test_a_column_of_anything_survives(written):
    raw, cells = b"", []
    for (layout, value), word, byte in written:
        address = ModbusAddress.parse({"holding": 0, "as": layout})
        cells.append(Cell(address, len(raw), 0, word, byte))
        raw += encode(value, address, word, byte)
    assert Columns(cells).decode(raw).tolist() == [float(value) for (_, value), *_ in written]


@pytest.mark.peer
@given(numbers.filter(lambda made: made[0] not in {"bool", "bcd16", "bcd32"}), orders)
def test_words_are_ordered_as_pymodbus_orders_them(made, word):
    mixin = pytest.importorskip("pymodbus.client.mixin").ModbusClientMixin
    layout, value = made
    address = ModbusAddress.parse({"holding": 0, "as": layout})
    kind = mixin.DATATYPE[layout.upper()]
    theirs = mixin.convert_to_registers(
        value, kind, word_order="big" if word is Order.BIG else "little"
    )
    raw = struct.pack(f">{len(theirs)}H", *theirs)
    assert encode(value, address, word, Order.BIG) == raw


@given(st.binary(min_size=8, max_size=8), st.sampled_from(sorted(VALUES)), orders, orders)
def test_any_registers_decode_to_a_float(raw, layout, word, byte):
    address = ModbusAddress.parse({"holding": 0, "as": layout})
    assert len(Columns([Cell(address, 0, 0, word, byte)]).decode(raw)) == 1
