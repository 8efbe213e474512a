"""The demonstration as a user starts it, in its own process, and a real browser to look at it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from isthmus.cli.remote import Remote
from isthmus.demo.control import send
from isthmus.model.errors import IsthmusError

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def eventually(what, seconds=30.0):
    """What `what` gives once it gives something; fails after `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if found := what():
                return found
        except (IsthmusError, OSError, httpx.HTTPError):
            pass
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds:g} s: {what}")


def free_port():
    """A port that is free now, outside of what outgoing connections take.

    Each worker has its own hundred: whoever is told a port takes it seconds later.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 18_800 + 100 * (worker % 50)
    for port in range(first, first + 100):
        with socket.socket() as listening:
            try:
                listening.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


class Demo:
    """One demonstration plant; `start` again after `stop` goes on with its data."""

    def __init__(self, folder: Path, hours: float = 6) -> None:
        self.folder, self.site, self.hours = folder / "demo", folder / "demo" / "site", hours
        self.port = free_port()
        self.process: subprocess.Popen | None = None
        self.log = folder / "demo.log"

    def start(self):
        (self.site / "web" / "url").unlink(missing_ok=True)
        with self.log.open("ab") as errors:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "isthmus", "demo", "--folder", str(self.folder)),
                    *("--port", str(self.port), "--back-fill", f"{self.hours}", "--keep"),
                ],
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
        eventually(self.flows, 180)
        return self

    def flows(self):
        if self.process.poll() is not None:
            last = self.log.read_text("utf-8").splitlines()[-3:]
            pytest.exit(f"the demonstration ended: {last}", 1)
        links = self.remote.get("/api/links")
        return all(link["state"] == "up" for link in links["links"]) and links["stored"] > 0

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(40)

    def quiet(self):
        """Shelve what chance raises: machines jam and break down whenever they like."""
        with self.client() as asking:
            found = asking.get("/api/alarms", params={"all": "true"}).json()["alarms"]
            chance = [one["path"] for one in found if one["path"].endswith(("/jam", "/breakdown"))]
            wish = {"alarms": chance, "reason": "stops by chance", "minutes": 480}
            assert asking.post("/api/alarms/shelve", json=wish).is_success

    def fault(self, name, *, on):
        send(self.folder / "plant", name, on=on)

    @property
    def url(self):
        return (self.site / "web" / "url").read_text("utf-8")  # the port that it found

    @property
    def token(self):
        return (self.site / "web" / "token").read_text("ascii").strip()

    @property
    def remote(self):
        return Remote.of(self.site)

    def sign_in_link(self):
        return json.loads(self.remote.fetch("/api/sign-in-links", method="POST"))["link"]

    def client(self):
        """A client that holds the token."""
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=60
        )


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The demonstration, running until the last test."""
    running = Demo(tmp_path_factory.mktemp("web"))
    try:
        running.start()
        running.quiet()
        yield running
    finally:
        running.stop()


@pytest.fixture
def client(demo):
    """A client with the token."""
    with demo.client() as asking:
        yield asking


@pytest.fixture(scope="session")
def plant(demo):
    """What /api/plant answers."""
    return demo.remote.get("/api/plant")


@pytest.fixture(scope="session")
def tag(plant):
    """Tag ids by path."""
    return {each["path"]: each["id"] for each in plant["tags"]}


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


class Visitor:
    """One signed-in window that notes what goes wrong."""

    def __init__(self, browser, demo, *, theme="light", size=(1440, 900)) -> None:
        self.demo, self.wrong = demo, []
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=theme
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)
        self.page.goto(demo.sign_in_link())

    def _said(self, message):
        if message.type in ("error", "warning"):
            self.wrong.append(f"console: {message.text}")

    def _failed(self, request):
        if request.failure != "net::ERR_ABORTED":  # the page itself gave up, for another question
            self.wrong.append(f"failed: {request.url} {request.failure}")

    def _answered(self, response):
        if response.status >= 400:
            self.wrong.append(f"{response.status}: {response.url}")

    def open(self, path):
        """Open a page and wait until every card is filled and the live stream speaks."""
        self.page.goto(self.demo.url + path)
        self.ready()
        return self.page

    def ready(self):
        self.page.wait_for_function(
            "() => document.querySelector('main#page isthmus-card')"
            " && !document.querySelector('isthmus-card[state=loading]')"
            " && /data flows/.test(document.querySelector('isthmus-nav .foot')?.textContent ?? '')"
        )

    def close(self):
        self.context.close()


@pytest.fixture(scope="module")
def visit(browser, demo):
    """Open a signed-in window: `visit(theme=..., size=...)`; it is closed at the end."""
    opened = []

    def window(**how):
        opened.append(Visitor(browser, demo, **how))
        return opened[-1]

    window.opened = opened
    yield window
    for visitor in opened:
        visitor.close()


@pytest.fixture(autouse=True)
def close_what_was_opened(request):
    """Close the windows that one test opened: each one left would go on asking and drawing."""
    if "visit" not in request.fixturenames:
        yield
        return
    opened = request.getfixturevalue("visit").opened
    kept = len(opened)
    yield
    while len(opened) > kept:
        opened.pop().close()
