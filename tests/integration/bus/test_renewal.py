"""Certificates that end while the plant runs."""

from __future__ import annotations

import asyncio
import ssl
import time

from isthmus.bus.client import Bus
from isthmus.bus.port import BusState, StreamSettings
from isthmus.runtime import local_bus
from isthmus.runtime.local_bus import LocalBus
from isthmus.runtime.settings import Settings
from isthmus.trust.pki.authority import Terms

SHORT = 6  # seconds


def ends(bus: Bus) -> float:
    """When the certificate that the server shows ends, in seconds."""
    shown = bus.client._transport._io_writer.get_extra_info("peercert")
    return ssl.cert_time_to_seconds(shown["notAfter"])


def test_server_and_client_go_on_with_renewed_certificates(tmp_path, monkeypatch):
    async def main():
        short = Terms(life=SHORT / 86_400)
        settings = Settings(tmp_path, tmp_path / "history", pki=short)
        local = await LocalBus.open(settings, "acme")
        local.authority.terms = Terms()
        over = time.time() + SHORT
        supervising = asyncio.create_task(local.server.supervise())
        monkeypatch.setattr(local_bus, "DAY", 0.05)
        renewing = asyncio.create_task(local.renew_for_ever())
        try:
            await local.bus.stream(StreamSettings("S", ("s.>",)))
            assert ends(local.bus) <= over + 1
            async with asyncio.timeout(30):
                while True:  # until the server has read its files again
                    other = await Bus.connect(local.server.url, tls=local.shown[0])
                    renewed = ends(other) > over + 86_400
                    await other.close()
                    if renewed:
                        break
                    await asyncio.sleep(0.05)
            assert local.server.restarts == 0
            assert local.bus.state is BusState.UP
            await asyncio.sleep(max(0.0, over + 1 - time.time()))
            local.server.kill()
            async with asyncio.timeout(30):
                while not local.bus.generation:
                    await asyncio.sleep(0.02)
            publisher = await local.bus.publisher("S")
            assert (await (await publisher.publish("s.a", b"1"))).seq == 1
            files = local.shown[0].certificate.read_bytes()
            await asyncio.sleep(0.2)
            assert local.shown[0].certificate.read_bytes() == files, "renewed once"
        finally:
            renewing.cancel()
            supervising.cancel()
            await asyncio.wait([renewing, supervising])
            await local.close()

    asyncio.run(main())
