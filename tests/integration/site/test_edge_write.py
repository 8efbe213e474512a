"""Writes to a machine at an edge: two processes, a Modbus server, and all that goes wrong."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time

import pytest
from tests.integration.site.conftest import eventually, free_port
from tests.integration.site.test_edge import Plant
from tests.integration.trust.device import MOST, Device

from isthmus.bus.client import Bus
from isthmus.bus.edge import EdgeAccess
from isthmus.cli.remote import Remote
from isthmus.model.errors import LinkError
from isthmus.runtime.config import load
from isthmus.runtime.edge.command import LIFE, Ask, Command, Reply
from isthmus.runtime.edge.identity import CarriedIdentity
from isthmus.trust.pki.authority import PlantAuthority

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]
CELL = "hall/line3/cell"
READY = Command(Ask.READY, f"{CELL}/speed", 1)
UNIT = """
    line3:
      units:
        cell:
          tags:
            speed: {range: [0, 500], write: {risk: low}}
            kept: {range: [0, 500], write: {risk: low, fresh: 10 s, interlocks: [speed < 400]}}
            plain: {}
"""
LINK = """
  cell-plc:
    kind: modbus
    edge: edge1
    host: 127.0.0.1
    port: %d
    every: 100 ms
    timeout: 3 s
    tags:
      hall/line3/cell/speed: {holding: 0, as: uint16}
      hall/line3/cell/kept: {holding: 1, as: uint16}
      hall/line3/cell/plain: {holding: 2, as: uint16}
bus:"""


class Cell(Plant):
    """A site, an edge with a machine that may be written, and a plant file of the edge's own."""

    def __init__(self, folder):
        super().__init__(folder)
        port = free_port()
        self.device = Device(port)
        text = self.site.plant.read_text("utf-8")
        text = text.replace("    line2: {units", UNIT.lstrip("\n") + "    line2: {units")
        text = text.replace("\nbus:", LINK % port, 1)
        self.site.plant.write_text(text + "writes: {mode: live}\n", "utf-8")
        self.own = folder / "edge.yaml"
        self.own.write_text(self.site.plant.read_text("utf-8"), "utf-8")

    def start_edge(self):
        whole, self.site.plant = self.site.plant, self.own
        try:
            super().start_edge()
        finally:
            self.site.plant = whole

    def again(self, at_edge=str):
        """The edge with another plant file, running."""
        self.stop_edge()
        self.own.write_text(at_edge(self.site.plant.read_text("utf-8")), "utf-8")
        self.start_edge()
        self.ready()

    def ready(self):
        """Return when the edge listens, and the site knows what it has to know of it."""
        eventually(lambda: with_bus(self, lambda bus: ask(bus, READY)), 60)
        eventually(lambda: not refusals(self.preview("speed", 1)), 60)

    def write(self, tag, value, **more):
        return self._send("/api/writes", tag, value, **more)

    def preview(self, tag, value):
        return self._send("/api/writes/preview", tag, value)

    def _send(self, route, tag, value, **more):
        wish = {"path": f"{CELL}/{tag}", "value": value, "reason": "a test", **more}
        return Remote.of(self.site.data).send(route, json.dumps(wish).encode())

    def records(self, tag="speed"):
        query = {"kind": "action", "about": f"{CELL}/{tag}"}
        return Remote.of(self.site.data).get("/api/ledger", **query)["records"]

    def close(self):
        self.device.close()
        super().close()


def refusals(told):
    return {one["name"]: one["reason"] for one in told["verdicts"] if not one["ok"]}


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    made = Cell(tmp_path_factory.mktemp("cell"))
    try:
        made.site.start()
        made.start_edge()
        made.ready()
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def whole(cell):
    """Each test begins with an edge that is there."""
    cell.device.go()
    cell.conduit.mend()
    if cell.process.poll() is not None:
        cell.start_edge()
    cell.ready()
    cell.device.writes.clear()


def test_the_edge_writes_reads_back_and_the_sites_ledger_has_it(cell):
    told = cell.write("speed", 40)
    assert (told["state"], told["after"], told["text"]) == ("written", 40, "")
    assert cell.device.writes == [(0, 40)]
    assert {one["name"]: one["reason"] for one in told["verdicts"]}["connection"] == (
        "up, by the edge edge1"
    )
    end, wish = cell.records()[:2]
    assert (wish["facts"]["step"], wish["facts"]["edge"]) == ("wish", "edge1")
    assert (end["facts"]["state"], end["facts"]["after"]) == ("written", 40)
    assert (end["facts"]["edge"], end["facts"]["action"]) == ("edge1", told["action"])
    eventually(lambda: cell.preview("speed", 1)["before"] == 40)
    assert re.search(r"write \w+ for owner: hall/line3/cell/speed = 40: sent", log(cell))


def log(cell):
    return (cell.site.folder / "edge.log").read_text("utf-8")


def test_what_the_device_keeps_otherwise_is_a_mismatch_and_on_record(cell):
    told = cell.write("kept", MOST + 50)
    assert (told["state"], told["after"]) == ("mismatch", MOST)
    assert cell.device.writes == [(1, MOST + 50)]
    assert cell.records("kept")[0]["facts"]["after"] == MOST


def test_an_interlock_over_the_edges_values_holds_while_they_do_not_change(cell):
    time.sleep(2)  # nothing changed: the edge vouches for the value
    assert "interlock" not in refusals(cell.preview("kept", 5))


def test_the_site_refuses_first_and_simulation_sends_nothing(cell):
    assert "limits" in refusals(cell.write("speed", 900))
    assert "writable" in refusals(cell.write("plain", 1))
    assert cell.write("speed", 41, simulate=True)["state"] == "simulated"
    assert cell.device.writes == []


def test_the_edge_holds_its_own_plant_file_against_the_site(cell):
    for change, said in (
        (("speed: {range: [0, 500]", "speed: {range: [0, 50]"), "outside of 0 to 50"),
        (("speed: {range: [0, 500], write: {risk: low}}", "speed: {}"), "has no `write:`"),
        (("{mode: live}", "{mode: simulate}"), "mode: simulate"),
    ):
        cell.again(lambda text, change=change: text.replace(*change))
        told = cell.write("speed", 60)
        assert told["state"] == "refused", change
        assert "edge1 refuses" in told["text"]
        assert said in told["text"]
        end = cell.records()[0]
        assert (end["facts"]["state"], said in end["text"]) == ("refused", True)
    assert cell.device.writes == []
    cell.again()


def test_an_edge_that_is_away_is_a_refusal_at_once_and_nothing_is_done_later(cell):
    cell.kill_edge()
    began = time.monotonic()
    told = cell.write("speed", 70)
    assert time.monotonic() - began < 4
    assert (told["state"], told["after"]) == ("refused", None)
    assert "nothing was sent" in told["text"] or "connection" in refusals(told)
    eventually(lambda: "connection" in refusals(cell.preview("speed", 70)))
    assert "a write never waits" in refusals(cell.write("speed", 70))["connection"]
    cell.start_edge()
    cell.ready()
    time.sleep(1)
    assert cell.device.writes == []


def test_a_cut_conduit_is_a_refusal_and_what_was_asked_does_not_come_later(cell):
    cell.conduit.cut()
    told = cell.write("speed", 71)
    assert told["state"] == "refused"
    cell.conduit.mend()
    cell.ready()
    time.sleep(1)
    assert cell.device.writes == []


def test_an_edge_killed_while_it_writes_leaves_it_unknown_and_never_done(cell):
    done = {}
    cell.device.hold()
    asking = threading.Thread(target=lambda: done.update(cell.write("speed", 80)))
    asking.start()
    assert cell.device.asked.wait(10)
    cell.kill_edge()
    asking.join(15)
    assert (done["state"], done["after"]) == ("unknown", None)
    assert "did not say what became of it" in done["text"]
    assert cell.records()[0]["facts"]["state"] == "unknown"
    cell.device.go()


def test_an_answer_that_is_lost_leaves_it_unknown_though_it_was_done(cell):
    done = {}
    cell.device.hold()
    asking = threading.Thread(target=lambda: done.update(cell.write("speed", 90)))
    asking.start()
    assert cell.device.asked.wait(10)
    cell.conduit.cut()
    time.sleep(0.5)
    cell.device.go()
    asking.join(30)
    assert done["state"] == "unknown"
    assert cell.device.writes == [(0, 90)]
    cell.conduit.mend()
    eventually(lambda: cell.preview("speed", 1)["before"] == 90, 60)


def test_the_site_killed_while_an_edge_writes_records_unknown_when_it_is_back(cell):
    cell.device.hold()

    def unanswered():
        with pytest.raises(LinkError):
            cell.write("speed", 95)

    lost = threading.Thread(target=unanswered)
    lost.start()
    assert cell.device.asked.wait(10)
    cell.site.kill()
    lost.join(30)
    cell.device.go()
    cell.site.start()
    end, wish = eventually(lambda: cell.records()[:2])
    assert (wish["facts"]["step"], wish["facts"]["value"]) == ("wish", 95)
    assert (end["facts"]["state"], end["facts"]["action"]) == ("unknown", wish["facts"]["action"])
    assert "it is not known whether this was written" in end["text"]


# ---------------------------------------------------------------- what is not the site's own guard
def with_bus(cell, doing, user=None):
    """What `doing` gives with a connection that is the site's own, or an edge's."""
    url = load(cell.site.plant).edges["edge2"].site

    async def go():
        if user:
            papers = CarriedIdentity.of(cell.site.folder / "identity" / user, user)
            inbox = EdgeAccess(user).inbox
        else:
            papers = PlantAuthority.open(cell.site.data / "pki", "riverside", time.time_ns).client(
                "isthmus"
            )
            inbox = "_INBOX"
        bus = await Bus.connect(url, tls=papers, inbox=inbox)
        try:
            return await doing(bus)
        finally:
            await bus.close()

    return asyncio.run(go())


async def ask(bus, command):
    answer = await bus.request(EdgeAccess("edge1").writes, command.encode(), within=10)
    return Reply.decode(answer.data)


def test_an_action_is_carried_out_once_and_only_before_it_expires(cell):
    path = f"{CELL}/speed"

    async def go(bus):
        ready = await ask(bus, Command(Ask.READY, path, 30))
        assert ready.state == "ready"

        def wish(number, session=ready.session, until=ready.clock + LIFE):
            return Command(Ask.WRITE, path, 30, number, session, until, "a test", "owner")

        first = await ask(bus, wish("a1"))
        again = await ask(bus, wish("a1"))
        late = await ask(bus, wish("a2", until=ready.clock - 0.1))
        far = await ask(bus, wish("a3", until=ready.clock + 3_600))
        other = await ask(bus, wish("a4", session="0" * 16))
        none = await ask(bus, wish(""))
        return first, again, late, far, other, none

    first, again, *rest = with_bus(cell, go)
    assert (first.state, first.after) == ("sent", 30)
    assert (again.state, again.said) == ("refused", "action a1 was carried out before")
    assert [one.state for one in rest] == ["refused"] * 4
    assert "expired" in rest[0].said
    assert "too late" in rest[1].said
    assert "started again" in rest[2].said
    assert cell.device.writes == [(0, 30)]


def test_a_command_of_another_account_reaches_no_edge(cell):
    path = f"{CELL}/speed"

    async def go(bus):
        refused = asyncio.Event()

        async def note(_error):
            refused.set()

        bus.client._error_cb = note
        command = Command(Ask.WRITE, path, 30, "forged", "0" * 16, 0.0)
        await bus.client.publish(EdgeAccess("edge1").writes, command.encode())
        await asyncio.wait_for(refused.wait(), 10)

    with_bus(cell, go, "edge2")
    assert "write forged" not in log(cell)
    assert cell.device.writes == []
