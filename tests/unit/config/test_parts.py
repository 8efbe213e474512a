"""Connectors are found without importing them; what is missing or broken is named."""

from __future__ import annotations

import sys

import pytest

from isthmus.runtime.config import PartError, Parts
from isthmus.runtime.config.parts import install_line


def test_names_are_read_without_importing(parts):
    sys.modules.pop("acme_press", None)
    assert {"press", "gauge", "broken", "opcua"} <= set(parts)
    assert "acme_press" not in sys.modules
    assert parts["press"].__name__ == "Press"


def test_our_own_connectors_load():
    assert {kind for kind, _ in Parts().usable()} >= {
        "opcua",
        "modbus",
        "mqtt",
        "sparkplug",
        "files",
    }


def test_usable_parts_leave_out_broken_ones(parts):
    assert "broken" not in dict(parts.usable())


@pytest.mark.parametrize(
    ("kind", "module", "line"),
    [
        ("opcua", "asyncua", "pip install 'isthmus[opcua]'"),
        ("sparkplug", "google.protobuf", "pip install 'isthmus[mqtt]'"),
        ("mqtt", "paho.mqtt", "pip install 'isthmus[mqtt]'"),
        ("files", "unheard_of", "pip install unheard-of"),
    ],
)
def test_the_install_line_is_exact(kind, module, line):
    assert install_line(kind, module, Parts().entries[kind].dist) == line


def test_an_unknown_kind_names_the_nearest_and_all(parts):
    with pytest.raises(PartError, match="no connector is of kind `modbuss`") as caught:
        parts["modbuss"]
    assert "did you mean `modbus`?" in caught.value.hint
    assert "sparkplug" in caught.value.hint
