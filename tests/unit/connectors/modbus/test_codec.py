"""Golden registers for every order of words and bytes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from isthmus.connectors.modbus.address import Layout, ModbusAddress, Order
from isthmus.connectors.modbus.codec import Cell, Columns, doubt, encode, text
from isthmus.model.errors import Refused
from isthmus.model.sample import Status

BIG, SWAPPED = Order.BIG, Order.SWAPPED

GOLDEN = [  # layout, value, then words-bytes: big-big, swapped-big, big-swapped, swapped-swapped
    ("float32", 12.5, "41480000", "00004148", "48410000", "00004841"),
    ("uint32", 0x01020304, "01020304", "03040102", "02010403", "04030201"),
    ("int32", -2, "fffffffe", "fffeffff", "fffffeff", "feffffff"),
    (
        "float64",
        -1.5,
        "bff8000000000000",
        "000000000000bff8",
        "f8bf000000000000",
        "000000000000f8bf",
    ),
    (
        "uint64",
        0x0102030405,
        "0000000102030405",
        "0405020300010000",
        "0000010003020504",
        "0504030201000000",
    ),
    ("int64", -3, "fffffffffffffffd", "fffdffffffffffff", "fffffffffffffdff", "fdffffffffffffff"),
    ("int16", -32768, "8000", "8000", "0080", "0080"),
    ("uint16", 65534, "fffe", "fffe", "feff", "feff"),
    ("bool", 1, "0001", "0001", "0100", "0100"),
    ("bcd16", 1987, "1987", "1987", "8719", "8719"),
    ("bcd32", 19871234, "19871234", "12341987", "87193412", "34128719"),
]
ORDERS = [(BIG, BIG), (SWAPPED, BIG), (BIG, SWAPPED), (SWAPPED, SWAPPED)]
CASES = [
    (layout, value, bytes.fromhex(spelt), word, byte)
    for layout, value, *spellings in GOLDEN
    for spelt, (word, byte) in zip(spellings, ORDERS, strict=True)
]


def decode(raw, *cells):
    return Columns(cells).decode(raw)


@pytest.mark.parametrize(("layout", "value", "raw", "word", "byte"), CASES)
def test_golden_registers(layout, value, raw, word, byte):
    address = ModbusAddress.parse({"holding": 0, "as": layout})
    assert decode(b"\xaa\xaa" + raw, Cell(address, 2, 0, word, byte)).tolist() == [value]
    assert encode(value, address, word, byte) == raw


def test_many_layouts_in_one_answer_keep_their_rows():
    raw = b"".join(raw for _, _, raw, _, _ in CASES)
    cells, at = [], 0
    for layout, _, spelt, word, byte in CASES:
        address = ModbusAddress.parse({"holding": 0, "as": layout})
        cells.append(Cell(address, at, 0, word, byte))
        at += len(spelt)
    assert decode(raw, *cells).tolist() == [value for _, value, *_ in CASES]


def test_coils_are_packed_lowest_first():
    address = ModbusAddress.parse("coil:0")
    cells = [Cell(address, place // 8, place % 8) for place in range(10)]
    assert decode(bytes([0b1100_0001, 0b10]), *cells).tolist() == [1, 0, 0, 0, 0, 0, 1, 1, 0, 1]


def test_fields_of_bits():
    raw = bytes.fromhex("a5f000000000000080")
    cells = [
        Cell(ModbusAddress.parse("holding:0.15"), 0),
        Cell(ModbusAddress.parse({"holding": 0, "bits": [4, 4]}), 0),
        Cell(ModbusAddress.parse({"holding": 0, "as": "uint64", "bits": [63, 1]}), 0),
        Cell(ModbusAddress.parse({"holding": 0, "as": "uint32", "bits": [0, 32]}), 0),
    ]
    assert decode(raw, *cells).tolist() == [1, 0xF, 1, 0xA5F00000]


def test_text_ends_at_its_length_or_at_nul():
    raw = b"PET 0,5L\0\0xx"
    assert text(raw, Cell(ModbusAddress.parse("holding:0:string:12"), 0)) == "PET 0,5L"
    assert text(raw, Cell(ModbusAddress.parse("holding:0:string:3"), 0)) == "PET"
    swapped = Cell(ModbusAddress.parse("holding:0:string:8"), 0, byte_order=SWAPPED)
    assert text(b"EP T,05L", swapped) == "PET 0,L5"


def test_no_decimal_digit_is_nan_and_says_why():
    cells = [
        Cell(ModbusAddress.parse("holding:0:bcd16"), 0),
        Cell(ModbusAddress.parse("holding:0:float32"), 0),
    ]
    assert np.isnan(decode(bytes.fromhex("00a17fc0"), cells[0])).all()
    assert doubt(cells).tolist() == [Status.BAD_DECODING_ERROR, Status.BAD_SENSOR_FAILURE]


@pytest.mark.parametrize(
    ("layout", "value"),
    [
        ("uint16", -1),
        ("uint16", 65_536),
        ("int16", 32_768),
        ("uint16", 0.5),
        ("uint16", math.nan),
        ("int32", math.inf),
        ("bcd16", 10_000),
        ("bcd16", -1),
        ("float32", 1e300),
        ("uint64", 2.0**64),
    ],
)
def test_what_has_no_place_is_refused(layout, value):
    address = ModbusAddress.parse({"holding": 0, "as": layout})
    with pytest.raises(Refused, match="writing"):
        encode(value, address, BIG, BIG)


def test_every_layout_has_its_golden_registers():
    assert {layout for layout, *_ in GOLDEN} | {"string"} == set(Layout)
