"""`isthmus history` over the files of a site that does not run."""

from __future__ import annotations

import json

import numpy as np
import pytest

from isthmus.cli.examine import examine
from isthmus.cli.main import main
from isthmus.historian.delta.lake import Lake
from isthmus.historian.keep.retention import Retention
from isthmus.historian.settings import DAY, LakeSettings
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Tag

TODAY = 20_000  # 2024-10-04


@pytest.fixture
def data(tmp_path):
    """Ten days of two tags, 1,000 samples a day each, in a history of 50 MB."""
    retention = Retention(raw=400 * DAY, disk=50_000_000)
    lake = Lake.open(
        tmp_path / "history",
        now=lambda: Nanoseconds(TODAY * DAY + DAY // 2),
        settings=LakeSettings(reserve_bytes=0, retention=retention),
    )
    lake.write_tags((TagId(n), Tag(path)) for n, path in enumerate(("hall/press/force", "hall/t")))
    rng = np.random.default_rng(3)
    for day in range(TODAY - 9, TODAY + 1):
        times = day * DAY + np.arange(1_000) * 1_000_000
        tags = np.repeat(np.arange(2, dtype=np.int32), 1_000)
        batch = Batch.of(tags, np.tile(times, 2), rng.normal(size=2_000))
        events = [Event(Nanoseconds(day * DAY), "hall", "text", "x")]
        lake.append(batch, stream="s", position=day, events=events)
        lake.seal()
    lake.maintain()
    lake.close()
    return tmp_path


def test_it_tells_what_is_held_by_month_and_when_the_disk_is_full(data, capsys):
    assert main(["history", "--data", str(data), "--by-equipment"]) == 0
    out = capsys.readouterr().out
    assert "20,000 samples" in out
    assert "from 2024-09-25 00:00:00 UTC to 2024-10-04 00:00:00 UTC" in out
    assert "of 50 MB" in out
    assert "stays below" in out or "full in" in out
    assert "keeps raw: 400 days" in out
    assert [line.split()[:3] for line in out.splitlines() if line.startswith("2024-")] == [
        ["2024-09", "events", "6"],
        ["2024-09", "samples", "12000"],
        ["2024-10", "events", "4"],
        ["2024-10", "samples", "8000"],
    ]
    assert [line.split()[:3] for line in out.splitlines() if line.startswith("hall")] == [
        ["hall", "1", "10000"],
        ["hall/press", "1", "10000"],
    ]


def test_the_same_for_machines_and_the_doctor(data, capsys):
    assert main(["history", "--data", str(data / "history"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["events"], told["kept"]["limit"]) == (20_000, 10, 50_000_000)
    days, full = told["kept"]["forecast"]["per_day"], told["kept"]["forecast"]["full_in"]
    assert days == pytest.approx(told["bytes"] / 10, rel=0.05)
    assert full is None or full > 300
    disk = next(found for found in examine(data, None) if found.what == "history's disk")
    assert (disk.state, disk.found) == ("well", told["forecast"])


def test_a_folder_without_history_is_named(tmp_path, capsys):
    assert main(["history", "--data", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
