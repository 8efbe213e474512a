"""The process of the demo plant: its files, its end, its faults, its second life."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import struct
import time
from pathlib import Path

import yaml
from pymodbus.client import AsyncModbusTcpClient

from isthmus.demo import control
from isthmus.runtime.config import load


def until(condition, seconds: float = 20.0):
    """What `condition` gives as soon as it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it never came true")


def open_port(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_plant_file_loads_and_names_the_real_ports(demo, broker):
    plant = load(demo.folder / "plant.yaml")
    assert (plant.enterprise, plant.site) == ("acme", "riverside")
    line = next(iter(plant.lines()))
    assert [step.buffer for step in line.flow] == [200, 80, 150, 20, 0]
    assert line.ideal_rate == 2.0
    reached = [path for link in plant.connections.values() for path in link.addresses]
    assert sorted(reached) == sorted(tag.path for tag in plant.tags())
    assert {link.config.kind for link in plant.connections.values()} == {
        "opcua", "modbus", "sparkplug", "files",
    }  # fmt: skip
    written = yaml.safe_load((demo.folder / "plant.yaml").read_text())
    assert written["connections"]["capper-plc"]["port"] == demo.ports["capper"]
    assert written["connections"]["packer-edge"]["broker"] == broker.url


def test_the_compressors_lines_match_the_plant_files_pattern(demo):
    written = yaml.safe_load((demo.folder / "plant.yaml").read_text())
    pattern = re.compile(written["connections"]["compressor-log"]["line"])
    log = demo.folder / "compressor" / "compressor.log"
    for _ in range(300):  # a busy machine writes them late
        if len(lines := log.read_text().splitlines()) > 3:
            break
        time.sleep(0.1)
    assert len(lines) > 3
    for line in lines:
        found = pattern.fullmatch(line)
        assert found, line
        assert 5.5 < float(found["pressure"].replace(",", ".")) < 8
    assert lines[-1].startswith("2026-11-10 1")  # local time of the plant


def test_it_ends_on_sigterm_and_begins_again_where_it_was(launch, tmp_path):
    first = launch.start(tmp_path)
    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(15) == 0
    saved = json.loads((tmp_path / "state.json").read_text())
    for pipe in (first.process.stdin, first.process.stdout):
        pipe.close()
    second = launch.start(tmp_path, None, "--pace", f"{time.time_ns()}:{saved['now'] * 10**9}:1")
    try:
        assert second.ports == first.ports

        async def counts() -> list[int]:
            client = AsyncModbusTcpClient("127.0.0.1", port=second.ports["capper"])
            assert await client.connect()
            try:
                return (await client.read_holding_registers(120, count=2, device_id=1)).registers
            finally:
                client.close()

        low, high = asyncio.run(counts())
        assert 0 <= (high << 16 | low) - saved["machines"][1]["good"] < 60
    finally:
        assert launch.end(second) == 0


def test_a_cut_network_drops_the_capper_and_the_packer_and_comes_back(demo, listening):
    with listening() as (_client, wait):
        wait("DDATA")
        assert open_port(demo.ports["capper"])
        assert "cut off" in control.send(demo.folder, "network")
        until(lambda: not open_port(demo.ports["capper"]))
        assert open_port(demo.ports["labeller"])
        wait("NDEATH")
        control.send(demo.folder, "network", on=False)
        until(lambda: open_port(demo.ports["capper"]))
        wait("NBIRTH")
        wait("DDATA")


def test_a_connection_that_is_open_is_dropped_too(demo):
    wire = socket.create_connection(("127.0.0.1", demo.ports["capper"]), 5)
    wire.settimeout(15)
    control.send(demo.folder, "network")
    try:
        request = struct.pack(">HHHBBHH", 1, 0, 6, 1, 3, 100, 2)
        wire.sendall(request)
        while wire.recv(4096):
            continue
        assert not open_port(demo.ports["capper"]), "nobody answers while it is cut"
    finally:
        wire.close()
        control.send(demo.folder, "network", on=False)
    until(lambda: open_port(demo.ports["capper"]))


def test_a_leak_shows_in_the_compressors_log(demo):
    log: Path = demo.folder / "compressor" / "compressor.log"

    def pressure() -> float:
        found = re.search(r"P=([\d,]+)bar", log.read_text().splitlines()[-1])
        assert found is not None
        return float(found[1].replace(",", "."))

    assert pressure() > 6.7
    control.send(demo.folder, "leak")
    try:
        until(lambda: pressure() < 6.6)
    finally:
        control.send(demo.folder, "leak", on=False)
    until(lambda: pressure() > 6.7)
