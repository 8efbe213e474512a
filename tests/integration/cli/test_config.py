"""A configuration as a signed bundle: made, refused where changed, applied, gone back from."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import zipfile

import pytest
from tests.integration.cli.conftest import isthmus
from tests.integration.site.conftest import eventually

pytestmark = pytest.mark.timeout(180)

PLANT = """
isthmus: 1
enterprise: acme
site: riverside
equipment: {packaging: {line1: {units: {filler: {tags: {speed: 1/min}}}}}}
web: {listen: "127.0.0.1:0"}
"""
MORE = PLANT.replace("speed: 1/min", "speed: 1/min, power: kW")


@pytest.fixture
def plant(tmp_path):
    (tmp_path / "plant.yaml").write_text(PLANT, "utf-8")
    return tmp_path


def config(folder, *words):
    said = isthmus("config", *words, "--json", "--data", folder / ".isthmus", folder=folder)
    return said.code, json.loads(said.out)


def bundle(folder, text, name="next.bundle"):
    """A bundle of `text`, while the plant's file stays as it is."""
    file = folder / "plant.yaml"
    before = file.read_text("utf-8")
    file.write_text(text, "utf-8")
    assert config(folder, "bundle", "--to", name, "--note", "power")[0] == 0
    file.write_text(before, "utf-8")
    return folder / name


def ledger(folder):
    words = ("ledger", "list", "--kind", "configuration", "--json", "--data", ".isthmus")
    return json.loads(isthmus(*words, folder=folder).out)


def repacked(source, target, change):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        parts = change({name: old.read(name) for name in old.namelist()})
        for name, content in parts.items():
            new.writestr(name, content)
    return target


def test_a_bundle_is_what_was_signed_and_nothing_else(plant):
    made = bundle(plant, MORE)
    code, found = config(plant, "verify", made)
    assert (code, found["files"], found["note"]) == (0, ["plant.yaml"], "power")
    assert (plant / ".isthmus/trust/configuration/signing.key").stat().st_mode & 0o077 == 0
    wrong = {
        "was changed after": lambda p: {**p, "plant/plant.yaml": p["plant/plant.yaml"] + b"#"},
        "is not signed by": lambda p: {**p, "manifest.json": p["manifest.json"] + b" "},
        "other files than": lambda p: {**p, "plant/../../evil.yaml": b"x"},
        "is no bundle": lambda p: {name: part for name, part in p.items() if name != "signature"},
    }
    for number, (text, change) in enumerate(wrong.items()):
        code, found = config(plant, "verify", repacked(made, plant / f"{number}.bundle", change))
        assert code == 2
        assert text in found["error"]
    (plant / "noise").write_bytes(os.urandom(500))
    assert config(plant, "verify", plant / "noise")[0] == 2
    other = plant / "other"
    other.mkdir()
    (other / "plant.yaml").write_text(PLANT, "utf-8")
    stranger = bundle(other, MORE)
    code, found = config(plant, "verify", stranger)
    assert "is not signed by the key that is trusted here" in found["error"]
    key = other / ".isthmus/trust/configuration/signing.pub"
    assert config(plant, "verify", stranger, "--key", key)[0] == 0


def test_it_is_applied_recorded_and_put_back(plant):
    code, found = config(plant, "apply", bundle(plant, MORE), "--within", "60s")
    assert (code, found["applied"]) == (0, True)
    assert (plant / "plant.yaml").read_text("utf-8") == MORE
    records = ledger(plant)
    assert records[0]["facts"]["note"] == "power"
    assert records[0]["facts"]["bundle"].startswith(found["number"])
    code, _ = config(plant, "rollback", "--within", "60s")
    assert code == 0
    assert (plant / "plant.yaml").read_text("utf-8") == PLANT
    assert ledger(plant)[0]["text"] == "the plant file is another than at the last start"
    code, found = config(plant, "rollback")
    assert "no earlier configuration is kept" in found["error"]


def test_a_plant_that_does_not_start_goes_back_by_itself(plant):
    with socket.socket() as taken:  # its pages find no port
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        text = MORE + f'bus: {{listen: "127.0.0.1:{port}"}}\nedges: {{e: {{site: "tls://a:1"}}}}\n'
        code, found = config(plant, "apply", bundle(plant, text), "--within", "60s")
    assert (code, found["applied"]) == (1, False)
    assert "the plant ended with" in found["trouble"]
    assert (plant / "plant.yaml").read_text("utf-8") == PLANT


def test_a_running_site_is_restarted_by_its_own_command_or_left_alone(plant):
    made = bundle(plant, MORE)
    words = [sys.executable, "-m", "isthmus", "run", "plant.yaml"]
    with (plant / "site.log").open("wb") as log:
        first = subprocess.Popen(words, cwd=plant, stdout=log, stderr=log)
        data = plant / ".isthmus"
        try:
            eventually((data / "web" / "url").exists, 60)
            eventually(lambda: config(plant, "apply", made)[0] == 1, 30)
            assert (plant / "plant.yaml").read_text("utf-8") == PLANT
            code, found = config(plant, "apply", made, "--restart", "false", "--within", "5s")
            assert (code, found["trouble"]) == (1, "`false` ended with 1: ")
            assert (plant / "plant.yaml").read_text("utf-8") == PLANT
        finally:
            first.send_signal(signal.SIGTERM)
            first.wait(60)
