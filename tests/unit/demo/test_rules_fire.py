"""The demonstration's alarms and rules fire: its own simulator with a fault, its own file."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from isthmus.demo import history as simulated
from isthmus.demo.logo import LOGO
from isthmus.demo.physics.calendar import Calendar
from isthmus.demo.physics.plant import Fault
from isthmus.demo.plantfile import plant_file
from isthmus.demo.plantlinks import Places
from isthmus.historian.memory import Memory
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.tag import Namespace
from isthmus.runtime.alarm.alarms import Alarms
from isthmus.runtime.config.load import load
from isthmus.runtime.figures.read import Records
from isthmus.runtime.live import Live
from isthmus.runtime.rule.backtest import Source, backtest

SECOND = 10**9
END = 1_794_916_800 * SECOND  # a Tuesday, 10:00 UTC: inside the early shift
HOURS = 2
LOOK = 5 * SECOND


class Fallen:
    """Two hours of the plant after its bearing began to wear, with the alarms that they raised."""

    def __init__(self, folder, monkeypatch):
        opened = simulated.opened

        def broken(*given):
            plant = opened(*given)
            plant.set_faults(frozenset({Fault.BEARING}))
            return plant

        monkeypatch.setattr(simulated, "opened", broken)
        (folder / "logo.svg").write_text(LOGO, "utf-8")
        file = folder / "plant.yaml"
        ports = dict.fromkeys(("filler", "capper", "meters", "labeller", "palletiser"), 4840)
        where = Places(ports, folder, folder / "x.log", "mqtts://127.0.0.1:8883")
        file.write_text(plant_file(where, Calendar.around(END // SECOND)), "utf-8")
        self.plant, self.namespace, self.memory = load(file), Namespace(), Memory()
        for tag in self.plant.tags():
            self.namespace.bind(tag)
        self.start, self.at = END - HOURS * 3_600 * SECOND, END
        batches = []
        for paths, batch, _ in simulated.history(7, Nanoseconds(self.start), Nanoseconds(END)):
            ids = [self.namespace.id(path) for path in paths]
            known = np.array([number if number is not None else -1 for number in ids], np.int32)
            named = Batch(known[batch.tag], batch.time, batch.value, batch.quality)
            batches.append(named.where(named.tag >= 0))
        self.batch = Batch.concat(batches)
        self.raised = self._alarms()
        self.memory.append(self.batch, stream="s", position=1, events=self.raised)
        self.records = Records(self.plant, self.namespace, self.memory, lambda: Nanoseconds(END))

    def _alarms(self):
        """What the alarms of the plant file make of it, looked at each five seconds."""
        live = Live()
        live.grow(len(self.namespace))
        alarms = Alarms(self.plant, self.namespace, live, lambda: Nanoseconds(self.at))
        told: list[Event] = []
        alarms.told.append(lambda _, event: told.append(event))
        order = np.argsort(self.batch.time, kind="stable")
        batch = self.batch.where(order)
        cuts = np.searchsorted(batch.time, np.arange(self.start, END + LOOK, LOOK), side="right")
        for step, (first, last) in enumerate(pairwise(cuts.tolist())):
            self.at = self.start + (step + 1) * LOOK
            live.update(batch.slice(first, last), Nanoseconds(self.at))
            alarms.look()
        return told

    def tested(self, name):
        span = Nanoseconds(self.start), Nanoseconds(END)
        source = Source(
            *(self.plant, self.namespace, self.memory, self.records),
            lambda start, end, kinds: self.memory.events(start, end, kinds=kinds),
        )
        return backtest(self.plant.rules[name], source, span)


@pytest.fixture(scope="module")
def fallen(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        yield Fallen(tmp_path_factory.mktemp("fallen"), patch)


@pytest.mark.parametrize("alarm", ["capper/bearing", "capper/hot", "capper/breakdown"])
def test_a_worn_bearing_raises_its_alarms(fallen, alarm):
    raised = [event for event in fallen.raised if event.data["change"] == "raised"]
    assert f"packaging/line1/{alarm}" in {event.path for event in raised}


@pytest.mark.parametrize(
    "rule", ["worn_bearing", "ease_off", "nobody_looks", "poor_hour", "idle_air", "long_stop"]
)
def test_a_worn_bearing_makes_the_rules_of_the_demonstration_fire(fallen, rule):
    past = fallen.tested(rule)
    assert past.firings, past


def test_what_nothing_is_wrong_with_stays_quiet(fallen):
    assert fallen.tested("weak_point").firings == ()
