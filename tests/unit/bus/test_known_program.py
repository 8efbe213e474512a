"""The bus starts the program that was installed, or that was started first, and no other."""

import asyncio
import shutil

import pytest

from isthmus.bus.binary import digest, installed_digest, locate, require_known
from isthmus.bus.server import KNOWN, Server, ServerState
from isthmus.bus.settings import ServerSettings
from isthmus.model.errors import ConfigError


def test_the_packages_own_program_is_the_one_that_the_package_says(tmp_path):
    path = locate().resolve()
    assert installed_digest(path) == digest(path)
    require_known(path, tmp_path / KNOWN)
    assert not (tmp_path / KNOWN).exists()


def test_a_changed_program_of_the_package_is_refused(tmp_path, monkeypatch):
    path = locate().resolve()
    monkeypatch.setattr("isthmus.bus.binary.digest", lambda _: "00" * 32)
    with pytest.raises(ConfigError, match="is not the nats-server that the package") as caught:
        require_known(path, tmp_path / KNOWN)
    assert "find out who changed it" in caught.value.hint


def test_a_program_from_elsewhere_is_known_from_its_first_start_on(tmp_path, monkeypatch):
    mine = tmp_path / "nats-server"
    shutil.copy(locate(), mine)
    monkeypatch.setenv("ISTHMUS_NATS_SERVER", str(mine))
    bus = tmp_path / "bus"

    async def main():
        server = Server(ServerSettings(bus))
        await server.start()
        assert (bus / KNOWN).read_text("ascii").strip() == digest(mine)
        assert (bus / KNOWN).stat().st_mode & 0o077 == 0
        await server.stop()
        with mine.open("ab") as file:  # it still runs, and is another
            file.write(b"\0")
        with pytest.raises(ConfigError, match="is not the nats-server that") as caught:
            await server.start()
        assert server.state is ServerState.STOPPED
        assert f"remove {bus / KNOWN}" in caught.value.hint
        (bus / KNOWN).unlink()
        await server.start()
        await server.stop()

    asyncio.run(main())
