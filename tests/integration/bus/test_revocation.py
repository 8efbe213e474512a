"""Whom the bus refuses, and how soon one whose certificate is revoked is out."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from types import SimpleNamespace

import pytest

from isthmus.bus.client import Bus
from isthmus.bus.edge import EdgeAccess
from isthmus.bus.port import BusState
from isthmus.model.errors import AuthError, LinkError
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.local_bus import OURS, LocalBus
from isthmus.runtime.settings import Settings
from isthmus.trust.pki.authority import PlantAuthority, Terms

A, B = EdgeAccess("edge1"), EdgeAccess("edge2")
AGREED = 5.0  # seconds within which a revoked edge is out


@contextlib.asynccontextmanager
async def site(folder):
    """A bus with two edges, whose task of certificates runs."""
    settings = Settings(folder, folder / "history")
    local = await LocalBus.open(settings, "acme", clients=[A.client(), B.client()])
    tasks = [
        asyncio.create_task(local.server.supervise()),
        asyncio.create_task(local.renew_for_ever()),
    ]
    try:
        for access in (A, B):
            await access.prepare(local.bus, 1 << 20)
        yield local
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await local.close()


async def join(local, tls, access=A):
    return await Bus.connect(
        local.server.url, tls=tls, name=access.name, inbox=access.inbox, within=5
    )


def shown(local):
    """Our certificate; nothing in the moment between the old and the new one."""
    with contextlib.suppress(FileNotFoundError):
        return local.shown[0].certificate.read_bytes()
    return b""


async def until(what, seconds=AGREED):
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.02)


def test_a_revoked_edge_is_out_at_once_and_nobody_else_notices(tmp_path):
    async def main():
        async with site(tmp_path) as local:
            papers = {
                one: local.authority.hand_out(one.identity, one.name, tmp_path / one.name)
                for one in (A, B)
            }
            first, other = await join(local, papers[A]), await join(local, papers[B], B)
            assert (await first.info(A.stream)).name == A.stream
            joined = other.generation, local.bus.generation
            began = time.monotonic()
            local.authority.revoke(A.identity, "keyCompromise", "person:anna")
            await until(lambda: first.state is BusState.DOWN)
            assert time.monotonic() - began < AGREED
            with pytest.raises(AuthError):
                await join(local, papers[A])
            await asyncio.sleep(1)  # it tries again all the time
            assert first.state is BusState.DOWN
            assert (await other.info(B.stream)).name == B.stream
            assert (other.generation, local.bus.generation) == joined
            assert local.server.restarts == 0
            fresh = local.authority.hand_out(A.identity, A.name, tmp_path / "again")
            again = await join(local, fresh)
            assert (await again.info(A.stream)).name == A.stream
            with pytest.raises(AuthError):
                await join(local, papers[A])
            for bus in (first, other, again):
                await bus.close()

    asyncio.run(main())


def test_a_revocation_outlives_the_server(tmp_path):
    async def main():
        async with site(tmp_path) as local:
            papers = local.authority.hand_out(A.identity, A.name, tmp_path / "a")
            local.authority.revoke(A.identity, "keyCompromise", "owner")
        async with site(tmp_path) as local:
            with pytest.raises(AuthError):
                await join(local, papers)

    asyncio.run(main())


def test_the_sites_own_certificate_is_revoked_and_the_site_goes_on_with_another(tmp_path):
    async def main():
        async with site(tmp_path) as local:
            before = local.shown[0].certificate.read_bytes()
            stolen = tmp_path / "stolen.crt"
            stolen.write_bytes(before)
            key = tmp_path / "stolen.key"
            key.write_bytes(local.shown[0].key.read_bytes())
            thief = SimpleNamespace(ca=local.authority.ca, certificate=stolen, key=key)
            local.authority.revoke(OURS, "keyCompromise", "owner")
            await until(lambda: shown(local) not in (b"", before))
            await until(lambda: local.bus.generation and local.bus.state is BusState.UP, 10)
            assert (await local.bus.info(A.stream)).name == A.stream
            with pytest.raises(AuthError):
                await Bus.connect(local.server.url, tls=thief, within=3)
            assert local.server.restarts == 0

    asyncio.run(main())


def test_a_server_that_does_not_take_its_clients_is_started_with_them(tmp_path, monkeypatch):
    async def main():
        async with site(tmp_path) as local:
            papers = local.authority.hand_out(A.identity, A.name, tmp_path / "a")
            monkeypatch.setattr(local.server, "reload", lambda: None)
            local.authority.revoke(A.identity, "keyCompromise", "owner")
            await until(lambda: local.server.restarts == 1, 15)
            await until(lambda: local.bus.state is BusState.UP, 15)
            with pytest.raises(AuthError):
                await join(local, papers)

    asyncio.run(main())


async def refused(local, papers):
    try:
        await Bus.connect(local.server.url, tls=papers, within=2)
    except (AuthError, LinkError):
        return True
    return False


async def greeted_without(local, ca):
    """What the server says to one who shows no certificate."""
    bare = ssl.create_default_context(cafile=str(ca))
    reader, writer = await asyncio.open_connection("127.0.0.1", local.server.port)
    await reader.readline()
    try:
        await writer.start_tls(bare, server_hostname="127.0.0.1")
        writer.write(b'CONNECT {"verbose":true}\r\nPING\r\n')
        await writer.drain()
        return await reader.read(100)
    except (ssl.SSLError, OSError):
        return b""
    finally:
        writer.close()


def clock(days):
    return lambda: Nanoseconds(time.time_ns() + int(days * 86_400e9))


def test_none_but_a_good_certificate_of_a_known_name_is_let_in(tmp_path):
    async def main():
        async with site(tmp_path / "site") as local:
            ours = local.authority
            strangers = PlantAuthority.open(tmp_path / "other", "p", clock(0))
            forged = strangers.client(A.identity)
            carried = ours.hand_out(A.identity, A.name, tmp_path / "a")

            def shown(certificate, key):
                return SimpleNamespace(ca=ours.ca, certificate=certificate, key=key)

            past = PlantAuthority.open(ours.folder, "p", clock(-40), Terms(carried=30))
            future = PlantAuthority.open(ours.folder, "p", clock(2))
            gone = past.hand_out(A.identity, A.name, tmp_path / "gone")
            early = future.hand_out(A.identity, A.name, tmp_path / "early")
            wrong = {
                "another authority": shown(forged.certificate, forged.key),
                "expired": shown(gone.certificate, gone.key),
                "not yet valid": shown(early.certificate, early.key),
                "a name nobody knows": ours.client("edge.edge9"),
                "a server's": ours.server("sql"),
            }
            for why, papers in wrong.items():
                assert await refused(local, papers), why
            assert await greeted_without(local, ours.ca) == b""
            plain, writer = await asyncio.open_connection("127.0.0.1", local.server.port)
            await plain.readline()
            writer.write(b'CONNECT {"verbose":true}\r\nPING\r\n')
            assert b"PONG" not in await plain.read(), "no TLS at all"
            writer.close()
            other = await join(local, carried)
            refusals = []

            async def note(error):
                refusals.append(str(error).lower())

            other.client._error_cb = note
            await other.client.publish(f"{B.prefix}uns.v1.acme.x", b"{}")
            await until(lambda: refusals)
            assert "permissions violation" in refusals[0]
            await other.close()

    asyncio.run(main())
