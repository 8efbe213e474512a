"""The bottling line obeys what it must: pieces, states, energy, heat, wear."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from isthmus.demo.physics.air import UNLOAD
from isthmus.demo.physics.calendar import Calendar
from isthmus.demo.physics.machine import Duty
from isthmus.demo.physics.machines import BUFFERS
from isthmus.demo.physics.plant import Fault, Plant
from isthmus.model.state import Cause, State

MORNING = 1_794_293_000  # Tue 10 Nov 2026, 07:43 in Berlin
HOUR = 3600


def plant(seed: int = 7, start: int = MORNING) -> Plant:
    return Plant(seed, start, first_order=1042, calendar=Calendar.around(start))


def run(one: Plant, seconds: int) -> Iterator[Plant]:
    for _ in range(seconds):
        one.step()
        yield one


def test_pieces_are_neither_lost_nor_made():
    for one in run(plant(), 4 * HOUR):
        for place, machine in enumerate(one.machines):
            assert machine.good + machine.scrap == machine.taken
            if place < 4:
                held = machine.good - one.machines[place + 1].taken
                assert held == one.buffers[place]
                assert 0 <= held <= BUFFERS[place]


def test_starved_and_blocked_follow_from_the_buffers():
    seen = set()
    one = plant()
    for _ in range(6 * HOUR):
        before = list(one.buffers)
        one.step()
        for place, machine in enumerate(one.machines):
            if machine.state != State.SUSPENDED:
                assert machine.cause not in {Cause.STARVED, Cause.BLOCKED}
                continue
            seen.add((place, machine.cause))
            if machine.cause == Cause.STARVED:
                assert before[place - 1] < BUFFERS[place - 1] // 5
            else:
                # the machine behind has taken its pieces of this second already
                assert BUFFERS[place] - before[place] < BUFFERS[place] // 5 + 3
                assert machine.cause == Cause.BLOCKED
    assert (0, Cause.BLOCKED) in seen
    assert any(cause == Cause.STARVED for _, cause in seen)


def test_a_machine_that_does_not_execute_makes_nothing():
    one = plant()
    for _ in range(3 * HOUR):
        counts = [machine.taken for machine in one.machines]
        one.step()
        for machine, count in zip(one.machines, counts, strict=True):
            assert machine.taken == count or machine.state == State.EXECUTE


def test_energy_is_the_integral_of_power():
    one = plant()
    start = one.energy, one.filler.energy, one.compressor.energy
    power = [(one.power, one.filler.power, one.compressor.power) for one in run(one, 2 * HOUR)]
    end = one.energy, one.filler.energy, one.compressor.energy
    for place in range(3):
        spent = sum(row[place] for row in power) / 3600
        assert end[place] - start[place] == pytest.approx(spent, rel=1e-9)


def test_speed_drives_power_and_power_drives_heat():
    one = plant()
    for _ in run(one, 600):
        pass
    rows = [(m.speed, m.power, m.motor_temp) for o in run(one, 4 * HOUR) for m in [o.filler]]
    at_work = [power for speed, power, _ in rows if speed > 100]
    stopped = [power for speed, power, _ in rows if speed == 0]
    assert at_work
    assert stopped
    assert min(at_work) > 2 * max(stopped[5:], key=lambda power: -power)
    cool = min(rows, key=lambda row: row[2])
    warm = max(rows, key=lambda row: row[2])
    assert warm[2] > cool[2] + 5


def test_machines_rest_in_breaks_and_are_off_at_night():
    calendar = Calendar.around(MORNING)
    seen = set()
    for one in run(plant(), 20 * HOUR):
        duty = calendar.duty(one.now - one.now % 60)
        seen.add(duty)
        for machine in one.machines:
            if duty and machine.left == 0 and one.now % 60 > 15:
                assert machine.cause == (Cause.BREAK if duty == Duty.BREAK else Cause.NO_ORDER)
                assert machine.speed < 1
    assert seen == set(Duty)


def test_the_line_runs_when_it_opens_whatever_the_hour():
    for minute in range(0, 24 * 60, 30):
        now = 1_794_265_200 + minute * 60
        assert Calendar.around(now).duty(now) == Duty.WORK
        assert Calendar.around(now).duty(now + 900) == Duty.WORK


def test_rouse_ends_every_stop_within_a_minute():
    one = plant()
    for _ in run(one, 5 * HOUR):
        if one.capper.cause == Cause.MICRO_STOP and one.capper.left > 100:
            break
    else:
        pytest.fail("no cap jam in five hours")
    one.rouse()
    for _ in run(one, 60):
        pass
    assert one.filler.state == State.EXECUTE
    assert one.capper.state == State.EXECUTE


def test_an_order_flows_through_the_line_and_ends_with_what_was_planned():
    one = plant()
    told = []
    for _ in run(one, 9 * HOUR):
        told += [(each.kind, each.text) for each in one.happenings if each.kind != "shift"]
        one.happenings.clear()
        if len(told) == 2:
            break
    # setting up the filler takes longer than the last pieces' way through the line
    assert told == [("done", "JO-1042"), ("start", "JO-1043")]
    assert one.finished[0] == 1042
    assert one.finished[1] == pytest.approx(36_000, rel=0.01)
    assert one.order.product == "sparkling 0.5 L"


def test_a_bad_bearing_shakes_heats_and_breaks_and_is_repaired():
    one = plant()
    for _ in run(one, 1200):
        pass
    before = one.capper.bearing_temp
    one.set_faults(frozenset({Fault.BEARING}))
    causes = []
    hottest = 0.0
    for _ in run(one, 3 * HOUR):
        causes.append(one.capper.cause)
        hottest = max(hottest, one.capper.bearing_temp)
    assert Cause.BREAKDOWN in causes[900 : 2 * HOUR]
    assert hottest > before + 10
    assert one.capper.wear < 0.2


def test_a_leak_makes_the_compressor_run_and_the_pressure_fall():
    def morning(faults: frozenset[Fault]) -> tuple[float, float]:
        one = plant()
        one.set_faults(faults)
        rows = [(o.compressor.pressure, o.compressor.power) for o in run(one, HOUR)]
        return min(row[0] for row in rows), sum(row[1] for row in rows) / HOUR

    sound, leaking = morning(frozenset()), morning(frozenset({Fault.LEAK}))
    assert leaking[0] < 6.3 < sound[0] < UNLOAD
    assert leaking[1] > sound[1] + 4


def test_a_saved_plant_goes_on_as_if_it_had_never_stopped():
    one, other = plant(), plant()
    for _ in run(one, 5000):
        pass
    for _ in run(other, 1777):
        pass
    other = Plant.load(json.loads(json.dumps(other.dump())))
    for _ in run(other, 5000 - 1777):
        pass
    assert one.row()[:30] == other.row()[:30]
    assert one.dump() == other.dump()


def test_another_version_of_a_saved_plant_is_refused():
    with pytest.raises(ValueError, match="version"):
        Plant.load({**plant().dump(), "version": 99})
