"""A site in this process whose API is asked by anybody: the header `x-test-who` says who asks."""

from __future__ import annotations

import asyncio
import threading
import time

import httpx
import pytest
from fastapi import Request

from isthmus.model.access import Grant, Principal, Right, Role, Scope
from isthmus.runtime.app import App
from isthmus.runtime.config import load
from isthmus.runtime.settings import Settings
from isthmus.web import server

PLANT = """
isthmus: 1
enterprise: acme
site: riverside
timezone: Europe/Berlin
zones: {cell: {level: 2}}
calendars: {day: {early: "06:00-14:00"}}
people: {teams: {leads: {members: [lea]}}}
equipment:
  packaging:
    line1:
      calendar: day
      units: {filler: {tags: {speed: {unit: 1/min}, state: {}}}}
    line10:
      units: {filler: {tags: {speed: {unit: 1/min}}}}
connections:
  log:
    kind: files
    path: LOG/*.log
    line: '(?P<time>\\S+) n=(?P<speed>\\d+)'
    zone: cell
    tags: {packaging/line1/filler/speed: speed}
access:
  grants:
    - {who: team:leads, role: operator, at: packaging/line1}
    - {who: person:all, role: viewer}
  deny:
    - {who: person:barred, right: read, at: packaging/line10}
"""
ROLES = {role.value: Principal(f"person:{role}", own=(Grant("", role),)) for role in Role}
PEOPLE = {
    **ROLES,
    "nobody": Principal("person:nobody"),
    "lea": Principal("person:lea"),
    "barred": Principal("person:barred", own=(Grant("", Role.VIEWER),)),
    "reader-token": Principal(
        "service:reader", own=(Grant("", Role.ENGINEER),), scope=Scope(frozenset({Right.READ}))
    ),
    "line-token": Principal(
        "service:line", own=(Grant("", Role.ENGINEER),), scope=Scope(at=("packaging/line1",))
    ),
}


class Running:
    """The application, and a way to ask it as somebody."""

    def __init__(self, app, web):
        self.app, self.port = app, web.port
        self.token = web.entrance.token
        self.client = httpx.Client(
            base_url=web.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=30
        )

    def ask(self, who, method, url, **more):
        headers = {"x-test-who": who, **more.pop("headers", {})}
        return self.client.request(method, url, headers=headers, **more)


@pytest.fixture
def site(running):
    """The site, with the policy of its plant file."""
    running.app.trust.rights.apply(running.app.plant.access, "owner")
    return running


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    """A site that runs in a thread of its own until the last test."""
    folder = tmp_path_factory.mktemp("site")
    file = folder / "plant.yaml"
    file.write_text(PLANT.replace("LOG", str(folder)), "utf-8")
    ready, made, failed = threading.Event(), [], []

    async def run():
        app = App(plant, Settings.of(plant, folder / "data", file))
        real = server.enforce
        server.enforce = lambda app: somebody(real(app))
        try:
            web = server.WebServer(app, host="127.0.0.1", port=0)
        finally:
            server.enforce = real
        made.append((app, web, asyncio.get_running_loop()))
        serving = asyncio.create_task(web.serve())
        await app.run(ready.set)
        await serving

    def living():
        try:
            asyncio.run(run())
        except BaseException as error:
            failed.append(error)
            ready.set()
            raise

    plant = load(file)
    thread = threading.Thread(target=living)
    thread.start()
    assert ready.wait(60)
    assert not failed, failed
    app, web, loop = made[0]
    with (folder / "a.log").open("w") as log:
        log.writelines(f"2026-01-01T00:00:0{n}Z n={n}\n" for n in range(5))
    try:
        asking = Running(app, web)
        yield asking
        asking.client.close()
    finally:
        loop.call_soon_threadsafe(app.stopping.set)
        thread.join(60)


def somebody(check):
    """The check, for whom the header names: what signing in would have found out."""

    async def checked(request: Request) -> None:
        who = request.headers.get("x-test-who", "")
        if who:
            request.state.principal = PEOPLE[who]
        await check(request)

    return checked


def eventually(what, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError(what)
