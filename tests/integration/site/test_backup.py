"""A site backs itself up while it runs; restored, it reads on from its stream, every row once."""

import asyncio
import shutil
import stat
from dataclasses import replace

import pytest
from benchmarks.plants import flood_plant

from isthmus.cli.examine_backup import examine_backup
from isthmus.historian.backup.document import newest
from isthmus.historian.backup.restore import restore
from isthmus.historian.backup.state import remembered
from isthmus.historian.delta.reader import Reader
from isthmus.historian.keep.place import Target, place
from isthmus.runtime.app import App
from isthmus.runtime.history.backup import BackupPlan
from isthmus.runtime.settings import Settings
from isthmus.web.attention import attention

pytestmark = pytest.mark.chaos
ROWS = 60_000
COUNT = "select count(*) as n, count(distinct (tag, time)) as d from samples"


async def until(what, seconds=60.0):
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.05)


def run(plant, settings, what):
    """Run a site until `what`, a coroutine function of the app, returns."""

    async def go():
        app = App(plant, settings)
        ready = asyncio.Event()
        running = asyncio.create_task(app.run(ready.set))
        await ready.wait()
        try:
            await what(app)
        finally:
            app.stopping.set()
            await running

    asyncio.run(go())


def test_a_restored_site_reads_on_from_its_stream(tmp_path):
    plant = flood_plant(1, 500, limit=ROWS)
    data, target = tmp_path / "data", Target(str(tmp_path / "nas"))
    settings = replace(
        Settings.of(plant, data), seal_seconds=0.3, backup=BackupPlan(target, 86_400.0, 3)
    )

    async def all_of_it(app):
        await until(lambda: app.backups.state.made)
        await until(lambda: app.historian.stats().rows >= ROWS)
        assert app.backups.state.error == ""

    run(plant, settings, all_of_it)
    backup = newest(place(target))
    assert remembered(data).point == backup.point
    held = next(table for table in backup.tables if table.name == "samples")
    private = {thing.path for thing in backup.things if thing.private}
    assert "pki/ca.key" in private
    assert not any(thing.path.startswith(("web/", "bus/")) for thing in backup.things)
    found = {finding.what: finding for finding in examine_backup(data)}
    assert {finding.state for finding in found.values()} == {"well"}, found

    new = tmp_path / "new"
    restore(place(target), backup, new)
    assert stat.S_IMODE((new / "pki" / "ca.key").stat().st_mode) == 0o600
    assert Reader(new / "history").sql(COUNT, rows=1)["n"][0].as_py() == held.rows
    shutil.move(data / "bus", new / "bus")

    async def caught_up(app):
        await until(lambda: app.historian.stats().rows >= ROWS)

    silent = replace(plant, connections={})  # what comes now comes from the stream alone
    run(silent, replace(settings, folder=new, history=new / "history", backup=None), caught_up)
    rows = Reader(new / "history").sql(COUNT, rows=1).to_pylist()
    assert rows == [{"n": ROWS, "d": ROWS}]


def test_a_backup_that_fails_asks_for_attention_and_works_again_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr("isthmus.runtime.history.backup.RETRY", 0.5)
    plant = flood_plant(1, 50, limit=5_000)
    (tmp_path / "nas").write_text("a file where a folder should be")
    plan = BackupPlan(Target(str(tmp_path / "nas")), 3_600.0, 3)
    settings = replace(Settings.of(plant, tmp_path / "data"), seal_seconds=0.3, backup=plan)

    async def heals(app):
        await until(lambda: app.backups.state.error)
        told = {item.title: item.detail for item in attention(app, app.historian.stats())}
        assert str(tmp_path / "nas") in told["The backup failed"]
        (tmp_path / "nas").unlink()
        await until(lambda: app.backups.state.made)
        told = {item.title for item in attention(app, app.historian.stats())}
        assert "The backup failed" not in told

    run(plant, settings, heals)
    assert remembered(tmp_path / "data").error == ""
