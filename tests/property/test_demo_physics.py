"""Whatever the seed and the hour, the line keeps its laws."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.demo.physics.calendar import Calendar
from isthmus.demo.physics.machines import BUFFERS
from isthmus.demo.physics.plant import Fault, Plant
from isthmus.model.state import Cause, State

faults = st.frozensets(st.sampled_from(sorted(Fault)))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**64 - 1),
    start=st.integers(1_700_000_000, 2_000_000_000),
    wished=st.lists(faults, max_size=4),
)
def test_laws_hold(seed: int, start: int, wished: list[frozenset[Fault]]):
    plant = Plant(seed, start, first_order=1042, calendar=Calendar.around(start))
    for now in [frozenset[Fault](), *wished]:
        plant.set_faults(now)
        energy = plant.energy
        for _ in range(700):
            plant.step()
            assert all(0 <= n <= most for n, most in zip(plant.buffers, BUFFERS, strict=True))
            assert 0 < plant.compressor.pressure < 8
            assert plant.power > 0
        assert plant.energy > energy
        for place, machine in enumerate(plant.machines):
            assert machine.good + machine.scrap == machine.taken
            assert (machine.state == State.SUSPENDED) == (
                machine.cause in {Cause.STARVED, Cause.BLOCKED}
            )
            if place < 4:
                assert plant.buffers[place] == machine.good - plant.machines[place + 1].taken


@settings(max_examples=50, deadline=None)
@given(now=st.integers(0, 4_000_000_000))
def test_a_plant_never_opens_in_a_break(now: int):
    calendar = Calendar.around(now)
    assert not any(calendar.duty(now + ahead) for ahead in (0, 60, 600))
    assert calendar.shift(now) in {"early", "late", "night"}


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), cut=st.integers(1, 600))
def test_saving_changes_nothing(seed: int, cut: int):
    start = 1_794_293_000
    one = Plant(seed, start, first_order=1042, calendar=Calendar.around(start))
    other = Plant(seed, start, first_order=1042, calendar=Calendar.around(start))
    for second in range(900):
        one.step()
        other.step()
        if second == cut:
            other = Plant.load(other.dump())
    assert one.dump() == other.dump()
