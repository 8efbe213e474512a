"""A stock MQTT client hears the packer's births, data and death, read here by hand."""

from __future__ import annotations

import struct
import time

from paho.mqtt.client import Client


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


def metrics(payload: bytes) -> list[dict[int, list]]:
    return [fields(metric) for metric in fields(payload).get(2, [])]


def named(payload: bytes) -> dict[str, dict[int, list]]:
    return {metric[1][0].decode(): metric for metric in metrics(payload)}


def rebirth(client: Client) -> None:
    name = b"Node Control/Rebirth"
    metric = b"\x0a" + bytes([len(name)]) + name + b"\x20\x0b\x70\x01"
    payload = b"\x12" + bytes([len(metric)]) + metric
    client.publish("spBv1.0/riverside/NCMD/packer-edge", payload, qos=1).wait_for_publish(5)


def test_data_follows_births_by_alias_and_sequence(demo, listening):
    with listening() as (client, wait):
        wait("DDATA")
        rebirth(client)
        birth = wait("NBIRTH")
        assert fields(birth)[3] == [0]
        node = named(birth)
        assert set(node) == {"bdSeq", "Node Control/Rebirth"}
        assert node["bdSeq"][4] == [8]
        device = wait("DBIRTH")
        assert fields(device)[3] == [1]
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
            data = wait("DDATA")
            assert fields(data)[3] == [expected]
            assert abs(fields(data)[1][0] / 1000 - demo.plant_time(time.time())) < 240
            for metric in metrics(data):
                assert 1 not in metric
                assert metric[2][0] in aliases


def test_a_goodbye_is_a_death_and_the_next_birth_has_the_next_number(
    demo, broker, launch, listening, tmp_path
):
    """A second plant takes the client id, which the broker may hold only once."""
    with listening() as (_client, wait):
        other = launch.start(tmp_path / "other", broker)
        try:
            first = wait("NBIRTH")
        finally:
            assert launch.end(other) == 0
        number = named(first)["bdSeq"][11]
        while named(wait("NDEATH"))["bdSeq"][11] != number:
            continue  # the death of the plant that was thrown out
        again = wait("NBIRTH")  # the first plant is back
        assert named(again)["bdSeq"][11][0] > 0
        wait("DDATA")
