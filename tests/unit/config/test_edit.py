"""Browsed tags go into a plant file; all else in it stays as it was, to the character."""

from __future__ import annotations

import difflib
import os
import shutil
from pathlib import Path

import pytest

from isthmus.model.errors import ConfigError, StorageError
from isthmus.model.ports import Node
from isthmus.model.tag import Kind
from isthmus.runtime.config import add_tags, lint, load
from isthmus.runtime.config.edit import tag_name, write_whole

PRESS = {"kind": "press", "host": "10.4.1.30"}
NODES = [
    Node("DB1", "Everything", kind="folder"),
    Node("DB1.Speed", "Speed", data_type="Float", unit="1/min", description="Main  drive\n# 1"),
    Node("DB1.MotorTemp", "Motor Temp. (°C)", data_type="Float", unit="degC"),
    Node("DB1.On", "On", data_type="Boolean"),
    Node("DB1.Recipe", "Recipe", data_type="String"),
    Node("DB1.Odd", "Odd", data_type="Int32", unit="furlong"),
]
EQUIPMENT = "packaging/line1/filler"


@pytest.fixture
def file(tmp_path):
    return Path(shutil.copy(Path(__file__).parent / "whole.yaml", tmp_path / "plant.yaml"))


def removed(before: str, after: str):
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line[2:] for line in lines if line.startswith("- ")]


def test_new_tags_are_added_and_nothing_else_changes(file, parts):
    before = file.read_text(encoding="utf-8")
    added = add_tags(file, PRESS, NODES, equipment=EQUIPMENT, parts=parts)
    assert added.connection == "filler-press"
    assert dict(added.tags) == {
        f"{EQUIPMENT}/speed_2": "DB1.Speed",  # `speed` is read by another connection
        f"{EQUIPMENT}/motor_temp_c": "DB1.MotorTemp",
        f"{EQUIPMENT}/on": "DB1.On",
        f"{EQUIPMENT}/recipe": "DB1.Recipe",
        f"{EQUIPMENT}/odd": "DB1.Odd",
    }
    assert added.unknown_units == ("furlong",)
    after = file.read_text(encoding="utf-8")
    assert removed(before, after) == ["          tags: {power: {range: [0, 90]}}"]
    plant = load(file, parts=parts)
    tags = {tag.name: tag for tag in plant.equipment(EQUIPMENT).tags}
    assert (tags["speed_2"].unit, tags["speed_2"].description) == ("1/min", "Main drive # 1")
    assert (tags["on"].kind, tags["recipe"].kind, tags["odd"].unit) == (Kind.BOOLEAN, Kind.TEXT, "")
    assert tags["power"].range == (0, 90)
    assert plant.connections["filler-press"].addresses[f"{EQUIPMENT}/on"].cell == "DB1.On"


def test_the_second_time_nothing_is_added(file, parts):
    add_tags(file, PRESS, NODES, equipment=EQUIPMENT, parts=parts)
    once = file.read_bytes()
    again = add_tags(file, PRESS, NODES, equipment=EQUIPMENT, parts=parts)
    assert (again.files, dict(again.tags)) == ((), {})
    assert again.known == tuple(node.address for node in NODES[1:])
    assert file.read_bytes() == once


def test_a_tag_of_the_type_that_nothing_reads_is_bound(file, parts):
    nodes = [Node("DB1.P", "Power", unit="W")]
    added = add_tags(file, PRESS, nodes, equipment="packaging/line1/packer", parts=parts)
    assert dict(added.tags) == {"packaging/line1/packer/power": "DB1.P"}
    assert load(file, parts=parts).equipment("packaging/line1/packer").tag("power").unit == "kW"


def test_a_connection_to_the_same_endpoint_is_used(file, parts):
    settings = {"kind": "press", "host": "10.4.1.21"}
    before = file.read_text(encoding="utf-8")
    added = add_tags(file, settings, [Node("DB9", "x")], equipment=EQUIPMENT, parts=parts)
    assert added.connection == "capper-plc"
    assert len(removed(before, file.read_text(encoding="utf-8"))) <= 1


@pytest.mark.parametrize(
    "equipment", ["packaging/line9", "packaging/line1/robot", "new/cell/robot"]
)
def test_missing_equipment_is_made(file, parts, equipment):
    before = file.read_text(encoding="utf-8")
    add_tags(file, PRESS, NODES, equipment=equipment, connection="robot-plc", parts=parts)
    assert removed(before, file.read_text(encoding="utf-8")) == []
    plant = load(file, parts=parts)
    assert len(plant.equipment(equipment).tags) == 5
    assert len(plant.connections["robot-plc"].addresses) == 5


def test_equal_names_get_numbers(file, parts):
    nodes = [Node(f"DB{number}", "Temp!") for number in range(3)]
    added = add_tags(file, PRESS, nodes, equipment="packaging/line1/robot", parts=parts)
    names = [path.rpartition("/")[2] for path in added.tags]
    assert names == ["temp", "temp_2", "temp_3"]


def test_in_a_folder_each_part_goes_to_its_file(file, parts, tmp_path):
    text = file.read_text(encoding="utf-8")
    head, _, rest = text.partition("connections:\n")
    folder = tmp_path / "plant"
    folder.mkdir()
    (folder / "a.yaml").write_text(head, encoding="utf-8")
    (folder / "b.yaml").write_text("connections:\n" + rest, encoding="utf-8")
    added = add_tags(folder, PRESS, NODES, equipment=EQUIPMENT, parts=parts)
    assert added.files == (folder / "a.yaml", folder / "b.yaml")
    assert lint(folder, parts=parts)[1] == []
    assert sorted(path.name for path in folder.iterdir()) == ["a.yaml", "b.yaml"]


def test_a_file_that_is_not_there_is_begun(tmp_path, parts):
    file = tmp_path / "new.yaml"
    add_tags(file, PRESS, NODES, equipment="hall/line1/press", parts=parts)
    plant = load(file, parts=parts)
    assert len(plant.connections["press-press"].addresses) == 5


def test_the_old_text_is_kept_only_when_asked(file, parts):
    old = file.read_bytes()
    add_tags(file, PRESS, NODES, equipment=EQUIPMENT, backup=True, parts=parts)
    assert file.with_name("plant.yaml.bak").read_bytes() == old
    assert sorted(path.name for path in file.parent.iterdir()) == ["plant.yaml", "plant.yaml.bak"]


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_line_ends_and_marks_of_the_file_stay(file, parts, ending):
    text = file.read_text(encoding="utf-8").replace("\n", ending)
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    add_tags(file, PRESS, NODES, equipment=EQUIPMENT, parts=parts)
    after = file.read_bytes()
    assert after.startswith(b"\xef\xbb\xbf")
    assert after.count(b"\n") == after.count(ending.encode())
    assert lint(file, parts=parts)[1] == []


@pytest.mark.parametrize(
    ("settings", "equipment", "text"),
    [
        ({"kind": "presss"}, EQUIPMENT, "no connector is of kind"),
        (PRESS, "packaging", "no place for tags"),
        (PRESS, "a/b/c/d", "no place for tags"),
        (PRESS, "pack aging/x", "no place for tags"),
        ({"kind": "press"}, EQUIPMENT, "would have mistakes"),
    ],
)
def test_what_cannot_be_added_leaves_the_file_alone(file, parts, settings, equipment, text):
    before = file.read_bytes()
    with pytest.raises(ConfigError, match=text):
        add_tags(file, settings, NODES, equipment=equipment, parts=parts)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["plant.yaml"]


def test_a_connection_of_another_kind_is_not_used(file, parts):
    settings = {"kind": "modbus", "host": "10.4.1.21"}
    with pytest.raises(ConfigError, match="is not of kind `modbus`"):
        add_tags(file, settings, [], equipment=EQUIPMENT, connection="capper-plc", parts=parts)


def test_an_address_that_is_none_is_refused(file, parts):
    before = file.read_bytes()
    with pytest.raises(ConfigError, match="an address that is none: 9bad"):
        add_tags(file, PRESS, [Node("9bad", "x")], equipment=EQUIPMENT, parts=parts)
    assert file.read_bytes() == before


def test_a_file_with_mistakes_is_not_touched(file, parts):
    file.write_text(file.read_text(encoding="utf-8") + "colour: red\n", encoding="utf-8")
    before = file.read_bytes()
    with pytest.raises(ConfigError, match="mistakes already") as caught:
        add_tags(file, PRESS, NODES, equipment=EQUIPMENT, parts=parts)
    assert caught.value.mistakes
    assert file.read_bytes() == before


def test_a_disk_that_refuses_leaves_no_half_file(file, parts, monkeypatch):
    before = file.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        add_tags(file, PRESS, NODES, equipment=EQUIPMENT, parts=parts)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["plant.yaml"]


def test_a_written_file_keeps_its_mode(file):
    file.chmod(0o640)
    write_whole(file, b"isthmus: 1\n")
    assert (file.stat().st_mode & 0o777, file.read_bytes()) == (0o640, b"isthmus: 1\n")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("GoodCount", "good_count"),
        ("Motor Temp. (°C)", "motor_temp_c"),
        ("HTTPState", "http_state"),
        ("speed", "speed"),
        ("Line-1", "line-1"),
        ("°", "unnamed"),
    ],
)
def test_browse_names_become_tag_names(text, name):
    assert tag_name(text) == name
