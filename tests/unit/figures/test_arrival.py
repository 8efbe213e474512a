"""Figures from the lake are the same however samples came: shuffled, late, twice, corrected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.figures.memory import HOUR, START, S, span
from tests.unit.figures.test_elements import DOWN, EVERY, plant, told

from isthmus.historian.delta.lake import Lake
from isthmus.historian.settings import LakeSettings
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.runtime.figures.elements import elements
from isthmus.runtime.figures.statistics import line_bottleneck

NOW = Nanoseconds(START + 30 * HOUR)
CHUNKS = 30
LOST = 0x8031_0000


def day():
    """Two units over eight hours; the filler's link is away over the change of a shift."""
    rows = told("filler", down=DOWN, good=0.9, scrap=0.1) | told("packer", scrap=0.05)
    away = np.where((EVERY >= 10_500) & (EVERY < 11_400), LOST, 0).astype(np.uint32)
    for name in ("state", "good_count", "energy"):
        rows[f"filler/{name}"] = (*rows[f"filler/{name}"], away)
    return plant(rows)


def every(kept):
    """All samples of the plant, in order of time."""
    batch = Batch.concat(list(kept.historian.rows.values()))
    return batch.where(np.argsort(batch.time, kind="stable"))


def lake_at(folder):
    return Lake.open(folder, now=lambda: NOW, settings=LakeSettings(reserve_bytes=0, merge_files=3))


def filled(folder, batches, chance):
    """A lake to which the batches came one by one; sealed, tidied and opened again in between."""
    lake = lake_at(folder)
    for position, batch in enumerate(batches, start=1):
        lake.append(batch, stream="s", position=position)
        if chance.random() < 0.3:
            lake.seal()
        if chance.random() < 0.1:
            lake.maintain()
        if chance.random() < 0.05:
            lake.seal()
            lake.close()
            lake = lake_at(folder)
    return lake


def out_of_order(samples, chance):
    """The same samples in shuffled parts, some wrong at first, some twice, some unsorted."""
    parts = np.array_split(chance.permutation(len(samples)), CHUNKS)  # every part is of all times
    parts += np.array_split(np.arange(len(samples)), CHUNKS)[:: CHUNKS // 6]  # these come twice
    wrong = samples.where(np.sort(chance.choice(len(samples), 500, replace=False)))
    batches = [samples.where(part) for part in parts]
    chance.shuffle(batches)
    return [replace(wrong, value=wrong.value + 7), *batches]  # what is told later holds


def figures(kept, line):
    """Elements of line and units by hour and as a whole, and what held the line back."""
    windows = [*(span(1, start=hour) for hour in range(8)), span(8)]
    made = [elements(kept, each, windows).columns for each in (line, *line.children)]
    found = line_bottleneck(kept, line, span(8))
    return made, [(each.unit, each.seconds) for each in found.shares], found.turning


def test_late_and_shuffled_samples_give_what_those_in_time_gave(tmp_path):
    chance = np.random.default_rng(1)
    line, kept = day()
    samples = every(kept)
    in_time = [samples.where(part) for part in np.array_split(np.arange(len(samples)), CHUNKS)]
    lakes = [
        filled(tmp_path / "in-time", in_time, chance),
        filled(tmp_path / "late", out_of_order(samples, chance), chance),
    ]
    expected = figures(kept, line)
    for lake in lakes:
        made, shares, turning = figures(replace(kept, historian=lake), line)
        assert (shares, turning) == expected[1:]
        for columns, right in zip(made, expected[0], strict=True):
            for name, of in right.items():
                assert columns[name].tolist() == pytest.approx(of.tolist(), nan_ok=True), name
        lake.close()
    assert expected[0][0]["PQ"][-1] > 10_000


def test_a_late_sample_changes_the_windows_that_it_tells_of_and_no_other(tmp_path):
    line, kept = day()
    samples = every(kept)
    gap = (samples.quality != 0) & (samples.tag == kept.namespace.id(f"{line.path}/filler/state"))
    lake = filled(tmp_path, [samples], np.random.default_rng(0))
    ours = replace(kept, historian=lake)
    windows = [span(1, start=hour) for hour in range(8)]
    before = elements(ours, line.children[0], windows).columns
    late = samples.where(np.flatnonzero(gap))
    lake.append(replace(late, quality=late.quality * 0), stream="s", position=2)
    after = elements(ours, line.children[0], windows).columns
    assert before["UNKNOWN"].sum() > 0
    assert after["UNKNOWN"].sum() == 0
    touched = np.flatnonzero(before["UNKNOWN"])
    for name in ("CAL", "PBT", "APT", "ADOT", "PMT", "NOT"):
        moved = np.flatnonzero(before[name] != after[name])
        assert set(moved.tolist()) <= set(touched.tolist()), name
    lake.close()


def test_the_clock_of_a_machine_is_set_back_and_what_it_tells_last_holds(tmp_path):
    """At 02:00 it goes back ten minutes, which are told anew: they count once, as told then."""
    line, kept = day()
    samples = every(kept)
    at = START + 2 * HOUR
    early, late = samples.where(np.flatnonzero(samples.time < at)), samples.time >= at
    anew = early.time >= at - 600 * S
    stood = anew & (early.tag == kept.namespace.id(f"{line.path}/filler/state"))
    first = replace(early, value=np.where(stood, 11.0, early.value))
    batches = [first, early.where(np.flatnonzero(anew)), samples.where(np.flatnonzero(late))]
    lake = filled(tmp_path, batches, np.random.default_rng(0))
    found = elements(replace(kept, historian=lake), line, [span(8)]).columns
    right = elements(kept, line, [span(8)]).columns
    for name, of in right.items():
        assert found[name][0] == pytest.approx(of[0], nan_ok=True), name
    lake.close()
