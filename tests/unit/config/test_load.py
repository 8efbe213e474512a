"""What a right plant file means."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from isthmus.model.errors import ConfigError, LinkError
from isthmus.model.plant import Calendar, Conduit, Level, Shift, Step, Zone
from isthmus.model.secret import Secret
from isthmus.model.state import PACKML
from isthmus.model.tag import Counter, Kind, Limits
from isthmus.runtime.config import Parts, kinds, later, lint, load, schema

EXAMPLES = Path(__file__).parents[3] / "examples"
HEAD = "isthmus: 1\nenterprise: acme\nsite: riverside\n"


@pytest.fixture
def plant(parts):
    return load(Path(__file__).parent / "whole.yaml", parts=parts)


@pytest.fixture
def written(tmp_path, parts):
    def read(text: str):
        file = tmp_path / "plant.yaml"
        file.write_text(HEAD + text, encoding="utf-8")
        return load(file, parts=parts)

    return read


def test_the_tree_has_the_levels_of_isa_95(plant):
    assert [(found.path, found.level) for found in plant.walk()][:4] == [
        ("packaging", Level.AREA),
        ("packaging/line1", Level.WORK_CENTER),
        ("packaging/line1/filler", Level.WORK_UNIT),
        ("packaging/line1/filler/head", Level.EQUIPMENT_MODULE),
    ]
    assert plant.equipment("packaging").title == "Packaging hall"


def test_a_line_knows_its_flow_rate_meter_and_calendar(plant):
    line = plant.equipment("packaging/line1")
    assert line.ideal_rate == pytest.approx(2.0)
    assert line.bottleneck == "packaging/line1/filler"
    assert line.energy_meter == "packaging/line1/meter"
    assert line.flow == (
        Step("packaging/line1/filler", 200),
        Step("packaging/line1/capper", 80),
        Step("packaging/line1/packer"),
    )
    assert line.owners == {"ot": "shift-lead", "it": "data-team"}
    assert line.tag("order").kind is Kind.TEXT
    assert plant.equipment("packaging/line1/filler").calendar == "two-shift"
    assert plant.equipment("packaging/line1/packer").calendar == "night"


def test_types_inherit_tags_and_may_say_more_of_them(plant):
    filler = plant.equipment("packaging/line1/filler")
    assert [tag.name for tag in filler.tags] == [
        *("state", "power", "energy", "good_count", "scrap_count"),
        *("speed", "motor_temp", "setpoint", "product", "running", "pump_state"),
    ]
    power = filler.tag("power")
    assert (power.unit, power.range, power.deadband) == ("kW", (0, 90), 0.05)
    assert plant.equipment("packaging/line1/capper").tag("power").range == (0, 60)
    assert filler.idle_states == ("idle", "held", "suspended")
    assert filler.facts == {"serial": "0042", "built": 2019, "line-voltage": 400, "batch": "1.10"}


def test_a_line_says_which_days_its_energy_is_measured_against(plant):
    assert plant.equipment("packaging/line1").baseline == (date(2026, 3, 1), date(2026, 3, 31))
    assert plant.equipment("packaging/line1/filler").baseline is None


def test_tags_mean_what_they_say(plant):
    filler = plant.equipment("packaging/line1/filler")
    assert filler.tag("state").legend == PACKML
    assert filler.tag("state").kind is Kind.ENUMERATION
    assert filler.tag("energy").counter == Counter(wraps_at=1_000_000)
    assert filler.tag("good_count").counter == Counter(resets=True)
    temperature = filler.tag("motor_temp")
    assert temperature.limits == Limits(high=85, high_high=95)
    assert temperature.role == "temperature"
    assert filler.tag("setpoint").writable
    assert not filler.tag("speed").writable
    assert filler.tag("product").kind is Kind.TEXT
    assert filler.tag("running").legend == {0: "off", 1: "on"}
    assert filler.tag("pump_state").legend == {0: "off", 1: "on", 2: "no"}


def test_tags_know_the_type_and_the_title_of_their_equipment(plant):
    for equipment in plant.walk():
        assert {(tag.type, tag.title) for tag in equipment.tags} <= {
            (equipment.type, equipment.title)
        }
    assert plant.equipment("packaging/line1/filler").tag("speed").type


def test_templates_reach_every_tag_but_those_told_one_by_one(plant):
    addresses = plant.connections["filler-plc"].addresses
    base = "packaging/line1/filler/"
    assert addresses[base + "good_count"].cell == "Filler.GoodCount"
    assert addresses[base + "product"].cell == "Recipe.Name"
    assert addresses[base + "setpoint"].cell == "Filler.SETPOINT_filler_setpoint"
    assert base + "running" not in addresses
    assert base + "pump_state" not in addresses
    bits = plant.connections["capper-plc"].addresses["packaging/line1/capper/state"]
    assert bits.map == {0: "stopped", 1: "execute"}
    assert set(plant.connections["capper-plc"].addresses) == {
        "packaging/line1/capper/state",
        "packaging/line1/capper/power",
        "packaging/line1/filler/running",
    }


def test_settings_of_connections_may_be_quantities(plant):
    config = plant.connections["filler-plc"].config
    assert (config.name, config.every, config.publish, config.zone) == (
        *("filler-plc", 0.5, 0.25),
        "line1",
    )
    assert config.password == Secret(env="FILLER_PASSWORD")


def test_the_other_sections_are_kept(plant):
    assert plant.calendars["two-shift"] == Calendar(
        "two-shift",
        (
            Shift("early", 360, 840, frozenset(range(5))),
            Shift("late", 840, 1320, frozenset({0, 2, 5, 6})),
        ),
        ((540, 555),),
    )
    assert plant.calendars["night"].shifts == (Shift("all", 1320, 360, frozenset(range(7))),)
    assert plant.zones["line1"] == Zone("line1", 2, 2, ("10.4.1.0/24",))
    assert plant.conduits == (Conduit("line1", "dmz", ("nats-tls",), "samples", "data-team"),)
    assert plant.history["keep"] == {
        "raw": 400 * 86_400,
        "minutes": 10 * 31_557_600,
        "least": 7 * 86_400,
    }
    assert plant.history["disk"] == 200e9
    assert plant.tariffs["electricity"]["06:00-22:00"] == 0.24
    assert plant.erp["orders_for"] == "packaging/line1"
    assert plant.people["teams"]["data-team"]["side"] == "it"
    assert (plant.timezone, plant.currency) == ("Europe/Berlin", "EUR")


def test_a_folder_reads_as_one_file_would(plant, parts, tmp_path):
    text = (Path(__file__).parent / "whole.yaml").read_text(encoding="utf-8")
    head, _, rest = text.partition("connections:\n")
    (tmp_path / "a_plant.yaml").write_text(head, encoding="utf-8")
    (tmp_path / "b_links.yml").write_text("connections:\n" + rest, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("{", encoding="utf-8")
    assert load(tmp_path, parts=parts) == plant


def test_no_file_and_no_files_say_what_to_do(tmp_path):
    for path in (tmp_path / "plant.yaml", tmp_path):
        with pytest.raises(ConfigError, match=str(tmp_path)) as caught:
            lint(path)
        assert "isthmus new plant" in caught.value.hint


def test_an_unreadable_file_is_a_mistake(tmp_path):
    (tmp_path / "a.yaml").mkdir()
    plant, mistakes = lint(tmp_path)
    assert plant is None
    assert "reading the file" in mistakes[0].text


def test_text_of_ten_megabytes_is_one_mistake(written):
    with pytest.raises(ConfigError) as caught:
        written("currency: " + "x" * 10_000_000)
    (mistake,) = caught.value.mistakes
    assert (mistake.line, len(mistake.text) < 200) == (4, True)


def test_a_tag_in_short_is_its_unit(written):
    plant = written("equipment: {a: {b: {tags: {power: kW, x: , y: {}}}}}")
    assert [tag.unit for tag in plant.tags()] == ["kW", "", ""]


def test_ten_thousand_tags_are_read(written):
    tags = ", ".join(f"t{number}: {{unit: kW}}" for number in range(100))
    lines = "".join(f"    line{number}: {{type: Many}}\n" for number in range(100))
    plant = written(f"types: {{Many: {{tags: {{{tags}}}}}}}\nequipment:\n  hall:\n{lines}")
    assert len(list(plant.tags())) == 10_000


def test_secrets_are_read_when_they_are_used(monkeypatch, tmp_path):
    monkeypatch.setenv("PRESS_PASSWORD", "open")
    assert Secret(env="PRESS_PASSWORD").reveal() == "open"
    (tmp_path / "key").write_text("sesame\n", encoding="utf-8")
    assert Secret(file=str(tmp_path / "key")).reveal() == "sesame"
    monkeypatch.delenv("PRESS_PASSWORD")
    with pytest.raises(LinkError, match="PRESS_PASSWORD"):
        Secret(env="PRESS_PASSWORD").reveal()
    with pytest.raises(LinkError, match="gone"):
        Secret(file=str(tmp_path / "gone")).reveal()


@pytest.mark.parametrize("path", ["01_own_plant/plant.yaml", "02_folder/plant"])
def test_the_examples_have_no_mistake(path, tmp_path):
    source = EXAMPLES / path
    copy = tmp_path / source.name
    (shutil.copytree if source.is_dir() else shutil.copy)(source, copy)
    plant, mistakes = lint(copy)
    assert mistakes == []
    assert all(link.addresses for link in plant.connections.values())


@pytest.mark.parametrize(
    ("ours", "expected"), [("", "Europe/Berlin"), ("    timezone: Asia/Tokyo\n", "Asia/Tokyo")]
)
def test_lines_without_a_zone_are_in_the_plants(tmp_path, ours, expected):
    file = tmp_path / "plant.yaml"
    file.write_text(
        "isthmus: 1\nenterprise: acme\nsite: riverside\ntimezone: Europe/Berlin\nconnections:\n"
        f"  log:\n    kind: files\n    path: /var/log/press.log\n    csv: true\n{ours}",
        encoding="utf-8",
    )
    (config,) = (link.config for link in load(file).connections.values())
    assert config.timezone == expected


def test_an_edge_has_its_connections_and_the_site_the_rest(plant):
    edge = plant.edges["edge1"]
    assert (edge.site, edge.identity) == ("tls://site.acme:4222", "edge1-identity")
    assert (edge.disk, edge.silence, edge.discard) == (20 * 10**9, 30.0, "new")
    assert set(plant.run_by("edge1")) == {"capper-plc"}
    assert set(plant.run_by()) == set(plant.connections) - {"capper-plc"}


def test_keys_without_effect_are_named(tmp_path):
    whole = later(Path(__file__).parent / "whole.yaml")
    assert {"condition", "erp"} <= set(whole)
    assert whole == sorted(whole)
    file = tmp_path / "plant.yaml"
    file.write_text(HEAD + "history: {path: h, disk: 1 GB}\nbus: {path: b}\n", encoding="utf-8")
    assert later(file) == []
    file.write_text(
        HEAD + 'calendars: {c: {early: "06:00-14:00 Mon-Fri", holidays: [DE-BY, 2026-12-25]}}\n'
        "equipment: {a: {b: {units: {alarms: {tags: {condition: {write: true}, write: kW}}}}}}\n",
        encoding="utf-8",
    )
    load(file)
    assert later(file) == ["calendars.*.holidays: a region"]


def test_no_connectors_are_no_connectors(tmp_path):
    file = tmp_path / "plant.yaml"
    file.write_text(HEAD + "connections: {p: {kind: modbus, host: h}}\n", encoding="utf-8")
    none = Parts({})
    with pytest.raises(ConfigError) as caught:
        load(file, parts=none)
    assert "no connector is of kind `modbus`" in str(caught.value.mistakes[0])
    assert schema(parts=none)["$defs"]["ConnectionEntry"]["properties"]["kind"]["enum"] == []
    assert kinds(parts=none) == ["plant"]
