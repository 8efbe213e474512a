"""What a device says of its alarms, and what is taken of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from isthmus.insight.alarm.state import State
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.tag import Namespace
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
  hall: {line1: {units: {tank: {type: Tank}}}}
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
    return SimpleNamespace(alarms=alarms, namespace=namespace)


def said(**data):
    data = {"active": True, "acknowledged": True, "by": "ben", "comment": "seen", **data}
    return Event(Nanoseconds(999 * S), TAG, "condition", "overfull", 500, data)


def test_what_was_acknowledged_at_the_device_is_acknowledged_here(app):
    device = AtDevice(app)
    device.hear(said())
    device.settle()
    (one,) = app.alarms.present()
    assert (one.state, one.by, one.reason) == (State.ACKNOWLEDGED, "ben at the device", "seen")


def test_an_old_branch_that_was_acknowledged_leaves_the_present_alarm_as_it_is(app):
    device = AtDevice(app)
    device.hear(said(acknowledged=False, branch=None))
    device.hear(said(branch=True))
    device.settle()
    assert [one.state for one in app.alarms.present()] == [State.UNACKNOWLEDGED]
