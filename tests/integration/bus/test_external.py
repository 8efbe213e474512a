"""A server that is not our child: reached by URL, with credentials, tried until it answers."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from isthmus.bus.binary import locate
from isthmus.bus.client import Bus, Credentials
from isthmus.bus.port import StreamSettings
from isthmus.bus.server_state import free_port
from isthmus.model.errors import AuthError


@pytest.mark.parametrize(
    ("options", "right", "wrong"),
    [
        (["--auth", "a-token"], Credentials(token="a-token"), Credentials(token="other")),
        (
            ["--user", "plant", "--pass", "a-word"],
            Credentials(user="plant", password="a-word"),
            Credentials(user="plant", password="other"),
        ),
    ],
)
def test_credentials_are_shown_and_a_refusal_is_told_at_once(tmp_path, options, right, wrong):
    port = free_port()
    server = subprocess.Popen(
        [str(locate()), "-js", "-sd", str(tmp_path), "-a", "127.0.0.1", "-p", str(port), *options],
        stderr=subprocess.DEVNULL,
    )

    async def main():
        urls = [f"nats://127.0.0.1:{free_port()}", f"nats://127.0.0.1:{port}"]  # one is away
        bus = await Bus.connect(urls, credentials=right)
        assert (await bus.stream(StreamSettings("S", ("s.>",)))).messages == 0
        await bus.close()
        for credentials in (wrong, None):
            with pytest.raises(AuthError, match="uthorization"):
                await Bus.connect(urls[1], credentials=credentials)

    try:
        asyncio.run(main())
    finally:
        server.terminate()
        server.wait()
