"""An edge whose zone is cut off is out of the bus, and in again once it is joined."""

from __future__ import annotations

import asyncio

import pytest
from tests.integration.bus.test_revocation import AGREED, A, B, join, until

from isthmus.bus.port import BusState
from isthmus.model.errors import AuthError, ConfigError, StorageError
from isthmus.model.record import Kind
from isthmus.runtime.config import load
from isthmus.runtime.local_bus import LocalBus
from isthmus.runtime.settings import Settings
from isthmus.runtime.trust.record import recording
from isthmus.runtime.trust.zones import Zones
from isthmus.trust.ledger.find import Wanted, oldest

PLANT = """
isthmus: 1
enterprise: acme
site: riverside
zones:
  site:  {level: 3, networks: [10.4.0.0/24], here: true}
  line1: {level: 2, networks: [10.4.1.0/24]}
  line2: {level: 2, networks: [10.4.2.0/24]}
conduits:
  - {from: line1, to: site, allow: [nats-tls], why: its edge}
  - {from: line2, to: site, allow: [%s], why: its edge}
edges:
  edge1: {site: "tls://site.acme:4222", zone: line1}
  edge2: {site: "tls://site.acme:4222", zone: line2}
  edge3: {site: "tls://site.acme:4222"}
"""


def plant(folder, service="nats-tls"):
    (folder / "plant.yaml").write_text(PLANT % service, "utf-8")
    return load(folder / "plant.yaml")


def test_an_island_cuts_the_edges_of_its_zone_at_the_bus_and_nobody_elses(tmp_path):
    async def main(zones):
        local = await LocalBus.open(
            Settings(tmp_path, tmp_path / "history"),
            "acme",
            clients=[A.client(), B.client()],
            shut_out=zones.shut_out,
        )
        tasks = [
            asyncio.create_task(local.server.supervise()),
            asyncio.create_task(local.renew_for_ever()),
        ]
        try:
            papers = {}
            for one in (A, B):
                await one.prepare(local.bus, 1 << 20)
                folder = tmp_path / one.name
                papers[one] = local.authority.hand_out(one.identity, one.name, folder)
            first, other = await join(local, papers[A]), await join(local, papers[B], B)
            joined = other.generation, local.bus.generation
            assert zones.isolate("line1", "person:anna", "worm", cut=True)
            await until(lambda: first.state is BusState.DOWN)
            with pytest.raises(AuthError):
                await join(local, papers[A])
            assert (await other.info(B.stream)).name == B.stream
            assert (other.generation, local.bus.generation) == joined
            assert zones.isolate("line1", "person:anna", "clean", cut=False)
            await until(lambda: first.state is BusState.UP, 4 * AGREED)
            assert (await first.info(A.stream)).name == A.stream
            assert local.server.restarts == 0
            for bus in (first, other):
                await bus.close()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await local.close()

    with recording(tmp_path) as ledger:
        asyncio.run(main(Zones.open(plant(tmp_path), tmp_path, ledger)))
        found = list(oldest(ledger.folder, Wanted(0, kind=Kind.ZONE)))
    assert [(one.by, one.about, one.facts["island"]) for one in found] == [
        ("person:anna", "line1", True),
        ("person:anna", "line1", False),
    ]
    assert found[0].facts["reason"] == "worm"


def test_an_edge_that_no_conduit_leads_here_from_is_not_let_in(tmp_path, record):
    zones = Zones.open(plant(tmp_path, "https"), tmp_path, record)
    assert zones.shut_out() == {"edge.edge2"}
    zones.isolate("site", "owner", "", cut=True)
    assert zones.shut_out() == {"edge.edge1", "edge.edge2"}
    zones.islands.file.write_text("{", "utf-8")
    assert zones.shut_out() == {"edge.edge1", "edge.edge2"}


def test_a_zone_is_joined_only_where_that_is_recorded_and_cut_in_any_case(tmp_path, record):
    zones = Zones.open(plant(tmp_path), tmp_path, record)
    record.full = True
    with pytest.raises(StorageError):
        zones.isolate("line1", "owner", "", cut=True)
    assert zones.islands.zones == {"line1"}
    with pytest.raises(StorageError):
        zones.isolate("line1", "owner", "", cut=False)
    assert zones.islands.zones == {"line1"}
    with pytest.raises(ConfigError, match="no zone `lin1`") as caught:
        zones.isolate("lin1", "owner", "", cut=True)
    assert caught.value.hint == "did you mean `line1`?"


class FullDisk:
    """A record that takes what comes until its disk is full."""

    full = False

    def record(self, kind, by, text, *, about="", facts=None):
        if self.full:
            raise StorageError("the disk is full")


@pytest.fixture
def record():
    return FullDisk()
