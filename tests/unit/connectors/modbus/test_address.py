"""What a plant file may write for a Modbus value."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from isthmus.connectors.modbus import Modbus, ModbusAddress
from isthmus.connectors.modbus.address import Layout, Table
from isthmus.model.errors import ConfigError
from isthmus.model.ports import Binding
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Tag


@pytest.mark.parametrize(
    ("written", "table", "start", "layout", "count"),
    [
        ({"holding": 100, "as": "float32"}, Table.HOLDING, 100, Layout.FLOAT32, 2),
        ({"input": 12, "as": "uint16", "map": {0: "stopped"}}, Table.INPUT, 12, Layout.UINT16, 1),
        ({"holding": 0}, Table.HOLDING, 0, Layout.UINT16, 1),
        ({"coil": 5}, Table.COIL, 5, Layout.BOOL, 1),
        ({"discrete": 65_535}, Table.DISCRETE, 65_535, Layout.BOOL, 1),
        ("holding:100:float64", Table.HOLDING, 100, Layout.FLOAT64, 4),
        ("input:7.3", Table.INPUT, 7, Layout.UINT16, 1),
        ("coil:9", Table.COIL, 9, Layout.BOOL, 1),
        ("holding:40:string:15", Table.HOLDING, 40, Layout.STRING, 8),
        ({"holding": 1, "as": "uint32", "bits": [20, 4]}, Table.HOLDING, 1, Layout.UINT32, 2),
    ],
)
def test_addresses(written, table, start, layout, count):
    address = ModbusAddress.parse(written)
    assert (address.table, address.start, address.layout, address.count) == (
        table, start, layout, count,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({}, "exactly one of"),
        ({"holding": 1, "coil": 1}, "exactly one of"),
        ({"holding": 65_535, "as": "uint32"}, "beyond 65535"),
        ({"holding": -1}, "greater than or equal to 0"),
        ({"holding": 1, "as": "float"}, "float32"),
        ({"coil": 1, "as": "uint16"}, "one bit"),
        ({"holding": 1, "as": "string"}, "go together"),
        ({"holding": 1, "length": 4}, "go together"),
        ({"holding": 1, "bit": 16}, "not in uint16"),
        ({"holding": 1, "bits": [12, 5]}, "not in uint16"),
        ({"holding": 1, "bits": [0, 0]}, "not in uint16"),
        ({"holding": 1, "as": "float32", "bit": 1}, "cut out of"),
        ({"holding": 1, "bit": 1, "bits": [0, 2]}, "not both"),
        ({"holding": 1, "registr": 2}, "registr"),
        ("holding:1:float32:4", "go together"),
        ("40001", "is no address"),
        ("holding:1:", "is no address"),
        ("coil:99999", "65535"),
    ],
)
def test_mistakes_are_named(written, says):
    with pytest.raises((ValidationError, ValueError), match=says):
        ModbusAddress.parse(written)


def test_a_value_wider_than_a_read_is_a_mistake_of_the_file():
    config = Modbus(name="plc", host="10.4.1.21", max_registers=2)
    binding = Binding(TagId(0), Tag("a/b"), ModbusAddress.parse("holding:0:float64"))
    with pytest.raises(ConfigError, match="`max_registers` is 2"):
        config.build([binding], now=lambda: Nanoseconds(0), state="")


def test_an_address_says_itself_in_short():
    for written in ("holding:100:float64", "input:7.3:uint16", "coil:9"):
        assert str(ModbusAddress.parse(written)) == written
