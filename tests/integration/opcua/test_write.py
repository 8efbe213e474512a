"""Browsing a real server, and writing to it."""

from __future__ import annotations

import asyncio
import math

import pytest

from isthmus.connectors.opcua import OpcUaAddress
from isthmus.model.errors import LinkError, ProtocolError
from isthmus.model.event import Action
from isthmus.model.ports import Node
from isthmus.model.sample import TagId

TAGS = ("Speed", "Count", "Running", "Ratio", "Levels", "Small", "Batch", "Missing")


def told(server, opcua, tmp_path, work):
    async def run():
        link = opcua.linked(
            server.url, opcua.bound(*TAGS, index={"Levels": 1}), tmp_path, mode="poll", timeout=2
        )
        await link.open()
        try:
            return await work(link)
        finally:
            await link.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("name", "value"),
    [("Speed", 80.25), ("Speed", math.nan), ("Count", -5), ("Running", 0), ("Ratio", 0.1)],
)
def test_what_is_written_is_read_back_as_the_variable_holds_it(
    server, opcua, tmp_path, name, value
):
    place = TAGS.index(name)

    async def work(link):
        await link.write(Action(TagId(10 + place), value, "test", "test"))
        return (await link.read()).batch.value[place]

    assert told(server, opcua, tmp_path, work) == pytest.approx(value, rel=1e-7, nan_ok=True)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("Count", 1.5, "whole numbers"),
        ("Count", 2**31, "holds -2147483648 to 2147483647"),
        ("Count", math.nan, "whole numbers"),
        ("Running", 2, "0 or 1"),
        ("Ratio", 1e300, "too large"),
        ("Batch", 1, "not a number"),
        ("Missing", 1, "BadNodeIdUnknown"),
    ],
)
def test_what_the_variable_cannot_hold_is_not_sent(server, opcua, tmp_path, name, value, said):
    async def work(link):
        with pytest.raises(ProtocolError, match=said):
            await link.write(Action(TagId(10 + TAGS.index(name)), value, "test", "test"))

    told(server, opcua, tmp_path, work)


def test_a_variable_that_may_not_be_written_says_why(server, opcua, tmp_path):
    async def work(link):
        with pytest.raises((LinkError, ProtocolError), match=r"BadUserAccessDenied|BadNotWritable"):
            await link.write(Action(TagId(10 + TAGS.index("Small")), 4, "test", "test"))

    told(server, opcua, tmp_path, work)


def test_a_tag_of_another_connection_is_not_written(server, opcua, tmp_path):
    async def work(link):
        with pytest.raises(ProtocolError, match="not of connection"):
            await link.write(Action(TagId(999), 1, "test", "test"))

    told(server, opcua, tmp_path, work)


def test_the_root_shows_folders_and_a_folder_its_variables(server, opcua, tmp_path):
    async def work(link):
        return await link.browse(), await link.browse("ns=2;s=Line"), await link.read()

    server.put(Speed=[12.5, "Double"])
    root, line, _ = told(server, opcua, tmp_path, work)
    assert Node("ns=2;s=Line", "Line", kind="folder") in root
    found = {node.name: node for node in line}
    assert found["Speed"] == Node(
        "ns=2;s=Line.Speed",
        "Speed",
        data_type="Double",
        unit="1/min",
        description="bottles a minute",
        value="12.5",
        writable=True,
    )
    assert found["Levels"].value.startswith("[1.0, ")
    assert not found["Small"].writable
    assert found["group 0"].kind == "folder"
    for node in line:
        assert OpcUaAddress.parse(node.address).node == node.address


def test_many_children_come_up_to_the_limit(server, opcua, tmp_path):
    async def work(link):
        everything = await link.browse("ns=2;s=Group0")
        some = await link.browse("ns=2;s=Group0", limit=7)
        return everything, some

    everything, some = told(server, opcua, tmp_path, work)
    assert len(everything) == 40
    assert [node.name for node in some] == [f"value {place}" for place in range(7)]


def test_an_unknown_node_has_no_children_and_says_so(server, opcua, tmp_path):
    async def work(link):
        with pytest.raises(ProtocolError, match=r"BadNodeId(Unknown|Invalid)"):
            await link.browse("ns=2;s=Nowhere")
        with pytest.raises(ProtocolError, match="BadNodeIdInvalid"):
            await link.browse("nonsense")

    told(server, opcua, tmp_path, work)
