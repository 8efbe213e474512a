"""A stock MQTT client hears the packer's births, data and death, read here by hand."""

from __future__ import annotations

import queue
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

Message = tuple[str, dict[int, list]]


def varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def fields(data: bytes) -> dict[int, list]:
    """Every field of a protobuf message by its number; messages within stay bytes."""
    found: dict[int, list] = {}
    place = 0
    while place < len(data):
        key, place = varint(data, place)
        value: object
        if key & 7 == 0:
            value, place = varint(data, place)
        elif key & 7 == 1:
            value, place = struct.unpack_from("<d", data, place)[0], place + 8
        elif key & 7 == 2:
            size, place = varint(data, place)
            value, place = data[place : place + size], place + size
        else:
            raise AssertionError(key & 7)
        found.setdefault(key >> 3, []).append(value)
    return found


def metrics(payload: dict[int, list]) -> list[dict[int, list]]:
    return [fields(metric) for metric in payload.get(2, [])]


def named(payload: dict[int, list]) -> dict[str, dict[int, list]]:
    return {metric[1][0].decode(): metric for metric in metrics(payload)}


@contextmanager
def listener(broker) -> Iterator[tuple[Client, Callable[..., Message]]]:
    heard: queue.Queue[Message] = queue.Queue()
    client = Client(CallbackAPIVersion.VERSION2, client_id="hostapplication")
    client.tls_set(str(broker.ca))
    client.username_pw_set(broker.user, broker.password)

    def on_message(_client, _data, message: MQTTMessage) -> None:
        heard.put((message.topic.split("/")[2], fields(message.payload)))

    client.on_message = on_message
    client.on_connect = lambda one, *_: one.subscribe("spBv1.0/riverside/#", qos=1)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()

    def wait(verb: str, timeout: float = 20.0) -> Message:
        until = time.monotonic() + timeout
        while True:
            message = heard.get(timeout=max(0.01, until - time.monotonic()))
            if message[0] == verb:
                return message

    try:
        yield client, wait
    finally:
        client.disconnect()
        client.loop_stop()


def rebirth(client: Client) -> None:
    name = b"Node Control/Rebirth"
    metric = b"\x0a" + bytes([len(name)]) + name + b"\x20\x0b\x70\x01"
    payload = b"\x12" + bytes([len(metric)]) + metric
    client.publish("spBv1.0/riverside/NCMD/packer-edge", payload, qos=1).wait_for_publish(5)


def test_data_follows_births_by_alias_and_sequence(demo, broker):
    with listener(broker) as (client, wait):
        wait("DDATA")
        rebirth(client)
        _, birth = wait("NBIRTH")
        assert birth[3] == [0]
        node = named(birth)
        assert set(node) == {"bdSeq", "Node Control/Rebirth"}
        assert node["bdSeq"][4] == [8]
        _, device = wait("DBIRTH")
        assert device[3] == [1]
        born = named(device)
        assert {"state", "good_count", "glue_temperature", "cartons_left", "speed"} <= set(born)
        assert len({metric[2][0] for metric in born.values()}) == len(born)
        assert 140 < born["glue_temperature"][13][0] < 180
        assert born["state"][10][0] in range(1, 18)
        unit = fields(born["glue_temperature"][9][0])
        assert unit[1] == [b"engUnit"]
        assert fields(unit[2][0])[8] == [b"degC"]
        aliases = {metric[2][0] for metric in born.values()}
        for expected in (2, 3, 4):
            _, data = wait("DDATA")
            assert data[3] == [expected]
            assert abs(data[1][0] / 1000 - demo.plant_time(time.time())) < 240
            for metric in metrics(data):
                assert 1 not in metric
                assert metric[2][0] in aliases


def test_a_goodbye_is_a_death_and_the_next_birth_has_the_next_number(
    demo, broker, launch, tmp_path
):
    """A second plant takes the client id, which the broker may hold only once."""
    with listener(broker) as (_client, wait):
        other = launch.start(tmp_path / "other", broker)
        try:
            _, first = wait("NBIRTH")
        finally:
            assert launch.end(other) == 0
        number = named(first)["bdSeq"][11]
        while named(wait("NDEATH")[1])["bdSeq"][11] != number:
            continue  # the death of the plant that was thrown out
        _, again = wait("NBIRTH")  # the first plant is back
        assert named(again)["bdSeq"][11][0] > 0
        wait("DDATA")
