"""How long the most silent connection is silent: ours and an edge's, also one that never spoke."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest
from tests.unit.figures.test_dark import NOW, S, view  # noqa: F401

from isthmus.model.errors import LinkError
from isthmus.model.event import Event
from isthmus.model.ports import Address, Binding, Reading, SourceConfig
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId
from isthmus.model.tag import Tag
from isthmus.runtime.collect.health import Condition
from isthmus.runtime.collect.link import Link
from isthmus.runtime.edge.status import EdgeStatus, LinkStatus
from isthmus.runtime.edge.view import EdgeView
from isthmus.runtime.scorecard.standing import silence

GOOD, BAD = int(Status.GOOD), int(Status.BAD_NOT_CONNECTED)


def batch(*quality, at=1):
    ids = list(range(len(quality)))
    return Batch.of(ids, Nanoseconds(at), [1.0] * len(ids), np.array(quality, np.uint32))


class Told(SourceConfig):
    """A device that tells `readings`, then hangs up; without any it does not answer."""

    readings: tuple = ()

    def build(self, bindings, *, now, state):
        return Telling(list(self.readings))

    @property
    def endpoint(self):
        return "told:"


class Telling:
    def __init__(self, readings):
        self.readings = readings

    async def open(self):
        if not self.readings:
            raise LinkError("opening: no answer")

    async def read(self):
        if not self.readings:
            raise LinkError("reading: gone")
        return self.readings.pop(0)

    async def close(self): ...


def link(*readings, seconds=100, tags=2):
    """A link that took `readings` at NOW and fell; it was opened `seconds` before."""
    clock = iter([NOW - seconds * S])

    async def emit(link, reading): ...

    async def go():
        bindings = [Binding(TagId(n), Tag(f"a/t{n}"), Address()) for n in range(tags)]
        config = Told(name="plc", every=0.001, readings=readings)
        made = Link(config, bindings, emit, emit, lambda: Nanoseconds(next(clock, NOW)), "")
        task = asyncio.create_task(made.run())
        while made.health.condition is not Condition.DOWN:
            await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return made

    return asyncio.run(go())


def silent(*links, after=0):
    app = SimpleNamespace(now=lambda: NOW + after * S, links=dict(enumerate(links)))
    return silence(app)


@pytest.mark.parametrize(
    ("readings", "seconds"),
    [
        ((), 160),
        ((Reading(batch(BAD, BAD)),), 160),
        ((Reading(batch(BAD, GOOD)),), 60),
        ((Reading(Batch.empty(), (Event(NOW, "a/t0", "text", "ok"),)),), 60),
        ((Reading(Batch.empty(), (Event(NOW, "a", "order", "A1"),)),), 160),
    ],
    ids=["no answer", "all bad", "one good", "a text", "an event"],
)
def test_only_a_good_value_ends_the_silence(readings, seconds):
    assert silent(link(*readings), link(Reading(batch(GOOD))), after=60) == seconds


def test_what_has_no_value_to_tell_is_not_silent():
    assert silent() is None
    assert silent(link(tags=0)) is None


def test_an_outage_after_bad_values_is_a_gap_to_fill():
    assert len(link(Reading(batch(BAD, BAD))).gaps) == 1
    assert link().gaps == []


def far(view: EdgeView, heard, spoke=True):  # noqa: F811
    state = LinkStatus(Condition.UP, NOW, heard=heard)
    view.status, view._spoke = EdgeStatus(NOW, "up", "up", links={"far": state}), spoke
    view._show()
    return view.links["far"]


def test_a_link_of_an_edge_counts_as_the_edge_hears_it(view):  # noqa: F811
    assert silent(far(view, 7.0)) == pytest.approx(7, abs=0.5)
    assert silent(far(view, None), after=30) == pytest.approx(37, abs=0.5)  # it started again


def test_a_link_that_its_edge_never_heard_is_silent_since_we_began(view):  # noqa: F811
    assert silent(far(view, None), after=30) == 30
    assert silent(far(view, 1.0, spoke=False), after=30) == 30  # a word of before we listened


def test_good_samples_of_an_edge_that_does_not_say_when_it_heard(view):  # noqa: F811
    view.heard("far", batch(BAD, at=NOW - S), NOW)
    assert silent(far(view, None), after=30) == 30
    view.heard("far", batch(GOOD, BAD, at=NOW + S), NOW)
    assert view.links["far"].health.last_good == NOW
    view.heard("far", batch(GOOD, at=NOW - 99 * S), NOW)
    assert silent(far(view, None), after=30) == 30
