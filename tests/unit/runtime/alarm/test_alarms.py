"""The alarms of a plant: from values to states, over restarts, and what people may do."""

import asyncio
import json
from types import SimpleNamespace

import numpy as np
import pytest

from isthmus.insight.alarm.state import State
from isthmus.model.errors import Refused, StorageError
from isthmus.model.sample import Batch, Nanoseconds, Status
from isthmus.model.tag import Namespace
from isthmus.runtime import untold
from isthmus.runtime.alarm import alarms as alarms_module
from isthmus.runtime.alarm.alarms import Alarms
from isthmus.runtime.alarm.journal import Kept, once
from isthmus.runtime.alarm.present import urgency
from isthmus.runtime.config.load import load
from isthmus.runtime.live import Live
from isthmus.web.alarms import done

S = 10**9
PLANT = """
isthmus: 1
enterprise: acme
site: riverside
types:
  Press:
    state: {from: state, standard: packml}
    tags:
      state:
      force: {unit: kN, limits: {high: 100, high_high: 120}, alarm: {outer: urgent}}
      oil: {unit: degC, limits: {high: 70}, deadband: 2}
    alarms:
      oil_hot: {when: oil > limits.high, priority: high, unless: state == stopped, delay: 5 s,
                advice: clean the cooler, group: stop}
      jam: {when: state == held and force > 80 kN, group: stop, latching: true}
equipment:
  hall:
    line1:
      units:
        one: {type: Press}
        two: {type: Press, tags: {oil: {limits: {high: 90}}}}
"""


class Site:
    """Alarms over live values that a test tells, at a time that it sets."""

    def __init__(self, folder):
        file = folder / "plant.yaml"
        file.write_text(PLANT)
        self.plant, self.folder, self.at = load(file), folder, 1000
        self.namespace, self.live = Namespace(), Live()
        for tag in self.plant.tags():
            self.namespace.bind(tag)
        self.live.grow(len(self.namespace))
        self.start()

    def start(self):
        self.alarms = Alarms(
            self.plant, self.namespace, self.live, lambda: Nanoseconds(self.at * S)
        )
        kept = self.alarms._kept = Kept.open(self.folder / "alarms.json")
        self.alarms.go_on(kept.columns)

    def tell(self, at=None, quality=0, **values):
        self.at = at or self.at
        for name, value in values.items():
            path = f"hall/line1/{name.replace('__', '/')}"
            tag = self.namespace.id(path)
            self.live.update(Batch.of([tag], Nanoseconds(self.at * S), [value], quality))
        return self.look()

    def look(self, at=None):
        self.at = at or self.at
        found = self.alarms.look()
        return [f"{self.alarms.all[each.place].path[11:]} {each.change}" for each in found]

    def state(self, path):
        return self.alarms.machine.state(self.alarms.places[f"hall/line1/{path}"])


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_each_machine_has_its_own_limit(site):
    site.tell(1000, one__oil=75, two__oil=75)
    assert site.look(1004) == []
    assert site.look(1005) == ["one/oil_hot raised"]
    assert site.tell(1010, two__oil=91) == []
    assert site.look(1016) == ["two/oil_hot raised"]
    assert site.tell(1020, one__oil=69) == []  # inside, but not by the deadband
    assert site.tell(1021, one__oil=67.9) == ["one/oil_hot returned"]


def test_the_limits_of_a_tag_are_alarms(site):
    assert site.tell(1000, one__force=101) == ["one/force_high raised"]
    assert site.tell(1001, one__force=121) == ["one/force_high_high raised"]
    urgent, low = site.alarms.asking()
    assert (urgent.alarm.definition.priority, low.alarm.definition.priority) == (1, 3)
    assert urgent.reading == (121, 120, "kN")


def test_bad_quality_neither_raises_nor_clears(site):
    site.tell(1000, one__force=101)
    assert site.tell(1001, one__force=0, quality=int(Status.BAD)) == []
    (told,) = site.alarms.asking()
    assert (told.state, told.judged) == (State.UNACKNOWLEDGED, False)
    assert site.tell(1002, two__force=500, quality=int(Status.UNCERTAIN)) == []


def test_a_late_sample_raises_nothing(site):
    site.tell(1000, one__force=50)
    tag = site.namespace.id("hall/line1/one/force")
    site.live.update(Batch.of([tag], Nanoseconds(900 * S), [500.0]))
    assert site.look(1001) == []


def test_suppressed_by_design_while_stopped(site):
    site.tell(1000, one__state=2, one__oil=75)
    assert site.state("one/oil_hot") is State.SUPPRESSED
    assert site.look(1010) == []
    assert site.tell(1020, one__state=6) == ["one/oil_hot unsuppressed", "one/oil_hot raised"]


def test_of_a_group_the_first_is_marked(site):
    site.tell(1000, one__state=11, one__force=90)
    site.tell(1001, two__oil=95)
    site.look(1010)
    firsts = {each.alarm.path[11:]: each.first for each in site.alarms.asking()}
    assert firsts == {"one/jam": True, "two/oil_hot": False}
    site.tell(1020, one__force=1, two__oil=20)
    for path in ("one/jam", "two/oil_hot"):
        site.alarms.acknowledge(f"hall/line1/{path}", "person:anna")
    site.alarms.reset("hall/line1/one/jam", "person:anna")
    site.tell(1030, two__oil=95)
    site.look(1040)
    assert [each.first for each in site.alarms.asking()] == [True]


def test_states_survive_a_restart(site):
    site.tell(1000, one__force=121)
    site.alarms.acknowledge("hall/line1/one/force_high", "person:anna", "seen")
    site.alarms.shelve("hall/line1/two/oil_hot", "person:ben", "cooler on order", 3600)
    before = list(site.alarms.present())
    waiting = [event.text for event in site.alarms._kept.untold.waiting]
    site.start()
    site.look(1001)
    assert list(site.alarms.present()) == before
    assert [event.text for event in site.alarms._kept.untold.waiting] == waiting
    assert site.look(1000 + 3601) == ["two/oil_hot unshelved"]


def test_a_damaged_file_is_told_not_overwritten(site):
    (site.folder / "alarms.json").write_text('{"version": 1')
    with pytest.raises(StorageError, match=r"alarms\.json") as told:
        site.start()
    assert "backup" in told.value.hint


def test_what_nobody_may_do(site):
    alarms = site.alarms
    path = "hall/line1/one/oil_hot"
    for do, says in (
        (lambda: alarms.acknowledge(path, "a"), "nothing to acknowledge"),
        (lambda: alarms.acknowledge("hall/line1/one/oil_hut", "a"), "there is no alarm"),
        (lambda: alarms.shelve(path, "a", "", 60), "no reason"),
        (lambda: alarms.shelve(path, "a", "why", 9 * 3600), "8 h at most"),
        (lambda: alarms.shelve(path, "a", "why", 0), "8 h at most"),
        (lambda: alarms.shelve("hall/line1/one/force_high_high", "a", "why", 60), "never shelved"),
        (lambda: alarms.unshelve(path, "a"), "not shelved"),
        (lambda: alarms.remove(path, "a", " "), "no reason"),
        (lambda: alarms.restore(path, "a"), "not out of service"),
        (lambda: alarms.reset(path, "a"), "nothing to reset"),
    ):
        with pytest.raises(Refused, match=says):
            do()


class Full:
    """A ledger that takes no record."""

    def record(self, *_, **__):
        raise StorageError("the ledger is full")


def test_nothing_is_done_that_cannot_be_recorded(site):
    site.tell(1000, one__force=101)
    site.alarms._record = Full()
    with pytest.raises(StorageError):
        site.alarms.acknowledge("hall/line1/one/force_high", "person:anna")
    assert site.state("one/force_high") is State.UNACKNOWLEDGED


def test_the_journal_says_who_what_and_why(site):
    site.tell(1000, one__force=101)
    site.alarms.acknowledge("hall/line1/one/force_high", "person:anna", "on my way")
    raised, seen = site.alarms._kept.untold.waiting
    assert raised.text == "force high raised: 101 kN, limit 100 kN"
    assert (raised.path, raised.kind, raised.severity) == (
        *("hall/line1/one/force_high", "alarm", 400),
    )
    assert seen.data["by"] == "person:anna"
    assert seen.data["note"] == "on my way"
    assert once([seen, raised, seen, raised]) == [raised, seen]


def test_numbers_that_begin_anew_hide_nothing(site):
    site.tell(1000, one__force=101)
    (first,) = site.alarms._kept.untold.waiting
    (site.folder / "alarms.json").unlink()
    site.start()
    site.tell(1100, one__force=101)
    site.tell(1200, one__force=121)
    again, more = site.alarms._kept.untold.waiting
    assert (first.data["number"], again.data["number"]) == (1, 1)
    assert once([more, again, first, more, first]) == [first, again, more]


def test_equal_conditions_are_evaluated_at_once(tmp_path):
    units = "".join(f"        u{n}: {{type: Press}}\n" for n in range(250))
    text = PLANT.partition("        one:")[0] + units
    file = tmp_path / "big.yaml"
    file.write_text(text)
    plant, namespace, live = load(file), Namespace(), Live()
    for tag in plant.tags():
        namespace.bind(tag)
    live.grow(len(namespace))
    made = Alarms(plant, namespace, live, lambda: Nanoseconds(1000 * S))
    assert len(made.all) == 1000
    assert len(made.when.groups) == 4  # equal conditions are evaluated at once
    ids = np.arange(len(namespace), dtype=np.int32)
    live.update(Batch.of(ids, Nanoseconds(1000 * S), np.full(len(ids), 6.0)))
    assert made.look() == []
    assert (made._truth == 0).all()


def test_a_stream_that_waits_holds_up_no_look(site, monkeypatch):
    """The journal stays in the file until the stream says that it has it, and that is told."""
    monkeypatch.setattr(alarms_module, "EVERY", 0.005)
    monkeypatch.setattr(untold, "PATIENCE", 0.02)
    looks = []

    async def never(_link, _event):
        return asyncio.get_running_loop().create_future()

    async def main():
        judging = asyncio.Event()
        judging.set()
        limits = SimpleNamespace(look=lambda: looks.append(site.alarms.trouble))
        app = SimpleNamespace(judging=judging, limits=limits, tell=never)
        running = asyncio.create_task(site.alarms.run(app))
        async with asyncio.timeout(5):
            while not site.alarms.trouble:
                await asyncio.sleep(0.005)
        running.cancel()
        await asyncio.wait([running])

    site.tell(1000, one__force=101)
    asyncio.run(main())
    assert "the stream takes no alarms" in site.alarms.trouble
    assert len(looks) > 1
    told = json.loads((site.folder / "alarms.json").read_text())
    assert [each["data"]["change"] for each in told["waiting"]] == ["raised"]


def test_all_are_acknowledged_though_one_was_meanwhile(site):
    """What somebody else has acknowledged is done, also where it is over; what was normal not."""
    site.tell(1000, one__force=121, two__force=101)
    paths = [f"hall/line1/{name}" for name in ("one/force_high", "one/oil_hot", "two/force_high")]
    app = SimpleNamespace(alarms=site.alarms)

    def do(path):
        site.alarms.acknowledge(path, "person:ben")

    site.alarms.acknowledge(paths[0], "person:anna")
    assert done(app, "acknowledge", paths, do) == {}
    assert [each.by for each in site.alarms.present(paths)] == ["person:anna", "", "person:ben"]
    assert done(app, "acknowledge", paths[:1], do) == {}
    site.tell(1001, one__force=80)  # seen by anna, and over: it is normal
    assert done(app, "acknowledge", paths[:1], do) == {}
    site.alarms.shelve(paths[2], "person:anna", "on order", 3_600)
    refused = done(app, "acknowledge", paths, do)
    assert refused == {paths[2]: "it is shelved: there is nothing to acknowledge"}
    with pytest.raises(Refused, match="it is normal"):
        done(app, "acknowledge", paths[1:2], do)


def test_an_alarm_whose_latching_is_changed_asks_again(site):
    """It was over, and nobody had seen it, when the plant file was edited."""
    site.tell(1000, one__force=101)
    site.tell(1001, one__force=80)
    site.start()
    site.alarms.machine.latching[site.alarms.places["hall/line1/one/force_high"]] = True
    site.alarms.go_on(Kept.open(site.folder / "alarms.json").columns)
    assert site.state("one/force_high") is State.LATCHED_UNACKNOWLEDGED
    site.alarms._keep()
    site.start()
    assert site.state("one/force_high") is State.RETURNED
    assert site.tell(1010, one__force=101) == ["one/force_high raised"]


def test_the_file_is_plain_json(site):
    site.tell(1000, one__force=101)
    told = json.loads((site.folder / "alarms.json").read_text())
    assert told["version"] == 1
    assert "hall/line1/one/force_high" in told["columns"]


def test_the_most_urgent_unseen_and_newest_come_first(site):
    site.tell(1000, one__force=101, two__force=101)
    site.tell(1002, two__oil=95)
    site.tell(1010, one__force=121)
    site.look(1012)
    site.alarms.acknowledge("hall/line1/two/force_high", "person:anna")
    order = [each.alarm.path[11:] for each in site.alarms.asking()]
    assert order == ["one/force_high_high", "two/oil_hot", "one/force_high", "two/force_high"]
    assert order == [each.alarm.path[11:] for each in sorted(site.alarms.asking(), key=urgency)]
    assert [each.alarm.path[11:] for each in site.alarms.asking(2)] == order[:2]
