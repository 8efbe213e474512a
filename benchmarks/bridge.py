"""Ways to bring the machines' values to MQTT as JSON, each a process of its own.

`isthmus`: our links (connector, retry, health) and paho. `plain`: asyncua, pymodbus and paho, put
together as their manuals do. Both publish one message a value: topic `plant/PROTOCOL/TagN`, body
`{"time": ms, "value": x}`, quality of service 0.

    python -m benchmarks.bridge isthmus|plain OPCUA MODBUS BROKER TAGS EVERY
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
import time
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from isthmus.connectors.modbus import Modbus, ModbusAddress
from isthmus.connectors.opcua import OpcUa, OpcUaAddress
from isthmus.model.ports import Address, Binding, Reading, SourceConfig
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Tag
from isthmus.runtime.collect.link import Link

BLOCK = 100


def connected(broker: int) -> mqtt.Client:
    """A client of the broker, its network in a thread of its own."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker)
    client.loop_start()
    return client


async def isthmus(opcua: int, modbus: int, client: mqtt.Client, tags: int, every: float) -> None:
    """Our links; what they emit is published."""
    state = tempfile.mkdtemp(prefix="bridge-")
    nodes: list[Binding[Address]] = [
        Binding(TagId(tag), Tag(f"opcua/Tag{tag}"), OpcUaAddress(node=f"ns=2;s=Tag{tag}"))
        for tag in range(tags)
    ]
    registers: list[Binding[Address]] = [
        Binding(
            TagId(tags + tag),
            Tag(f"modbus/Tag{tag}"),
            ModbusAddress.parse({"holding": 2 * tag, "as": "uint32"}),
        )
        for tag in range(tags)
    ]
    topics = [f"plant/{binding.tag.path}" for binding in (*nodes, *registers)]

    async def emit(link: Link, reading: Reading) -> None:
        del link
        batch = reading.batch
        rows = zip(
            batch.tag.tolist(), (batch.time // 10**6).tolist(), batch.value.tolist(), strict=True
        )
        for tag, at, value in rows:
            client.publish(topics[tag], json.dumps({"time": at, "value": value}))

    def now() -> Nanoseconds:
        return Nanoseconds(time.time_ns())

    def link(config: SourceConfig, bindings: list[Binding[Address]]) -> Link:
        return Link(config, bindings, emit, emit, now, state)

    server = OpcUa.model_validate(
        {
            "name": "opcua",
            "url": f"opc.tcp://127.0.0.1:{opcua}",
            "security": "none",
            "publish": every,
        }
    )
    device = Modbus(name="modbus", host="127.0.0.1", port=modbus, every=every)
    async with asyncio.TaskGroup() as group:
        group.create_task(link(server, nodes).run())
        group.create_task(link(device, registers).run())


async def plain(opcua: int, modbus: int, client: mqtt.Client, tags: int, every: float) -> None:
    """The stock clients."""
    import asyncua  # noqa: PLC0415 - a peer
    from pymodbus.client import AsyncModbusTcpClient  # noqa: PLC0415 - a peer

    class Told:
        """What asyncua calls with each change."""

        def datachange_notification(self, node: Any, value: float, data: Any) -> None:  # noqa: ANN401
            at = data.monitored_item.Value.SourceTimestamp
            body = {"time": round(at.timestamp() * 1e3), "value": value}
            client.publish(f"plant/opcua/{node.nodeid.Identifier}", json.dumps(body))

    async def poll() -> None:
        device = AsyncModbusTcpClient("127.0.0.1", port=modbus)
        await device.connect()
        beat = time.monotonic()
        while True:
            for start in range(0, 2 * tags, BLOCK):
                count = min(BLOCK, 2 * tags - start)
                answer = await device.read_holding_registers(start, count=count)
                values = device.convert_from_registers(answer.registers, device.DATATYPE.UINT32)
                at = time.time_ns() // 10**6
                for place, value in enumerate(values if isinstance(values, list) else [values]):
                    body = {"time": at, "value": value}
                    client.publish(f"plant/modbus/Tag{start // 2 + place}", json.dumps(body))
            beat = max(beat + every, time.monotonic() - every)
            await asyncio.sleep(max(0.0, beat - time.monotonic()))

    async with asyncua.Client(f"opc.tcp://127.0.0.1:{opcua}") as server:
        subscription = await server.create_subscription(round(every * 1_000), Told())
        nodes = [server.get_node(f"ns=2;s=Tag{tag}") for tag in range(tags)]
        await subscription.subscribe_data_change(nodes, queuesize=10)
        await poll()


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    way, *ports, tags, every = sys.argv[1:]
    opcua, modbus, broker = map(int, ports)
    work = {"isthmus": isthmus, "plain": plain}[way]
    asyncio.run(work(opcua, modbus, connected(broker), int(tags), float(every)))
