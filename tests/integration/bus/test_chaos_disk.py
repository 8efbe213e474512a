"""A disk that is really full, as a small file system of the test's own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.chaos

PROGRAM = textwrap.dedent(
    """
    import asyncio, json, pathlib, sys
    from isthmus.bus.client import Bus
    from isthmus.bus.port import StreamSettings
    from isthmus.bus.server import Server
    from isthmus.bus.server_state import ServerState
    from isthmus.bus.settings import ServerSettings

    folder = pathlib.Path(sys.argv[1])

    async def main():
        told = []
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(5_000_000))
        server = Server(
            ServerSettings(folder / "bus", min_free=2_500_000),
            on_state=lambda state, why: told.append((state, why)),
        )
        await server.start()
        supervising = asyncio.create_task(server.supervise())
        bus = await Bus.connect(server.url)
        await bus.stream(StreamSettings("S", ("s.>",)))
        publisher = await bus.publisher("S", max_count=100)
        acks = []

        async def write():
            for number in range(1_000):
                acks.append(await publisher.publish("s.a", b"%08d" % number + bytes(2_000)))

        writing = asyncio.create_task(write())
        async with asyncio.timeout(60):
            while server.state is not ServerState.FULL:
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.3)
            acked = publisher.stats.acked
            ballast.unlink()
            await writing
            await publisher.flush()
            read = []
            async for messages in bus.consume("S", 1):
                read += [int(message.data[:8]) for message in messages]
                if len(read) == 1_000:
                    break
        print(json.dumps({
            "acked": acked,
            "lost": publisher.stats.lost,
            "complete": read == list(range(1_000)),
            "sequences": [a.result().seq for a in acks] == list(range(1, 1_001)),
            "states": [state for state, _ in told],
            "why": next(why for state, why in told if state == "full"),
        }))
        await bus.close()
        supervising.cancel()
        await server.stop()

    asyncio.run(main())
    """
)


@pytest.fixture
def small_disk(tmp_path):
    """A command prefix that sees `tmp_path/disk` as a file system of 6 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=6m tmpfs "{disk}" && exec "$@"'
    prefix = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    if shutil.which("unshare") is None or subprocess.run([*prefix, "true"], check=False).returncode:
        pytest.skip("no file system of our own: this machine does not let users mount one")
    return disk, prefix


def test_a_full_disk_is_a_state_and_the_server_goes_on_when_there_is_room(small_disk):
    disk, prefix = small_disk
    done = subprocess.run(
        [*prefix, sys.executable, "-c", PROGRAM, str(disk)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert 0 < said["acked"] < 1_000
    assert (said["lost"], said["complete"], said["sequences"]) == (0, True, True)
    assert "no space left" in said["why"]
    assert said["why"].startswith("it needs 3 MB free, has ")
    assert said["states"] == ["starting", "up", "full", "down", "up"]
