"""The alarms that the demonstration's past would have raised, beside what the simulator did."""

from __future__ import annotations

import numpy as np

from isthmus.demo.history import history
from isthmus.demo.logo import LOGO
from isthmus.demo.physics.calendar import Calendar
from isthmus.demo.plantfile import plant_file
from isthmus.demo.plantlinks import Places
from isthmus.demo.signal import LINE, MACHINES, PATHS
from isthmus.insight.alarm.machine import Change
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.state import Cause
from isthmus.model.tag import Namespace
from isthmus.runtime.alarm.hindsight import Hindsight
from isthmus.runtime.config import load
from isthmus.runtime.demonstrated import UNSEEN, seen

S = 10**9
HOURS = 6
END = Nanoseconds(1_794_305_400 * S)
DELAY = {"jam": 20 * S, "breakdown": 5 * S}
PORTS = {"filler": 4840, "palletiser": 4841, "capper": 502, "labeller": 503, "meters": 504}


def plant_of(folder):
    broker = "mqtts://127.0.0.1:8883", str(folder / "ca.pem"), "packer", str(folder / "password")
    places = Places(PORTS, folder / "pki", folder / "*.log", *broker)
    file = folder / "plant.yaml"
    (folder / "logo.svg").write_text(LOGO)
    file.write_text(plant_file(places, Calendar.around(END // S)))
    return load(file)


def test_the_past_has_an_alarm_for_each_long_jam_and_breakdown_and_no_other(tmp_path):
    plant, namespace = plant_of(tmp_path), Namespace()
    for tag in plant.tags():
        namespace.bind(tag)
    parts = list(history(7, Nanoseconds(END - HOURS * 3600 * S), END))
    ids = np.array([namespace.id(path) for path in PATHS], np.int32)
    alarms, came = Hindsight(plant, namespace, seen()), []
    alarms.start(int(parts[0][1].time.min()), Batch.empty())
    for _, batch, _ in parts:
        own = Batch(ids[batch.tag], batch.time, batch.value, batch.quality)
        came += alarms.more(own, int(own.time.max()))
    raised = {
        (one.alarm.path, one.transition.time)
        for one in came
        if one.transition.change is Change.RAISED and one.alarm.definition.name in DELAY
    }
    assert raised == set(_stood(Batch.concat([batch for _, batch, _ in parts])))
    assert len(raised) > 10
    people = [one for one in came if one.by]
    assert len({one.by for one in people}) > 1
    assert len(raised) * (1 - 1 / UNSEEN) / 2 < len(people) <= len(raised)


def _stood(batch):
    """Each stretch of a cause that is longer than the delay of its alarm, and when it is told."""
    for machine in MACHINES:
        cause = batch.where(batch.tag == PATHS.index(f"{LINE}/{machine}/cause"))
        for name, number in (("jam", Cause.MICRO_STOP), ("breakdown", Cause.BREAKDOWN)):
            begun = None
            for time, value in [
                *zip(cause.time.tolist(), cause.value.tolist(), strict=True),
                (END, -1),
            ]:
                if value == number and begun is None:
                    begun = time
                elif value != number and begun is not None:
                    if time - begun > DELAY[name]:
                        yield f"{LINE}/{machine}/{name}", begun + DELAY[name]
                    begun = None
