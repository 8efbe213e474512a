"""Derived values end as if all samples had been there from the start, however they came."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.figures.memory import HOUR, LINE, START, S, line_of, records, unit

from isthmus.historian.delta.lake import Lake
from isthmus.historian.settings import DAY, LakeSettings
from isthmus.model.errors import StorageError
from isthmus.model.event import Event
from isthmus.model.kpi import NEVER
from isthmus.model.plant import Calendar, Shift
from isthmus.model.sample import Batch, Nanoseconds, Status
from isthmus.model.tag import Kind, Tag
from isthmus.runtime.derive import loop
from isthmus.runtime.derive.compute import results
from isthmus.runtime.derive.dirt import Dirt
from isthmus.runtime.derive.formula import FORMULAS
from isthmus.runtime.derive.window import closed, united

ROLES = ("state", "good_count", "scrap_count", "energy")
WEEK = frozenset(range(7))
SHIFTS = Calendar("two", (Shift("early", 30, 8 * 60, WEEK), Shift("late", 8 * 60, 1_440, WEEK)))
EXECUTE, STOPPED = 6.0, 2.0


class Plant:
    """A line over a real lake, a clock that the test sets, and what derives."""

    def __init__(self, root: Path, *more: Tag) -> None:
        self.root, self.hours, self.position = root, 0.0, 0
        filler = unit("filler", *ROLES)
        filler = replace(filler, tags=(*filler.tags, *more))
        line = line_of(filler, unit("packer", *ROLES), calendar="two")
        self.line = line
        told = records(line, {}, end=0, calendar=SHIFTS)
        self.plain = replace(told, now=self.now)
        self.ids = {tag.path: int(number) for number, tag in told.namespace.items()}
        self.open()

    def now(self) -> Nanoseconds:
        return Nanoseconds(int(START + self.hours * HOUR))

    def open(self):
        self.lake = Lake.open(self.root, now=self.now, settings=LakeSettings(merge_files=3))
        self.records = replace(self.plain, historian=self.lake, texts=self.lake.events)
        self.deriver = loop.Deriver(self.records, self.lake, Dirt.open(self.root / "derive.json"))

    async def tell(self, name, seconds, values, quality=Status.GOOD):
        number = self.ids[f"{LINE}/{name}"]
        times = START + np.asarray(seconds, np.int64) * S
        batch = Batch.of(
            np.full(len(times), number, np.int32), times, np.asarray(values, float), int(quality)
        )
        self.position += 1
        position = self.position
        await self.deriver.dirt.append(
            batch, lambda: self.lake.append(batch, stream="s", position=position)
        )

    async def say(self, name, second, text):
        path, time = f"{LINE}/{name}", Nanoseconds(START + second * S)
        self.position += 1
        append = partial(
            self.lake.append_events, [Event(time, path, "text", text)], position=self.position,
            stream="s",
        )  # fmt: skip
        tag = np.array([self.ids[path]], np.int32)
        await self.deriver.dirt.append(Batch.of(tag, time, np.zeros(1)), append)

    async def settle(self):
        while await self.deriver.step():
            pass

    def close(self):
        self.lake.seal()
        self.lake.close()

    def stored(self):
        found = self.lake.kpis(Nanoseconds(START - DAY), Nanoseconds(START + 40 * DAY), limit=10**6)
        return {result.key: replace(result, computed=NEVER) for result in found}

    def at_once(self):
        """Every closed window from the samples that there are now."""
        made = {}
        until = int(self.deriver.dirt.until)
        for period, window in closed(SHIFTS, self.records.zone, START - DAY, until, until):
            for result in results(self.records, self.line, period, window, NEVER):
                made[result.key] = result
        return made


@pytest.fixture
def plant(tmp_path):
    made = Plant(tmp_path)
    yield made
    with suppress(StorageError):
        made.close()


def run(coroutine):
    return asyncio.run(coroutine)


def value(plant, kpi, hour, path=LINE, period="hour"):
    return plant.stored()[path, kpi, period, START + hour * HOUR, START + (hour + 1) * HOUR].value


def test_an_hour_is_computed_when_it_is_over(plant):
    async def day():
        await plant.tell("filler/state", [0], [EXECUTE])
        await plant.tell("filler/good_count", range(0, 3601, 10), range(361))
        await plant.tell("filler/energy", [0, 1800, 3590, 3600], [5.0, 6.0, 9.0, 9.5])
        plant.hours = 1.0
        await plant.settle()
        assert not plant.stored(), "it may still tell"
        plant.hours = 1.05
        await plant.settle()

    run(day())
    assert value(plant, "availability", 0) == pytest.approx(1.0)
    assert value(plant, "energy", 0, f"{LINE}/filler") == pytest.approx(4.0)
    found = plant.stored()[LINE, "energy", "hour", START, START + HOUR]
    assert (found.unit, found.formula, found.version) == ("kWh", "energy.line", FORMULAS[1].version)
    assert {told.path: told.samples for told in found.inputs}[f"{LINE}/filler/energy"] == 3


def test_a_late_sample_changes_all_hours_in_which_it_holds_and_no_other(plant):
    async def day():
        await plant.tell("filler/state", [0, 5 * 3600], [STOPPED, STOPPED])
        plant.hours = 7.1
        await plant.settle()
        before = plant.stored()
        await plant.tell("filler/state", [3600], [EXECUTE])
        await plant.settle()
        return before, plant.stored()

    before, after = run(day())
    assert after == plant.at_once()
    changed = {key[3] for key in after if before[key] != after[key] and key[2] == "hour"}
    assert changed == {START + hour * HOUR for hour in (1, 2, 3, 4)}
    assert value(plant, "availability", 4) == pytest.approx(1.0)
    versions = plant.lake.kpis(
        Nanoseconds(START + HOUR), Nanoseconds(START + 2 * HOUR), names=["availability"],
        path=LINE, period="hour", versions=True,
    )  # fmt: skip
    assert [result.value for result in versions if result.path == LINE] == [0.0, pytest.approx(1.0)]


def test_what_did_not_change_is_not_written_again(plant):
    async def day():
        await plant.tell("filler/state", [0], [EXECUTE])
        plant.hours = 3.1
        await plant.settle()
        before = plant.deriver.computed
        await plant.tell("filler/state", [0], [EXECUTE])  # the same again
        await plant.settle()
        assert plant.deriver.computed == before

    run(day())


def test_a_crash_forgets_no_late_sample(plant):
    async def late():
        await plant.tell("filler/state", [0], [STOPPED])
        plant.hours = 2.1
        await plant.settle()
        await plant.tell("filler/state", [10], [EXECUTE])

    run(late())
    plant.close()
    plant.open()
    run(plant.settle())
    assert plant.stored() == plant.at_once()
    assert value(plant, "availability", 1) == pytest.approx(1.0)


def test_an_order_that_is_told_late_changes_the_hours_up_to_the_next_one(tmp_path):
    plant = Plant(tmp_path, Tag(f"{LINE}/filler/order", kind=Kind.TEXT))

    async def day():
        await plant.say("filler/order", 0, "A-1")
        await plant.say("filler/order", 5 * 3_600, "A-2")
        await plant.tell("filler/state", [0], [STOPPED])
        plant.hours = 7.1
        await plant.settle()
        assert value(plant, "actual_unit_down", 3) == pytest.approx(3_600)
        before = plant.deriver.computed
        await plant.say("filler/order", 3 * 3_600, "")  # nothing to do: it stood for that
        await plant.settle()
        assert value(plant, "actual_unit_down", 2) == pytest.approx(3_600)
        assert value(plant, "no_order", 3) == pytest.approx(3_600)
        assert value(plant, "actual_unit_down", 3) == 0
        assert value(plant, "actual_unit_down", 5) == pytest.approx(3_600)
        assert plant.deriver.computed > before

    run(day())
    assert plant.stored() == plant.at_once()
    plant.close()


def test_a_new_version_of_a_formula_computes_everything_again(plant, monkeypatch):
    async def day():
        await plant.tell("filler/state", [0], [EXECUTE])
        plant.hours = 3.1
        await plant.settle()

    run(day())
    plant.close()
    newer = tuple(replace(formula, version=formula.version + 10) for formula in FORMULAS)
    monkeypatch.setattr(loop, "FORMULAS", newer)
    monkeypatch.setattr("isthmus.runtime.derive.compute.FORMULAS", newer)
    plant.open()
    run(plant.settle())
    told = {result.version for result in plant.stored().values()}
    assert told <= {formula.version for formula in newer}
    assert plant.stored() == plant.at_once()


def test_what_an_edge_has_not_told_is_asked_again_later(plant, monkeypatch):
    dark: list[int] = [START + 3 * HOUR // 4]  # work is planned from half past
    plant.deriver.records = replace(
        plant.records, dark=lambda _: Nanoseconds(dark[0]) if dark else None
    )

    async def day():
        await plant.tell("filler/state", [0], [EXECUTE])
        plant.hours = 1.1
        await plant.settle()
        found = plant.stored()[LINE, "availability", "hour", START, START + HOUR]
        assert (found.value, found.status) == (pytest.approx(0.5), Status.UNCERTAIN)
        written = plant.deriver.computed
        monkeypatch.setattr(loop, "DARK", 0.0)
        for _ in range(3):
            await plant.deriver.step()
        assert plant.deriver.computed == written, "the same is not written again"
        dark.clear()
        await plant.settle()

    run(day())
    assert value(plant, "availability", 0) == pytest.approx(1.0)
    assert plant.deriver.dirt.waiting == 0


def test_a_history_of_before_is_computed_from_its_start(tmp_path):
    lake = Lake.open(tmp_path, now=lambda: START)
    lake.append(Batch.of([0], Nanoseconds(START - 5 * HOUR), [EXECUTE]), stream="s", position=0)
    lake.seal()
    lake.close()
    plant = Plant(tmp_path)
    run(plant.settle())
    assert len({key[3] for key in plant.stored()}) >= 4
    plant.close()


def test_disjoint_intervals_stay_bounded():
    assert united([(5, 6), (1, 2), (2, 3)], 8) == [(1, 3), (5, 6)]
    assert united([(0, 1), (10, 11), (12, 13), (50, 51)], 3) == [(0, 1), (10, 13), (50, 51)]


TOLD = st.tuples(
    st.sampled_from([f"{name}/{role}" for name in ("filler", "packer") for role in ROLES]),
    st.lists(st.integers(0, 36 * 6), min_size=1, max_size=6, unique=True),  # ten minutes
    st.lists(st.sampled_from([0.0, EXECUTE, STOPPED, 10.0, 17.0]), min_size=6, max_size=6),
    st.sampled_from([Status.GOOD, Status.GOOD, Status.GOOD, Status.BAD_NO_COMMUNICATION]),
)
ACTS = st.lists(
    st.one_of(
        TOLD,
        st.floats(0.2, 9.0),  # hours pass
        st.sampled_from(["step", "settle", "seal", "restart"]),
    ),
    min_size=1, max_size=14,
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(ACTS)
def test_in_whatever_order_samples_come_the_results_are_those_of_all_at_once(acts):
    with tempfile.TemporaryDirectory() as folder:
        plant = Plant(Path(folder))

        async def act(one):
            if isinstance(one, float):
                plant.hours += one
            elif one == "step":
                await plant.deriver.step()
            elif one == "settle":
                await plant.settle()
            elif not isinstance(one, str):
                name, steps, values, quality = one
                await plant.tell(name, np.array(steps) * 600, values[: len(steps)], quality)

        for one in acts:
            if one == "seal":
                plant.lake.seal()
            elif one == "restart":
                plant.close()
                plant.open()
            else:
                run(act(one))
        run(plant.settle())
        stored, meant = plant.stored(), plant.at_once()
        assert {key: stored.get(key) for key in meant} == meant
        assert not stored.keys() - meant.keys()
        plant.close()
