"""The back-fill: the same for the same seed, in order, and without a jump to the live plant."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from isthmus.demo.history import history
from isthmus.demo.live import plant_at
from isthmus.demo.signal import LINE, PATHS, SIGNALS, TEXTS
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.state import State

SECOND = 1_000_000_000
END = Nanoseconds(1_794_305_400 * SECOND)  # Tue 10 Nov 2026, 11:10 in Berlin


def past(seconds: int, seed: int = 7, **more: Path) -> tuple[Batch, list[Event]]:
    start = Nanoseconds(END - seconds * SECOND)
    parts = list(history(seed, start, END, **more))
    assert all(paths == PATHS for paths, _, _ in parts)
    assert all(500 < len(batch) < 60_000 for _, batch, _ in parts)
    return Batch.concat([b for _, b, _ in parts]), [e for _, _, told in parts for e in told]


def column(batch: Batch, path: str) -> Batch:
    return batch.where(batch.tag == PATHS.index(path))


def test_the_same_seed_gives_the_same_columns():
    (one, told), (two, told_too) = past(7200), past(7200)
    assert np.array_equal(one.tag, two.tag)
    assert np.array_equal(one.time, two.time)
    assert np.array_equal(one.value, two.value)
    assert told == told_too
    other, _ = past(7200, seed=8)
    assert not np.array_equal(one.value[:1000], other.value[:1000])


def test_samples_are_in_order_inside_the_window_and_good():
    batch, events = past(7200)
    assert np.all(np.diff(batch.time) >= 0)
    assert batch.time[0] > END - 7200 * SECOND
    assert batch.time[-1] <= END
    assert not np.any(batch.quality)
    assert np.all(np.isfinite(batch.value))
    assert [e.time for e in events] == sorted(e.time for e in events)
    assert {e.path for e in events if e.kind == "text"} == set(TEXTS)
    assert set(np.unique(batch.tag)) == set(range(len(PATHS)))


def test_every_instrument_stays_in_its_range():
    batch, _ = past(6 * 3600)
    for path, signal in SIGNALS.items():
        if signal.range is not None:
            values = column(batch, path).value
            assert signal.range[0] <= values.min(), path
            assert values.max() <= signal.range[1], path


def test_energy_counters_never_fall_and_states_are_packml():
    batch, _ = past(6 * 3600)
    for path, signal in SIGNALS.items():
        values = column(batch, path).value
        if signal.counter and "resets" not in signal.counter:
            assert np.all(np.diff(values) >= 0), path
        if signal.legend == "packml":
            assert set(values) <= {float(state) for state in State if state}, path


def test_the_meter_measures_what_the_power_says():
    batch, _ = past(6 * 3600)
    power = column(batch, f"{LINE}/meter/power")
    energy = column(batch, f"{LINE}/meter/energy")
    held = np.diff(power.time) / 3600e9
    spent = float(np.sum(power.value[:-1] * held))
    assert abs(spent - (energy.value[-1] - energy.value[0])) < 0.01 * spent


def test_the_live_plant_goes_on_where_the_past_ended(tmp_path: Path):
    state = tmp_path / "state.json"
    batch, _ = past(3600, state=state)
    saved = json.loads(state.read_text())
    plant = plant_at(END, 7, state)
    assert plant.now == END // SECOND == saved["now"]
    last = column(batch, f"{LINE}/filler/good_count").value[-1]
    assert 0 <= plant.filler.good - plant.filler.offset_good - last < 10
    energy = column(batch, f"{LINE}/meter/energy").value[-1]
    assert abs(plant.energy - energy) < 0.2


def test_a_plant_that_opens_again_in_a_break_works_through_it(tmp_path: Path):
    state = tmp_path / "state.json"
    past(3600, state=state)
    evening = Nanoseconds(END + (7 * 60 + 5) * 60 * SECOND)  # 18:15, in the late shift's break
    plant = plant_at(evening, 7, state)
    assert plant.now == END // SECOND
    assert plant.calendar.duty(evening // SECOND) == 0


def test_a_damaged_state_is_told_and_the_plant_begins_anew(tmp_path: Path, capsys):
    state = tmp_path / "state.json"
    for text in ("{", "[]", '{"version": 1}', '{"version": 7}'):
        state.write_text(text)
        assert plant_at(END, 7, state).now == END // SECOND - 1200
    assert capsys.readouterr().err.count("begins anew") == 4
