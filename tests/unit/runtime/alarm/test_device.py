"""What a device says of its alarms, and what is taken of it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from isthmus.insight.alarm.state import State
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.tag import Namespace
from isthmus.runtime.alarm import device as module
from isthmus.runtime.alarm.alarms import Alarms
from isthmus.runtime.alarm.device import AtDevice
from isthmus.runtime.config.load import load
from isthmus.runtime.live import Live

S = 10**9
TAG = "hall/line1/tank/overfull"
PLANT = """
isthmus: 1
enterprise: acme
site: riverside
types:
  Tank:
    tags: {overfull: {kind: boolean}}
    alarms: {overfull: {when: overfull, priority: high, advice: close the valve}}
equipment:
  hall: {line1: {units: {tank: {type: Tank}, other: {type: Tank}}}}
"""


@pytest.fixture
def app(tmp_path):
    """A plant whose tank is overfull."""
    file = tmp_path / "plant.yaml"
    file.write_text(PLANT)
    plant, namespace, live = load(file), Namespace(), Live()
    for tag in plant.tags():
        namespace.bind(tag)
    live.grow(len(namespace))
    alarms = Alarms(plant, namespace, live, lambda: Nanoseconds(1000 * S))
    live.update(Batch.of([namespace.id(TAG)], Nanoseconds(1000 * S), [1.0]))
    alarms.look()
    return SimpleNamespace(alarms=alarms, namespace=namespace, live=live)


def said(**data):
    data = {"active": True, "acknowledged": True, "by": "ben", "comment": "seen", **data}
    return Event(Nanoseconds(999 * S), TAG, "condition", "overfull", 500, data)


def test_what_was_acknowledged_at_the_device_is_acknowledged_here(app):
    device = AtDevice(app)
    device.hear(said())
    device.settle()
    (one,) = app.alarms.asking()
    assert (one.state, one.by, one.reason) == (State.ACKNOWLEDGED, "ben at the device", "seen")


def test_an_old_branch_that_was_acknowledged_leaves_the_present_alarm_as_it_is(app):
    device = AtDevice(app)
    device.hear(said(acknowledged=False, branch=None))
    device.hear(said(branch=True))
    device.settle()
    assert [one.state for one in app.alarms.asking()] == [State.UNACKNOWLEDGED]


class Panel:
    """A device that takes acknowledgements of its tags, or hangs."""

    def __init__(self, tag, *, hangs=False):
        self.acknowledgeable, self.hangs, self.taken = frozenset({tag}), hangs, []

    async def acknowledge(self, tag, text):
        if self.hangs:
            await asyncio.Event().wait()
        self.taken.append(text)


class Cable:
    """A link, as far as acknowledgements go."""

    def __init__(self, name, source):
        self.name, self.source = name, source


@pytest.fixture
def devices(app, monkeypatch):
    """Two tanks, each behind a link of its own; the first one's device hangs."""
    monkeypatch.setattr(module, "EVERY", 0.005)
    ids = [app.namespace.id(f"hall/line1/{name}/overfull") for name in ("tank", "other")]
    links = {
        name: Cable(name, Panel(tag, hangs=name == "slow"))
        for name, tag in zip(("slow", "quick"), ids, strict=True)
    }
    app.collector, app.intakes = SimpleNamespace(links=links), []
    app.trust = SimpleNamespace(ledger=SimpleNamespace(record=lambda *_, **__: None))
    app.now = app.alarms.now
    app.live.update(Batch.of([ids[1]], Nanoseconds(1000 * S), [1.0]))
    app.alarms.look()
    return links


def carried(app, paths, until):
    """Acknowledge `paths` and go on `until` it is so; what the journal says failed."""

    async def main():
        device = AtDevice(app)
        device.look()
        running = asyncio.create_task(device.run())
        await asyncio.sleep(0)
        for path in paths:
            app.alarms.acknowledge(path, "person:anna", "on my way")
        async with asyncio.timeout(5):
            while not until():
                await asyncio.sleep(0.005)
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(main())
    return failed(app)


def failed(app):
    return [one.text for one in app.alarms._kept.untold.waiting if one.kind == module.FAILED]


OTHER = "hall/line1/other/overfull"


def test_a_device_that_hangs_holds_up_its_own_alone(app, devices):
    taken = devices["quick"].source.taken
    assert carried(app, [TAG, OTHER], lambda: taken) == []
    assert taken == ["person:anna: on my way"]


def test_what_waited_for_a_device_that_hangs_is_refused_not_sent_late(app, devices, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    devices["quick"].source = Panel(app.namespace.id(TAG))
    slow = devices["slow"].source
    slow.acknowledgeable |= {app.namespace.id(OTHER)}
    del devices["quick"]
    first, late = carried(app, [TAG, OTHER], lambda: len(failed(app)) == 2)
    assert first.startswith(f"{TAG} is acknowledged here, and not at slow: no answer in")
    assert late.startswith(f"{OTHER} is acknowledged here, and not at slow: it has not answered")


def test_a_newer_alarm_is_not_acknowledged_by_an_older_wish(app, devices):
    device = AtDevice(app)
    device.look()
    app.alarms.told.append(device.told)
    app.alarms.acknowledge(OTHER, "person:anna")
    (link,) = device._waiting
    app.alarms.machine.raised[app.alarms.places[OTHER]] = 1001 * S
    asyncio.run(device._carry_all(link, device._waiting[link]))
    assert link.source.taken == []
    assert [text.endswith("it came again meanwhile") for text in failed(app)] == [True]


def test_more_than_can_wait_are_told_as_failed(app, devices, monkeypatch):
    monkeypatch.setattr(module, "MOST", 0)
    (text,) = carried(app, [OTHER], lambda: failed(app))
    assert "0 wait for it already" in text
