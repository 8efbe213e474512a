"""An edge and its site as a user runs them: two processes, one plant file, a conduit to cut."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from tests.integration.site.conftest import Log, Site, eventually, free_port

from isthmus.cli.main import main
from isthmus.cli.remote import Remote

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
        for name, told in Remote.of(self.site.data).listen("/api/live", tags=TAG):
            if name == "values":
                return told["value"][0], told["quality"][0]
        raise OSError("the site ended")

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
