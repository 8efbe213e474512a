"""What a plant file says about its installation, as settings."""

from __future__ import annotations

import asyncio
import subprocess
import time

import pytest

from isthmus.bus.binary import locate
from isthmus.bus.server_state import free_port
from isthmus.model.errors import LinkError
from isthmus.runtime.config import load
from isthmus.runtime.local_bus import LocalBus
from isthmus.runtime.settings import Settings
from isthmus.trust.pki.authority import PlantAuthority

HEAD = "isthmus: 1\nenterprise: acme\nsite: riverside\n"


@pytest.fixture
def settings(tmp_path):
    def read(text: str) -> Settings:
        file = tmp_path / "plant.yaml"
        file.write_text(HEAD + text, encoding="utf-8")
        return Settings.of(load(file), tmp_path / "data")

    return read


def test_relative_folders_are_in_the_data_folder_absolute_ones_as_they_are(tmp_path, settings):
    data, away = tmp_path / "data", tmp_path / "away"
    assert settings("").history == data / "history"
    assert settings("history: {path: ./deep/h}").history == data / "deep" / "h"
    assert settings(f"history: {{path: '{away}'}}").history == away
    for text, folder in (("", "bus"), ("bus: {path: b}", "b"), (f"bus: {{path: '{away}'}}", away)):
        found = settings(text)
        assert found.folder / found.bus_path == data / folder


def test_our_own_bus_keeps_its_streams_where_it_is_told(tmp_path, settings):
    async def main():
        local = await LocalBus.open(settings("bus: {path: streams}"), "riverside")
        await local.close()

    asyncio.run(main())
    assert (tmp_path / "data" / "streams" / "nats.conf").is_file()
    assert not (tmp_path / "data" / "bus").exists()


def test_a_cluster_is_shown_the_token_that_the_plant_file_names(tmp_path, settings, monkeypatch):
    files = PlantAuthority.open(tmp_path / "data" / "pki", "riverside", time.time_ns).server("nats")
    port = free_port()
    server = subprocess.Popen(
        [
            *(str(locate()), "-a", "127.0.0.1", "-p", str(port), "--auth", "a-token"),
            *("--tlsverify", f"--tlscacert={files.ca}"),
            *(f"--tlscert={files.certificate}", f"--tlskey={files.key}"),
        ],
        stderr=subprocess.DEVNULL,
    )
    kept = tmp_path / "token"

    async def sign_in(credentials: str) -> str:
        text = f"bus: {{url: 'tls://127.0.0.1:{port}', credentials: {credentials}}}"
        local = await LocalBus.open(settings(text), "riverside")
        state = local.state()
        await local.close()
        return state

    try:
        kept.write_text("a-token\n", encoding="utf-8")
        assert asyncio.run(sign_in(f"{{file: '{kept}'}}")) == "up"
        monkeypatch.setenv("BUS_TOKEN", "a-token")
        assert asyncio.run(sign_in("{env: BUS_TOKEN}")) == "up"
        monkeypatch.delenv("BUS_TOKEN")
        with pytest.raises(LinkError, match="BUS_TOKEN"):
            asyncio.run(sign_in("{env: BUS_TOKEN}"))
    finally:
        server.terminate()
        server.wait()
