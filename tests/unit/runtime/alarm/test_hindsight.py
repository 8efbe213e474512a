"""The journal of a time known only afterwards is that of a site that looked all the time."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.runtime.alarm.test_alarms import S, Site

from isthmus.bus.memory import MemoryBus
from isthmus.bus.port import StreamSettings
from isthmus.insight.alarm.machine import Change
from isthmus.insight.alarm.state import State
from isthmus.model.sample import Batch, Nanoseconds, Status
from isthmus.runtime.alarm.hindsight import Hindsight, journal
from isthmus.runtime.filling import fill
from isthmus.runtime.subject import Subjects

BEGIN, LONG = 1000, 40
WORDS = [2, 6, 11]  # stopped, execute, held in PackML's numbers
said = st.lists(
    st.tuples(
        st.integers(1, LONG),
        st.sampled_from(["one/force", "two/force", "one/oil", "two/oil", "one/state"]),
        st.sampled_from([50.0, 68.5, 69.0, 75.0, 89.0, 95.0, 101.0, 130.0, *map(float, WORDS)]),
        st.sampled_from([0, 0, 0, int(Status.BAD)]),
    ),
    max_size=40,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("plant")


def batch(site, rows):
    told = [(site.namespace.id(f"hall/line1/{path}"), BEGIN + at, v, q) for at, path, v, q in rows]
    columns = zip(*told, strict=True) if told else ((), (), (), ())
    tag, time, value, quality = columns
    return Batch(
        np.array(tag, np.int32),
        np.array(time, np.int64) * S,
        np.array(value, np.float64),
        np.array(quality, np.uint32),
    )


@settings(max_examples=40)
@given(said, st.lists(st.integers(1, LONG), max_size=4))
def test_it_is_what_a_site_would_have_told(folder, rows, cuts):
    (folder / "alarms.json").unlink(missing_ok=True)
    site = Site(folder)
    rows = sorted({(at, path): (at, path, v, q) for at, path, v, q in rows}.values())
    live = []
    for second in range(1, LONG + 1):
        now = [row for row in rows if row[0] == second]
        if now:
            site.live.update(batch(site, now))
        site.at = BEGIN + second
        live += [(site.alarms.all[one.place].path, *_of(one)) for one in site.alarms.look()]
    after = Hindsight(site.plant, site.namespace)
    after.start(BEGIN * S, Batch.empty())
    found, edges = [], sorted({0, *cuts, LONG})
    for low, high in pairwise(edges):
        part = batch(site, [row for row in rows if low < row[0] <= high])
        found += after.more(part, (BEGIN + high) * S)
    assert [(one.alarm.path, *_of(one.transition)) for one in found] == live


@settings(max_examples=40)
@given(said, st.integers(2, LONG - 1))
def test_a_site_goes_on_from_what_was(folder, rows, end):
    """What the past left unseen, latched or pending is so for the site that begins then."""
    rows = sorted({(at, path): (at, path, v, q) for at, path, v, q in rows}.values())

    def live(site, seconds):
        found = []
        for second in seconds:
            now = [row for row in rows if row[0] == second]
            if now:
                site.live.update(batch(site, now))
            site.at = BEGIN + second
            found += [(site.alarms.all[one.place].path, *_of(one)) for one in site.alarms.look()]
        return found

    def begun():
        (folder / "alarms.json").unlink(missing_ok=True)
        return Site(folder)

    always = begun()
    live(always, range(1, end + 1))
    late = begun()
    after = Hindsight(late.plant, late.namespace)
    after.start(BEGIN * S, Batch.empty())
    past = [row for row in rows if row[0] <= end]
    after.more(batch(late, past), (BEGIN + end) * S)
    late.alarms.go_on(after.columns())
    for row in past:
        late.live.update(batch(late, [row]))
    rest = range(end + 1, LONG + 1)
    assert live(late, rest) == live(always, rest)
    for place, alarm in enumerate(late.alarms.all):
        assert late.alarms.machine.state(place) is always.alarms.machine.state(place), alarm.path


def test_what_a_filled_in_past_left_unseen_is_so_when_judging_begins(folder):
    (folder / "alarms.json").unlink(missing_ok=True)
    site = Site(folder)
    tag, times = site.namespace.id("hall/line1/one/force"), np.array([1, 10, 20, 40]) * S
    rows = Batch(
        np.zeros(4, np.int32), BEGIN * S + times, np.array([50.0, 101, 50, 50]), np.zeros(4, "u4")
    )
    site.alarms.shelve("hall/line1/two/force_high", "person:anna", "while it is filled in", 60)
    states = []

    class Judging(asyncio.Event):
        def set(self):
            states.extend(site.state(f"{name}/force_high") for name in ("one", "two"))

    async def main():
        bus = MemoryBus()
        await bus.stream(StreamSettings("S", (">",)))
        app = SimpleNamespace(
            plant=site.plant,
            namespace=site.namespace,
            alarms=site.alarms,
            judging=Judging(),
            subjects=Subjects("acme", "riverside"),
            publisher=await bus.publisher("S"),
            intakes=[SimpleNamespace(position=1_000)],
        )
        path = site.namespace[tag].path
        sent = await fill(app, [([path], Batch.empty(), ()), ([path], rows, ())], lambda *_: None)
        await app.publisher.close()
        await bus.close()
        return sent

    assert asyncio.run(main()) == 4
    assert states == [State.RETURNED, State.SHELVED]


def _of(transition):
    return transition.change, transition.time, transition.state


def test_people_acknowledge_what_still_asks(folder):
    site = Site(folder)
    seen = Hindsight(
        site.plant,
        site.namespace,
        lambda alarm, at: (at + 3 * S, "anna") if alarm.definition.name == "force_high" else None,
    )
    seen.start(BEGIN * S, Batch.empty())
    rows = [(1, "one/force", 101.0, 0), (10, "one/force", 50.0, 0), (20, "two/force", 130.0, 0)]
    came = seen.more(batch(site, rows), (BEGIN + LONG) * S)
    told = [(one.alarm.path[11:], one.transition.change, one.transition.time) for one in came]
    assert told == [
        ("one/force_high", Change.RAISED, (BEGIN + 1) * S),
        ("one/force_high", Change.ACKNOWLEDGED, (BEGIN + 4) * S),
        ("one/force_high", Change.RETURNED, (BEGIN + 10) * S),
        ("two/force_high", Change.RAISED, (BEGIN + 20) * S),
        ("two/force_high_high", Change.RAISED, (BEGIN + 20) * S),
        ("two/force_high", Change.ACKNOWLEDGED, (BEGIN + 23) * S),
    ]
    events = journal(came, by="isthmus")
    assert [event.data["by"] for event in events[:2]] == ["isthmus", "anna"]
    assert len({event.data["number"] for event in events}) == len(events)
    assert Nanoseconds(events[0].time) == (BEGIN + 1) * S
