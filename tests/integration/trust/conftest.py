"""A site whose Modbus machine may be written, within bounds, by a real pymodbus server."""

from __future__ import annotations

import json

import pytest
from tests.integration.site.conftest import Site, eventually

from isthmus.cli.remote import Remote

TAGS = {
    "force": "unit: kN, range: [0, 200], write: {max_step: 50, max_rate: 120, risk: low}",
    "target": "unit: kN, range: [0, 200], write: {needs: [permit], max_step: 100}",
    "danger": "write: {risk: high, range: [0, 10]}",
    "guarded": "write: {interlocks: [target < 150], range: [0, 100], risk: low}",
    "plain": "",
    "scaled": "range: [0, 200], write: {risk: low}",
}


def plant(text: str, mode: str = "live") -> str:
    """The plant of a site, with tags of the press that may be written."""
    tags = ", ".join(f"{name}: {{{said}}}" for name, said in TAGS.items())
    text = text.replace("count: {}, force: {unit: kN}", f"count: {{}}, {tags}")
    places = "\n".join(
        f"      hall/line1/press/{name}: {{holding: {number + 2}, as: uint16"
        + (", scale: 0.1, offset: 5}" if name == "scaled" else "}")
        for number, name in enumerate(TAGS)
        if name != "force"
    )
    text = text.replace(
        "      hall/line1/press/force: {holding: 1, as: uint16}",
        "      hall/line1/press/force: {holding: 1, as: uint16}\n" + places,
    )
    return text + f"writes: {{mode: {mode}}}\n"


@pytest.fixture(scope="module")
def press(tmp_path_factory):
    """A running site and its machine."""
    made = Site(tmp_path_factory.mktemp("press"))
    made.plant.write_text(plant(made.plant.read_text("utf-8")), "utf-8")
    try:
        made.start_machine()
        made.start()
        eventually(lambda: value(made, "force") is not None)
        yield made
    finally:
        made.close()


def write(site, tag, value, **more):
    """What became of a wish of the owner."""
    wish = {"path": f"hall/line1/press/{tag}", "value": value, "reason": "a test", **more}
    return Remote.of(site.data).send("/api/writes", json.dumps(wish).encode())


def value(site, tag):
    """The newest value of a tag of the press."""
    wish = json.dumps({"path": f"hall/line1/press/{tag}", "value": 0}).encode()
    return Remote.of(site.data).send("/api/writes/preview", wish)["before"]
