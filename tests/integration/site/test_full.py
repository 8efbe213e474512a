"""A full disk and a full stream are states that people see, and nothing taken is lost."""

import asyncio
import re
import shutil
from dataclasses import replace
from typing import NamedTuple

import pytest
from benchmarks.plants import flood_plant

from isthmus.historian.delta.reader import Reader
from isthmus.historian.keep.forecast import Forecast
from isthmus.historian.keep.ledger import Kept
from isthmus.runtime.app import App
from isthmus.runtime.settings import Settings
from isthmus.web.attention import attention

pytestmark = pytest.mark.chaos


class Usage(NamedTuple):
    total: int
    used: int
    free: int


ROWS = 200_000


async def until(what, seconds=30.0):
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.05)


def test_a_full_disk_fills_the_stream_holds_the_links_and_heals(tmp_path, monkeypatch):
    plant = flood_plant(1, 500, limit=ROWS)
    settings = replace(
        Settings.of(plant, tmp_path), stream_bytes=2_000_000, seal_seconds=0.3
    )  # about 80,000 rows fit
    real = shutil.disk_usage

    def full_disk(path):  # stands for a disk that cannot be filled up here
        return Usage(real(path).total, real(path).total, 0)

    async def go():
        app = App(plant, settings)
        ready = asyncio.Event()
        running = asyncio.create_task(app.run(ready.set))
        await ready.wait()
        monkeypatch.setattr("isthmus.historian.delta.lake.shutil.disk_usage", full_disk)
        await until(lambda: app.bus_state() == "full")
        told = [item.title for item in attention(app, app.historian.stats())]
        assert "The bus is full" in told
        await until(lambda: app.historian.stats().state == "full")
        details = {item.title: item.detail for item in attention(app, app.historian.stats())}
        assert re.search(
            r"sealing needs \d+ MB free, has 0 MB", details["The disk of the history is full"]
        )
        assert "maximum" in details["The bus is full"], "of the stream, not of the disk"
        soon = Kept(forecast=Forecast(10**9, 3 * 10**9, 10**8, 20.0, 3 * 10**9))
        lake = replace(app.historian.stats(), kept=soon, damaged=("a: is missing", "b"))
        details = {item.title: item.detail for item in attention(app, lake)}
        assert details["History is damaged"] == "a: is missing, and 1 more"
        assert "`history: {keep}`" in details["History is full in 20 days"]
        held = app.live.seen
        await asyncio.sleep(1.0)
        assert app.live.seen == held, "a full stream holds the source back"
        assert held < ROWS
        monkeypatch.undo()
        await until(lambda: app.live.seen >= ROWS)
        await until(lambda: app.bus_state() == "up")
        assert app.lost() == 0
        app.stopping.set()
        await running

    asyncio.run(go())
    found = Reader(settings.history).sql(
        "select count(*) as n, count(distinct (tag, time)) as d from samples", seconds=30, rows=1
    )
    assert found.to_pylist() == [{"n": ROWS, "d": ROWS}]
