"""Killed at any step, an import and a round of retention and archive are completed by the next.

A random part of the steps is tried (ISTHMUS_DEATHS, 10; 0 tries every one).
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.integration.historian import dying_import, dying_keep, rot
from tests.integration.historian.dying_import import NUMBER, PARTS, PATHS, part
from tests.integration.historian.rot import FOREVER

from isthmus.cli import sites
from isthmus.historian.columns import settled
from isthmus.historian.delta.reader import Reader
from isthmus.historian.ingest.journal import Journal
from isthmus.historian.settings import DAY
from isthmus.model.sample import Batch
from isthmus.runtime.catalogue import Catalogue

DEATHS = int(os.environ.get("ISTHMUS_DEATHS", "10"))
TOP = Path(__file__).parents[3]
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]


def run(module, root, steps):
    done = subprocess.run(
        [sys.executable, "-m", module.__name__,
         root, *map(str, steps)],
        cwd=TOP, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]


def deaths(module, root):
    """Kill it at some of its steps; each with the folder that it left and what it had said."""
    run(module, root, [0])
    count = int((root / "steps").read_text())
    assert count > 60
    chosen = range(1, count + 1)
    if DEATHS and count > DEATHS:
        chosen = sorted(random.Random(count).sample(chosen, DEATHS))
    run(module, root, list(chosen))
    for step in chosen:
        said = (root / f"{step}.said").read_text().split()
        yield root / str(step), int(said[-1]) if said else 0, f"killed at step {step} of {count}"


def everything(history, tags):
    return history.raw(tags, *FOREVER)


def by_path(folder, rows):
    """The rows with the places of their paths as tags."""
    names = Catalogue.open(folder / "catalogue.json").namespace
    place = {names.id(path): number for number, path in enumerate(PATHS)}
    tag = np.array([place[each] for each in rows.tag.tolist()], np.int32)
    return settled(Batch(tag, rows.time, rows.value, rows.quality))


def test_an_import_killed_at_any_step_is_completed_once(tmp_path):
    wanted = settled(Batch.concat([part(number) for number in range(PARTS)]))
    for folder, _, told in deaths(dying_import, tmp_path):
        known = Journal(folder / "imports.json").of(NUMBER)
        durable = known.parts if known else 0
        if durable:
            reader = Reader(folder / "history")
            rows = by_path(folder, everything(reader, [0, 1, 2]))
            reader.close()
            there = settled(Batch.concat([part(number) for number in range(durable)]))
            late = set(zip(rows.tag.tolist(), rows.time.tolist(), strict=True))
            noted = set(zip(there.tag.tolist(), there.time.tolist(), strict=True))
            assert noted <= late, f"{told}: the journal says more than history has"
        dying_import.story(folder, lambda _: None)
        files = sites.Files(folder)
        try:
            assert files.begin(NUMBER, "old.csv", "me", again=False, create=[]) == (PARTS, True)
        finally:
            files.close()
        reader = Reader(folder / "history")
        assert rot.same(by_path(folder, everything(reader, [0, 1, 2])), wanted), told
        (row,) = reader.sql(
            "select count(*) n, count(distinct (tag, time)) d from samples"
        ).to_pylist()
        assert (row["n"], row["d"]) == (len(wanted), len(wanted)), told
        events = reader.sql("select data from events where kind = 'import'").to_pylist()
        assert len(events) == 1, f"{told}: it ended {len(events)} times"
        assert json.loads(events[0]["data"])["id"] == NUMBER
        names = reader.sql("select path from tags order by path").to_pylist()
        assert [name["path"] for name in names] == sorted(PATHS), told
        reader.close()


def test_an_import_done_again_into_files_takes_what_was_corrected(tmp_path):
    dying_import.story(tmp_path, lambda _: None)
    files = sites.Files(tmp_path)
    files.begin("other", "better.csv", "me", again=False, create=[])
    files.take("other", 0, part(0, plus=1.0), PATHS)
    files.end("other", 0)
    files.close()
    dying_import.story(tmp_path, lambda _: None, again=True)
    reader = Reader(tmp_path / "history")
    wanted = settled(Batch.concat([part(number) for number in range(PARTS)]))
    assert rot.same(by_path(tmp_path, everything(reader, [0, 1, 2])), wanted)
    events = reader.sql("select data from events where kind = 'import' order by time").to_pylist()
    assert [json.loads(event["data"])["turn"] for event in events] == [1, 1, 2]


def test_rules_and_archive_killed_at_any_step_lose_nothing_that_is_kept(tmp_path):
    today = dying_keep.TODAY * DAY
    everyone = Batch.concat([dying_keep.day(number) for number in range(dying_keep.DAYS)])
    final = None
    for folder, position, told in deaths(dying_keep, tmp_path):
        if final is None:
            lake = dying_keep.opened(tmp_path / "0")
            final = everything(lake, [0, 1])
            assert 0 < lake.stats().kept.archived_rows < len(final), "some are in the archive"
            assert len(final) < len(everyone), "some have passed their rule"
            lake.close()
        if not (folder / "history" / "samples").exists():
            continue
        lake = dying_keep.opened(folder)
        durable = lake.positions().get("s", 0)
        assert durable >= position, told
        rows = everything(lake, [0, 1])
        days = [dying_keep.day(number) for number in range(durable)]
        known = settled(Batch.concat(days)) if days else Batch.empty()
        young = known.time >= np.where(known.tag == 1, today - 3 * DAY, today - 7 * DAY)
        kept = set(zip(*(c.tolist() for c in (known.tag, known.time, known.value)), strict=True))
        must = known.where(young)
        must = set(zip(*(c.tolist() for c in (must.tag, must.time, must.value)), strict=True))
        there = list(zip(*(c.tolist() for c in (rows.tag, rows.time, rows.value)), strict=True))
        assert len(there) == len(set(there)), f"{told}: a sample is there twice"
        assert must <= set(there) <= kept, told
        (row,) = lake.sql("select count(*) n from samples").to_pylist()
        assert row["n"] == len(there), f"{told}: SQL sees another number"
        lake.close()
        dying_keep.story(folder, lambda _: None)
        lake = dying_keep.opened(folder)
        assert rot.same(everything(lake, [0, 1]), final), told
        assert lake.stats().damaged == (), told
        lake.close()
