"""One element of an array as a sample, whatever the array is of."""

from __future__ import annotations

import pytest
from asyncua import ua

from isthmus.connectors.opcua.decode import Decoder
from isthmus.connectors.opcua.setting import OpcUaAddress
from isthmus.model.ports import Binding
from isthmus.model.tag import Tag


@pytest.mark.parametrize(
    ("kind", "values", "wanted"),
    [
        ("StatusCode", [ua.StatusCode(0), ua.StatusCode(0x80310000)], float(0x80310000)),
        ("Boolean", [False, True], 1.0),
        ("Byte", [1, 7], 7.0),
        ("Int64", [1, -7], -7.0),
        ("Double", [1.0, 7.5], 7.5),
    ],
)
def test_an_element_of_an_array_is_a_number_and_its_neighbours_are_read(kind, values, wanted):
    bindings = [
        Binding(0, Tag("a"), OpcUaAddress(node="i=1", index=1)),
        Binding(1, Tag("b"), OpcUaAddress(node="i=2")),
    ]
    decoder = Decoder(bindings, now=lambda: 1)
    reading = decoder.objects(
        [
            (0, ua.DataValue(ua.Variant(values, ua.VariantType[kind]))),
            (1, ua.DataValue(ua.Variant(1.5))),
        ]
    )
    assert reading.batch.value.tolist() == [wanted, 1.5]
    assert reading.batch.quality.tolist() == [0, 0]
