"""The weeks before the demonstration: their saving is known, and is found within its margin."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.figures.memory import MemoryHistory

from isthmus.demo.history import history
from isthmus.demo.logo import LOGO
from isthmus.demo.physics.calendar import Calendar
from isthmus.demo.plantfile import plant_file
from isthmus.demo.plantlinks import Places
from isthmus.demo.signal import PATHS
from isthmus.demo.weeks import LEAK, TIGHT, Mended, weeks
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.tag import Namespace
from isthmus.runtime.config import load
from isthmus.runtime.figures.energy import energy
from isthmus.runtime.figures.measure import verified
from isthmus.runtime.figures.meters import meter_tree
from isthmus.runtime.figures.outlook import outlook
from isthmus.runtime.figures.performance import performance
from isthmus.runtime.figures.read import Records
from isthmus.runtime.figures.split import split

OPENING = 1_790_000_000  # in September 2026
"""The clocks are changed neither in the weeks before nor after; see the seeds for chance."""


def plant(folder: Path):
    """The demo's plant as its file tells it."""
    ports = dict.fromkeys(("filler", "capper", "labeller", "palletiser", "meters"), 4840)
    places = Places(ports, folder, folder / "*.log", "mqtts://127.0.0.1:8883", "", "", "")
    (folder / "logo.svg").write_text(LOGO)
    file = folder / "plant.yaml"
    file.write_text(plant_file(places, Calendar.around(OPENING), Mended.of(OPENING)))
    return load(file)


@pytest.fixture(scope="module")
def declared(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("demo"))


def told(declared, *batches, end=OPENING):
    """The records that those samples make."""
    namespace = Namespace()
    for tag in declared.tags():
        namespace.bind(tag)
    rows = Batch.concat(list(batches))
    held = {}
    for place in np.unique(rows.tag).tolist():
        own = rows.where(rows.tag == place)
        number = namespace.id(PATHS[place])
        held[number] = replace(own, tag=np.full(len(own), number, np.int32))
    return Records(declared, namespace, MemoryHistory(held), lambda: Nanoseconds(end * 10**9))


@pytest.mark.parametrize("seed", range(7, 10))
def test_the_true_saving_lies_inside_of_the_margin(declared, seed):
    found = weeks(seed, OPENING, OPENING)
    records = told(declared, found.batch())
    judged = verified(records, declared.measures[0])
    hours = np.arange(Mended.of(OPENING).since, OPENING - 1800, 3600)
    last = (OPENING - 1800) // 3600 * 3600
    truth = found.saved[(found.edges[1:] <= last)].sum()
    saved, margin = judged.saving.kwh
    assert judged.saving.hours == len(hours) - (hours[-1] + 3600 > last)
    assert abs(saved - truth) <= margin
    assert margin < 0.25 * truth
    assert judged.regression.r2 > 0.9
    assert 0.05 < judged.probability < 0.95, "the goal is about what was saved"


def test_leaks_are_what_the_compressor_itself_makes_of_them():
    found = weeks(7, OPENING, OPENING)
    assert LEAK > TIGHT
    assert 2 < (found.leaking - found.tight).mean() < 8
    assert found.saved[~found.mended].sum() == 0


def test_at_first_sight_every_card_has_something_to_show(declared):
    records = told(declared, weeks(7, OPENING, OPENING).batch())
    line = next(declared.lines())
    shown = energy(records, line, records.window(line, "week"))
    assert shown.baseline.hours > 450
    assert shown.saving.kwh[0] > shown.saving.kwh[1] > 0
    assert outlook(records, line).days >= 30
    tree = {
        each.node.name: each for each in meter_tree(records, records.window(line, "week")).meters
    }
    assert tree["unmetered"].total / len(tree["unmetered"].kwh) == pytest.approx(1.5, rel=0.02)


def test_states_pieces_and_power_tell_of_the_same_time(declared):
    made = weeks(7, OPENING, OPENING)
    batch = made.batch()
    assert len(np.unique(np.stack([batch.tag, batch.time]), axis=1).T) == len(batch)
    records = told(declared, batch)
    line = next(declared.lines())
    found = performance(records, line, records.window(line, "week"))
    assert found.known == pytest.approx(1, abs=0.001)
    assert 0.6 < found.oee.availability < 0.95
    assert 0.8 < found.oee.effectiveness <= 1.001
    week = made.edges[:-1] >= OPENING - 7 * 86_400
    used = {part.name: part for part in split(records, line, records.window(line, "week")).states}
    mean = {name: part.kwh / part.seconds * 3600 for name, part in used.items()}
    assert mean["running"] > 1.5 * mean["stopped"] > mean["off"]
    assert used["running"].kwh > 0.85 * sum(part.kwh for part in used.values())
    assert found.count.good == pytest.approx(made.pieces[week].sum() * 0.985, rel=0.02)


def test_the_fine_past_goes_on_where_the_weeks_end(declared):
    """The counters wrap into it, and an hour of it takes what the weeks let expect."""
    start = OPENING - 3 * 3600
    fine = [part[1] for part in history(7, *(Nanoseconds(at * 10**9) for at in (start, OPENING)))]
    records = told(declared, weeks(7, OPENING, start).batch(), *fine)
    judged = verified(records, declared.measures[0])
    line = next(declared.lines())
    shown = energy(records, line, records.window(line, "day"))
    fit = judged.regression
    expected = fit.expected(shown.drivers)
    hours = np.flatnonzero(shown.whole)[-2:]
    assert (shown.kwh[hours] > 0).all()
    assert (expected[hours] - shown.kwh[hours]).mean() == pytest.approx(4.5, abs=6)


def test_days_are_local_days_around_the_opening():
    mended = Mended.of(OPENING)
    assert (mended.first - mended.baseline[1]).days == 1
    assert (mended.baseline[1] - mended.baseline[0]).days == 20
    assert mended.since < OPENING - 13 * 86_400
