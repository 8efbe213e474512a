"""An edge and its site as a user runs them: two processes, one plant file, a conduit to cut."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from tests.integration.site.conftest import Log, Site, eventually, free_port

from isthmus.bus.client import Bus
from isthmus.bus.edge import EdgeAccess
from isthmus.cli.main import main
from isthmus.cli.remote import Remote
from isthmus.model.errors import AuthError
from isthmus.model.sample import Status
from isthmus.runtime.catalogue import Catalogue
from isthmus.runtime.config import load
from isthmus.runtime.edge.identity import CarriedIdentity
from isthmus.runtime.edge.node import EdgeNode

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]

MORE = """
  edge-log:
    kind: files
    edge: edge1
    path: {folder}/edge/*.log
    line: '(?P<time>\\S+) n=(?P<line>\\d+)'
    every: 100 ms
    tags: {{hall/line2/logger: "{{tag}}"}}
bus: {{listen: "127.0.0.1:{bus}"}}
edges:
  edge1: {{site: "tls://127.0.0.1:{conduit}", identity: identity/edge1, silence: 3 s}}
  edge2: {{site: "tls://127.0.0.1:{bus}", identity: identity/edge2}}
"""
LINES = "select value from samples where path = 'hall/line2/logger/line' and quality = 0"
TAG = "hall/line2/logger/line"


class Conduit:
    """A TCP path to a port of this machine that can be cut and mended."""

    def __init__(self, target):
        self.target, self.up, self.open = target, True, set()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listening.accept()
            except OSError:
                return
            if not self.up:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            self.open |= {near, far}
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source, target):
        try:
            while data := source.recv(65_536):
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            end.close()
            self.open.discard(end)

    def cut(self):
        self.up = False
        for end in list(self.open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self):
        self.up = True

    def close(self):
        self.cut()
        self.listening.close()


class Plant:
    """A site with an edge, and a conduit between them."""

    def __init__(self, folder):
        bus = free_port()
        self.conduit = Conduit(bus)
        more = MORE.format(folder=folder, bus=bus, conduit=self.conduit.port)
        self.site = Site(folder, more)
        text = self.site.plant.read_text("utf-8").replace(
            "        logger: {type: Logger}\n",
            "        logger: {type: Logger}\n    line2: {units: {logger: {type: Logger}}}\n",
        )
        self.site.plant.write_text(text, "utf-8")
        self.log = Log(folder / "edge")
        self.data = folder / "edge-data"
        self.errors = (folder / "edge.log").open("ab")
        self.process = None
        for name in ("edge1", "edge2"):
            words = ["--to", str(folder / "identity" / name), "--plant", str(self.site.plant)]
            assert main(["edge", "issue", name, *words, "--data", str(self.site.data)]) == 0

    def start_edge(self):
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "isthmus", "run", str(self.site.plant)),
                *("--edge", "edge1", "--data", str(self.data)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=self.errors,
        )

    def kill_edge(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop_edge(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(40) == 0

    def link(self):
        return self.site.links()["edge-log"]

    def up(self):
        eventually(lambda: self.link()["state"] in ("up", "partly"), 40)

    def arrived(self, count, seconds=60):
        query = f"select count(*) as n from ({LINES})"
        eventually(lambda: self.site.sql(query)[0]["n"] >= count, seconds)

    def live(self):
        """Value and quality of the edge's tag as the pages show it."""
        said = Remote.of(self.site.data).listen("/api/live", tags=TAG)
        with contextlib.closing(said):
            told = next(body for name, body in said if name == "values")
        return told["value"][0], told["quality"][0]

    def whole(self):
        """The numbers of all lines in the order of their times, after all has ended in order."""
        self.stop_edge()
        self.site.stop()
        return [int(row["value"]) for row in self.site.stored(f"{LINES} order by time")]

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.errors.close()
        self.conduit.close()
        self.site.close()


@pytest.fixture
def plant(tmp_path):
    made = Plant(tmp_path)
    yield made
    made.close()


@pytest.fixture
def running(plant):
    plant.site.start()
    plant.start_edge()
    plant.up()
    return plant


def test_lines_of_an_edge_arrive_once_and_in_order_through_everything(running):
    edge, site = running, running.site
    edge.log.write(200)
    edge.arrived(200)
    edge.conduit.cut()
    edge.log.write(200)
    time.sleep(0.5)
    edge.conduit.mend()
    edge.log.write(100)
    time.sleep(0.3)
    edge.kill_edge()
    edge.log.write(100)
    edge.start_edge()
    edge.log.write(100)
    time.sleep(0.3)
    site.kill()
    edge.log.write(100)
    site.start()
    edge.log.write(100)
    time.sleep(0.3)
    edge.conduit.cut()
    edge.kill_edge()
    site.kill()
    edge.log.write(100)
    edge.conduit.mend()
    site.start()
    edge.start_edge()
    edge.arrived(edge.log.written)
    assert edge.whole() == list(range(1, edge.log.written + 1))


def test_silence_is_bad_quality_and_the_gap_fills_when_the_edge_is_back(running):
    edge, site = running, running.site
    edge.log.write(10)
    edge.arrived(10)
    assert edge.live() == (10, Status.GOOD)
    edge.conduit.cut()
    eventually(lambda: edge.live() == (10, Status.BAD_NO_COMMUNICATION))
    link = edge.link()
    assert (link["state"], link["edge"], link["silent_tags"]) == ("down", "edge1", 1)
    assert link["error"] == "edge1 is silent"
    assert f"127.0.0.1:{edge.conduit.port}" in link["hint"]
    assert link["uplink_lag_s"] >= 3
    edge.log.write(500)
    time.sleep(1.0)
    assert site.sql(f"select count(*) as n from ({LINES})") == [{"n": 10}]
    edge.conduit.mend()
    edge.arrived(510)
    eventually(lambda: edge.live() == (510, Status.GOOD))
    eventually(lambda: edge.link()["state"] == "up")
    edge.stop_edge()
    eventually(lambda: edge.live() == (510, Status.BAD_NO_COMMUNICATION))
    edge.start_edge()
    eventually(lambda: edge.link()["state"] != "down")
    assert edge.whole() == list(range(1, 511))
    told = site.stored("select kind, path from events where path = 'edge1' order by time")
    kinds = [row["kind"] for row in told]
    ups = kinds[kinds.index("edge-up") :]  # it was silent before it first began
    assert ups == ["edge-up", "edge-down", "edge-up", "edge-down", "edge-up"]
    kept = site.stored(f"select quality from samples where path = '{TAG}' order by time")
    bad = [row["quality"] for row in kept if row["quality"]]
    assert bad == [Status.BAD_NOT_CONNECTED], "only the edge's own stop is a gap of history"


def test_an_edge_counts_its_tags_otherwise_and_the_site_stores_them_right(running):
    edge, site = running, running.site
    edge.log.write(5)
    site.log.write(7)
    edge.arrived(5)
    own = Catalogue.open(edge.data / "catalogue.json").namespace
    at_site = Catalogue.open(site.data / "catalogue.json").namespace
    assert own.id(TAG) == 0
    assert at_site.id(TAG) > 0
    assert at_site[0].path != TAG
    assert edge.whole() == [1, 2, 3, 4, 5]
    near = "select value from samples where path = 'hall/line1/logger/line' order by time"
    assert [row["value"] for row in site.stored(near)] == [1, 2, 3, 4, 5, 6, 7]
    first = f"select count(*) as n from samples where path = '{at_site[0].path}' and quality = 0"
    assert site.stored(first) == [{"n": 0}]


def test_an_edge_may_touch_nothing_but_its_own_at_the_site(plant):
    plant.site.start()
    identity = CarriedIdentity.of(plant.site.folder / "identity" / "edge2", "edge2")
    access, other = EdgeAccess("edge2"), EdgeAccess("edge1")
    url = load(plant.site.plant).edges["edge2"].site

    async def go():
        bus = await Bus.connect(url, tls=identity, name="edge2", inbox=access.inbox)
        refusals = []

        async def note(error):
            refusals.append(str(error))

        async def refused(doing, *what):
            refusals.clear()
            await doing(*what)
            async with asyncio.timeout(10):
                while not refusals:
                    await asyncio.sleep(0.01)
            assert "permissions violation" in refusals[0].lower(), what

        bus.client._error_cb = note
        assert (await bus.info(access.stream)).name == "UP_edge2"
        publisher = await bus.publisher(access.stream)
        await (await publisher.publish(f"{access.prefix}uns.v1.acme.riverside._x.y", b"own"))
        await (await bus.bucket(access.bucket)).put("status", b"own")
        subjects = [
            f"{other.prefix}uns.v1.acme.riverside._frame.edge-log",
            "uns.v1.acme.riverside._frame.log",
            *(f"$KV.{other.bucket}.status", "$KV.last.log"),
            *("$JS.API.STREAM.NAMES", "$JS.API.STREAM.CREATE.MINE"),
            *(f"$JS.API.STREAM.PURGE.{access.stream}", f"$JS.API.STREAM.DELETE.{access.stream}"),
            *(f"$JS.API.CONSUMER.CREATE.{name}" for name in ("UNS", access.stream)),
        ]
        for stream in ("UNS", other.stream, f"KV_{other.bucket}", "KV_last"):
            calls = ("STREAM.INFO", "STREAM.MSG.GET", "DIRECT.GET")
            subjects += [f"$JS.API.{call}.{stream}" for call in calls]
        for subject in subjects:
            await refused(bus.client.publish, subject, b"{}")
        for subject in ("uns.>", "up.edge1.>", f"{other.inbox}.>", "_INBOX.>", "$KV.>", ">"):
            await refused(bus.client.subscribe, subject)
        await bus.close()

    asyncio.run(go())


def test_an_identity_that_the_site_did_not_issue_is_refused(plant, tmp_path):
    plant.site.start()
    words = ["--to", str(tmp_path / "foreign"), "--plant", str(plant.site.plant)]
    assert main(["edge", "issue", "edge1", *words, "--data", str(tmp_path / "other")]) == 0
    foreign = CarriedIdentity.of(tmp_path / "foreign", "edge1")
    url = load(plant.site.plant).edges["edge2"].site

    async def go():
        with pytest.raises(AuthError):
            await Bus.connect(url, tls=foreign, name="edge1")

    asyncio.run(go())
    (plant.site.folder / "identity" / "edge1").rename(tmp_path / "right")
    (tmp_path / "foreign").rename(plant.site.folder / "identity" / "edge1")
    plant.start_edge()
    eventually(
        lambda: (was := EdgeNode.last_status(plant.data)) and "certificate" in was.why.lower()
    )
    log = plant.site.folder / "edge.log"
    eventually(lambda: "cannot be reached yet" in log.read_text("utf-8"))
    assert plant.link()["state"] in ("starting", "down")


def test_what_is_missing_for_an_edge_is_told(plant, capsys):
    run = ["run", str(plant.site.plant), "--data", str(plant.data)]
    assert main([*run, "--edge", "egde1"]) == 2
    assert "did you mean `edge1`?" in capsys.readouterr().err
    (plant.site.folder / "identity" / "edge1" / "edge1.key").unlink()
    assert main([*run, "--edge", "edge1"]) == 2
    told = capsys.readouterr().err
    assert "edge1.key" in told
    assert "isthmus edge issue edge1" in told
    assert main(["edge", "issue", "edge3", "--plant", str(plant.site.plant)]) == 2
    assert "no edge `edge3`" in capsys.readouterr().err


def test_the_doctor_sees_an_edge_from_its_folder(running, capsys):
    running.conduit.cut()
    eventually(lambda: EdgeNode.last_status(running.data).uplink == "down")
    running.log.write(3)
    eventually(lambda: EdgeNode.last_status(running.data).behind > 0)
    assert main(["doctor", "--data", str(running.data), "--json"]) == 1
    found = json.loads(capsys.readouterr().out.splitlines()[-1])["findings"]
    told = {finding["what"]: finding for finding in found}
    assert told["edge"]["state"] == "well"
    assert told["link edge-log"]["state"] == "well"
    assert told["uplink"]["state"] == "wrong"
    assert "wait for the site" in told["uplink"]["found"]
