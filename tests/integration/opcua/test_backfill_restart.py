"""While the site was away its devices recorded: back again, it asks them and closes the gap."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from tests.integration.site.conftest import eventually

from isthmus.cli.remote import Remote
from isthmus.historian.delta.reader import Reader
from isthmus.model.sample import Status

PLANT = """
isthmus: 1
enterprise: acme
site: riverside
equipment: {{hall: {{line1: {{units: {{press: {{tags: {{speed: 1/min, count: {{}}}}}}}}}}}}}}
connections:
  press-plc:
    kind: opcua
    url: {url}
    security: none
    publish: 50 ms
    tags:
      hall/line1/press/speed: "ns=2;s=Line.Speed"
      hall/line1/press/count: "ns=2;s=Line.Count"
"""
SPEED = "hall/line1/press/speed"


@contextmanager
def site(folder, *, kill):
    """A running site; in the end it is asked to stop, or killed."""
    (folder / "data" / "web" / "url").unlink(missing_ok=True)
    words = ["run", str(folder / "plant.yaml"), "--data", str(folder / "data"), "--port", "0"]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "isthmus", *words], stdout=subprocess.DEVNULL, stderr=log
        )
    try:
        yield eventually(lambda: asked(folder))
    finally:
        process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        process.wait(60)


def asked(folder):
    remote = Remote.of(folder / "data")
    remote.get("/api/links")
    return remote


def sql(remote, query):
    return remote.get("/api/sql", q=query)


def seen(value):
    return f"select 1 as seen from samples where path = '{SPEED}' and value = {value}"


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
def test_a_site_that_was_away_has_what_the_device_recorded_meanwhile(opcua, tmp_path, kill):
    with opcua.serving(history=["Speed"]) as running:
        (tmp_path / "plant.yaml").write_text(PLANT.format(url=running.url), "utf-8")
        with site(tmp_path, kill=kill) as remote:
            running.put(Speed=[20.0, "Double"])
            eventually(lambda: sql(remote, seen(20.0)))
            time.sleep(2.5)  # so that the heartbeat says that we still ran
        values = [100.0 + step for step in range(25)]
        for value in values:
            running.put(Speed=[value, "Double"])
            time.sleep(0.02)
        with site(tmp_path, kill=False) as remote:
            (told,) = eventually(
                lambda: sql(remote, "select path, text, data from events where kind = 'backfill'")
            )
            assert told["path"] == "press-plc"
            eventually(lambda: sql(remote, seen(values[-1])))
    rows = (
        Reader(tmp_path / "data" / "history")
        .sql(
            "select path, time, value, quality from samples order by path, time",
            seconds=60,
            rows=1_000_000,
        )
        .to_pylist()
    )
    speed = [row for row in rows if row["path"] == SPEED]
    recorded = [row["value"] for row in speed if row["value"] is not None and row["value"] >= 100]
    if recorded[-2:-1] == recorded[-1:]:  # what holds at the return may be told again
        recorded.pop()
    assert recorded == values, "each once, in order of time"
    assert len({row["time"] for row in speed}) == len(speed)
    assert not any(row["quality"] >= Status.BAD for row in speed), "the gap is closed"
    count = [row["quality"] for row in rows if row["path"].endswith("count")]
    assert any(quality >= Status.BAD for quality in count), "where nobody knows it stays"
