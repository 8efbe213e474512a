"""Messages on a real broker: acknowledged, kept where wished, sent after it was away."""

from __future__ import annotations

import asyncio
import json

import aiomqtt
import pytest
from tests.integration.mqtt.conftest import Broker, mosquitto  # noqa: F401 - a fixture
from tests.integration.notify.test_channels import written

from isthmus.model.errors import LinkError
from isthmus.model.plantfile_channel import MqttChannelEntry
from isthmus.runtime.notify.mqtt import MqttChannel

pytestmark = pytest.mark.peer


def channel(broker: Broker, **more):
    told = {
        "kind": "mqtt",
        "broker": broker.url,
        "timeout": "3 s",
        "topic": "acme/{priority}/{about}",
    }
    return MqttChannel(MqttChannelEntry.model_validate(told | more), "floor", lambda: 0)


async def heard(broker: Broker, topic: str):
    async with asyncio.timeout(10), aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe(topic, qos=1)
        async for message in client.messages:
            return str(message.topic), json.loads(message.payload), message.retain
    return None


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_message_is_kept_by_the_broker_and_sent_again_after_an_outage(mosquitto, version):  # noqa: F811
    async def tell():
        made = channel(mosquitto, retain=True, version=version)
        try:
            await made.send(written())
            first = await heard(mosquitto, "acme/#")
            mosquitto.kill()
            with pytest.raises(LinkError):
                await made.send(written())
            mosquitto.start()
            await made.send(written())
            return first, await heard(mosquitto, "acme/#")
        finally:
            await made.close()

    for topic, told, retained in asyncio.run(tell()):
        assert topic == "acme/urgent/hall/line1/press/oil_hot"
        assert (told["to"], told["title"]) == ("anna", "oil hot, <hall>/line1")
        assert retained
