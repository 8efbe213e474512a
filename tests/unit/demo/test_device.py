"""Registers, log lines, faults and the plant file, without a network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from isthmus.demo import control
from isthmus.demo.instruments import Instruments
from isthmus.demo.logfile import CompressorLog
from isthmus.demo.logo import LOGO
from isthmus.demo.modbus import CAPPER, LABELLER, METERS, Register
from isthmus.demo.moment import Moment
from isthmus.demo.physics.calendar import Calendar
from isthmus.demo.physics.chance import Chance
from isthmus.demo.physics.plant import Fault, Plant
from isthmus.demo.plantfile import plant_file
from isthmus.demo.plantlinks import Places
from isthmus.demo.signal import COLUMNS, LINE, PATHS, SIGNALS
from isthmus.demo.text import texts
from isthmus.model.errors import ConfigError
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.config import load

START = 1_794_293_000


def shown(plant: Plant) -> dict[str, float]:
    values = Instruments(plant.chance).read(np.array([plant.row()]), plant.now)
    return dict(zip(PATHS, values[0].tolist(), strict=True))


def plant() -> Plant:
    return Plant(7, START, first_order=1042, calendar=Calendar.around(START))


def test_every_column_of_a_row_has_a_name():
    assert len(plant().row()) == len(COLUMNS) == len(set(COLUMNS))


@pytest.mark.parametrize("registers", [CAPPER, LABELLER, *METERS.values()])
def test_registers_do_not_overlap_and_show_known_tags(registers):
    taken = set()
    for path, register in registers.items():
        assert path in SIGNALS
        for place in range(register.place, register.place + register.width):
            assert (register.table, place) not in taken
            taken.add((register.table, place))


def test_words_of_a_register():
    assert Register("holding", 0, "float32").words(1.0, swapped=False) == (0x3F80, 0)
    assert Register("holding", 0, "float32").words(1.0, swapped=True) == (0, 0x3F80)
    assert Register("holding", 0, "uint32", 0.001).words(70.0, swapped=False) == (1, 4464)
    assert Register("holding", 0, "int16", 0.01).words(-0.3, swapped=False) == (0xFFE2,)
    assert Register("input", 0, "uint16", 1.0, {6: 2}).words(6.0, swapped=False) == (2,)


def test_a_frozen_sensor_stands_still_and_thaws():
    one = plant()
    one.set_faults(frozenset({Fault.SENSOR_FREEZE}))
    seen = set()
    for _ in range(200):
        one.step()
        seen.add(shown(one)[f"{LINE}/filler/fill_volume"])
    assert len(seen) == 1
    one.set_faults(frozenset())
    for _ in range(200):
        one.step()
        seen.add(shown(one)[f"{LINE}/filler/fill_volume"])
    assert len(seen) > 5


def test_instruments_read_a_second_alone_or_among_others_alike():
    one = plant()
    rows = []
    for _ in range(60):
        one.step()
        rows.append(one.row())
    together = Instruments(Chance(7)).read(np.array(rows), START + 1)
    alone = Instruments(Chance(7)).read(np.array(rows[30:31]), START + 31)
    assert np.array_equal(together[30], alone[0])


def test_the_log_begins_anew_before_it_is_too_long(tmp_path: Path):
    log = CompressorLog(tmp_path, largest=1000)
    one = plant()
    values = list(shown(one).values())
    written = 0
    for second in range(START, START + 400):
        moment = Moment(Nanoseconds(second * 10**9), values, texts(one))
        before = log.file.stat().st_size if log.file.exists() else 0
        log.show(moment)
        written += log.file.stat().st_size != before
    assert written == 200  # a line each two seconds
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "compressor.log", "compressor.log.1", "compressor.log.2", "compressor.log.3",
    ]  # fmt: skip
    assert all(file.stat().st_size <= 1000 for file in tmp_path.iterdir())
    newest = log.file.read_text().splitlines()[-1]
    assert newest.startswith("2026-11-10 07:49:58")
    assert "bar RUN=1 H=12345" in newest


def test_faults_are_set_and_cleared_and_the_networks_ends_by_itself(tmp_path: Path, monkeypatch):
    (tmp_path / "plant.yaml").write_text("isthmus: 1\n")
    assert control.faults_of(tmp_path) == frozenset()
    assert "leak" in control.send(tmp_path, "leak")
    assert "wears" in control.send(tmp_path, "bearing")
    control.send(tmp_path, "network")
    assert control.faults_of(tmp_path) == {Fault.LEAK, Fault.BEARING, Fault.NETWORK}
    assert control.send(tmp_path, "leak", on=False) == "leak is cleared"
    monkeypatch.setattr(control, "NETWORK_FOR", 0.0)
    assert control.faults_of(tmp_path) == {Fault.BEARING}


def test_an_unknown_fault_and_an_absent_plant_are_named(tmp_path: Path):
    with pytest.raises(ConfigError, match="no fault `bering`") as wrong:
        control.send(tmp_path, "bering")
    assert "sensor-freeze" in wrong.value.hint
    with pytest.raises(ConfigError, match="no demo plant"):
        control.send(tmp_path, "leak")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"leak": "soon", "flood": 1}', "7"])
def test_a_damaged_faults_file_is_no_fault(tmp_path: Path, text: str):
    (tmp_path / "faults.json").write_text(text)
    assert control.faults_of(tmp_path) == frozenset()


def test_the_plant_file_needs_no_correction(tmp_path: Path):
    ports = {"filler": 4840, "palletiser": 4841, "capper": 502, "labeller": 503, "meters": 504}
    places = Places(
        ports, tmp_path / "pki with a blank", tmp_path / "compressor" / "*.log",
        "mqtts://127.0.0.1:8883", str(tmp_path / "ca.pem"), "packer", str(tmp_path / "password"),
    )  # fmt: skip
    (tmp_path / "logo.svg").write_text(LOGO, "utf-8")
    file = tmp_path / "plant.yaml"
    (tmp_path / "logo.svg").write_text(LOGO)
    file.write_text(plant_file(places, Calendar.around(START)))
    loaded = load(file)
    tags = {tag.path: tag for tag in loaded.tags()}
    assert set(PATHS) <= set(tags)
    assert len(tags) == len(PATHS) + 3 + 1  # texts, and an alarm of a PLC
    reached = {path for link in loaded.connections.values() for path in link.addresses}
    assert reached == set(tags)
    assert all(len(line) < 180 for line in file.read_text().splitlines())
    breaks = loaded.calendars["three-shift"].breaks
    assert breaks == Calendar.around(START).breaks
    assert json.dumps(ports) not in file.read_text()
