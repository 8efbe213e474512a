"""Killed at any step that changes the disk, a history loses nothing and doubles nothing.

A random part of the some hundred steps is tried (ISTHMUS_DEATHS, 10; 0 tries every one).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.integration.historian import dying, rot
from tests.integration.historian.rot import FOREVER, NOON, TAGS

from isthmus.historian.columns import settled
from isthmus.historian.delta.reader import Reader
from isthmus.historian.settings import DAY, HOUR
from isthmus.historian.trend import trend
from isthmus.model.sample import Batch, Nanoseconds

DEATHS = int(os.environ.get("ISTHMUS_DEATHS", "10"))
TOP = Path(__file__).parents[3]


def run(root: Path, steps: list[int]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.historian.dying", root, *map(str, steps)],
        cwd=TOP, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]


def acknowledged(root: Path, step: int) -> int:
    said = (root / f"{step}.said").read_text().split()
    return int(said[-1]) if said else 0


def right(position: int) -> Batch:
    """The samples of the first frames, corrected."""
    return settled(Batch.concat([rot.frame(number) for number in range(1, position + 1)]))


def check(history, position: int, told: str) -> None:
    """It answers as the first frames say, each sample once, through every door."""
    samples = right(position)
    assert rot.same(history.raw(TAGS, *FOREVER), samples), told
    table = history.sql("select count(*) n, sum(value) v from samples").to_pylist()[0]
    assert table["n"] == len(samples), told
    assert table["v"] is None or table["v"] == pytest.approx(samples.value.sum()), told
    ends = samples.where(np.append(samples.tag[1:] != samples.tag[:-1], True)[: len(samples)])
    assert rot.same(history.last(TAGS), ends), told
    for start, end, points in ((NOON, NOON + 2 * DAY, 40), (NOON - HOUR, NOON + DAY // 9, 90)):
        drawn = history.trend(TAGS, Nanoseconds(start), Nanoseconds(end), points)
        for tag in TAGS:
            mine = samples.where(samples.tag == tag)
            mine = mine.where((mine.time >= start) & (mine.time < end))
            wanted = trend(mine, start, end, points)
            for name in ("time", "min", "max", "first", "final", "samples"):
                np.testing.assert_array_equal(
                    getattr(drawn[tag], name), getattr(wanted, name), told
                )
    texts = [int(event.text.partition(":")[0]) for event in history.events(*FOREVER)]
    # events may be durable before the position that they came with: their replay is ignored
    assert texts[:position] == list(range(1, position + 1)), told
    assert texts == list(range(1, len(texts) + 1)), told
    assert len(texts) <= position + 2, told
    named = history.sql("select count(*) n from tags").to_pylist()[0]["n"]
    assert named in {0, 2, 5}, told
    results = [found.value for found in history.kpis(*FOREVER)]
    assert results == sorted(set(results)), told
    assert set(range(4, position + 1, 4)) <= set(results), told


@pytest.mark.chaos
@pytest.mark.timeout(600)
def test_killed_at_any_step(tmp_path):
    run(tmp_path, [0])
    count = int((tmp_path / "steps").read_text())
    assert count > 150
    chosen = range(1, count + 1)
    if DEATHS and count > DEATHS:
        chosen = sorted(random.Random(count).sample(chosen, DEATHS))
    run(tmp_path, list(chosen))
    for step in chosen:
        root, told = tmp_path / str(step), f"killed at step {step} of {count}"
        if not (root / "samples").exists():
            continue
        lake = dying.opened(root)
        position = lake.positions().get("s", 0)
        assert position >= acknowledged(tmp_path, step), told
        assert lake.stats().damaged == (), told
        check(lake, position, told)
        lake.close()
        dying.story(root, lambda position: None)  # the stream has the rest
        lake = dying.opened(root)
        assert lake.positions() == {"s": dying.FRAMES}, told
        assert lake.stats().damaged == (), told
        check(lake, dying.FRAMES, told)
        assert lake.sql("select count(*) n from tags").to_pylist() == [{"n": 5}], told
        lake.close()
        check(Reader.open(root), dying.FRAMES, told)
        assert not list((root / "writing").iterdir()), told
        assert not (root / "quarantine").exists(), told
