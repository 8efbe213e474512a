"""The rules of a site: judged over what comes, kept over restarts, acting as they are granted."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest

from isthmus.bus.port import Ack
from isthmus.historian.memory import Memory
from isthmus.model.errors import Refused, StorageError
from isthmus.model.sample import Batch, Nanoseconds, Status
from isthmus.model.tag import Namespace
from isthmus.model.work import Proposal
from isthmus.runtime.config.load import load
from isthmus.runtime.rule import heard as module
from isthmus.runtime.rule.kept import Kept
from isthmus.runtime.rule.rules import Rules

S = 10**9
WORK, COOLER = "look at the press", "hall/line1/press/cooler"
PLANT = """
isthmus: 1
enterprise: acme
site: riverside
calendars:
  day: {early: "06:00-14:00"}
equipment:
  hall:
    line1:
      units:
        press:
          tags:
            force: {unit: kN}
            oil: {unit: degC}
            cooler: {unit: kW, write: {range: [0, 5], risk: low}}
people: {teams: {office: {side: ot}}}
rules:
  heavy:
    at: hall/line1/press
    when: force > 100
    deadband: 20
    mode: live
    then:
      - event: too heavy
      - notify: [office]
      - work_order: {title: look at the press}
      - write: {tag: cooler, value: 5}
  calm: {at: hall/line1/press, when: force > 100, then: [{event: x}]}
  early: {at: hall/line1/press, when: force > 100, during: day, then: [{event: x}]}
"""


class Guard:
    """A guard that notes who asks for what, and says what a test tells it."""

    def __init__(self):
        self.asked, self.state = [], "written"

    async def ask(self, action, principal, *, permit=None):
        self.asked.append((action, principal, permit))
        if self.state == "raise":
            raise Refused("it is locked")
        return SimpleNamespace(state=self.state, text="nobody grants it", allowed=False)


class Site:
    """A site without wires: history is in memory, time is what a test says."""

    def __init__(self, folder):
        file = folder / "plant.yaml"
        file.write_text(PLANT)
        self.plant, self.at = load(file), 40_000_000.0
        self.settings = SimpleNamespace(folder=folder)
        self.namespace, self.historian, self.told = Namespace(), Memory(), []
        for tag in self.plant.tags():
            self.namespace.bind(tag)
        self.guard, self.records, self.position = Guard(), [], 0
        ledger = SimpleNamespace(record=lambda *words, **more: self.records.append((words, more)))
        self.notices = []
        self.notify = SimpleNamespace(tell=lambda *words: self.notices.append(words))
        self.trust = SimpleNamespace(guard=self.guard, ledger=ledger)
        self.start()

    def now(self):
        return Nanoseconds(round(self.at * S))

    async def tell(self, _link, event):
        self.told.append(event)
        stored = asyncio.get_running_loop().create_future()
        stored.set_result(Ack(len(self.told), duplicate=False))
        return stored

    def start(self):
        self.rules = Rules(self)
        self.rules._resume(int(self.now()))
        self.look()

    def say(self, quality=0, **values):
        self.at += 0.5
        for name, value in values.items():
            tag = self.namespace.id(f"hall/line1/press/{name}")
            self.position += 1
            batch = Batch.of([tag], self.now(), [value], quality)
            self.historian.append(batch, stream="s", position=self.position)
            self.rules.hear(batch)
        self.at += 0.5
        return self.look()

    def look(self):
        async def once():
            self.rules._clock.clear()  # no sample is on its way in here
            found = await self.rules.look()
            await self.rules.flush()
            return found

        return [
            f"{one.judge.rule.name} {'began' if one.turn.began else 'over'}"
            for one in asyncio.run(once())
        ]

    def journal(self, rule="heavy"):
        return [event.text for event in self.told if event.data.get("rule") == rule]

    def see(self, name="heavy"):
        return self.rules.test(self.rules.find(name), 3_600, "person:anna")


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_fires_with_a_deadband(site):
    assert site.say(force=90) == []
    assert "heavy began" in site.say(force=101)
    assert "heavy over" not in site.say(force=85)
    assert "heavy over" in site.say(force=79)
    assert site.say(force=95) == []


def test_acts_only_once_its_back_test_was_seen(site):
    site.say(force=150)
    would = f"would propose work: {WORK}; would write 5 to {COOLER}"
    assert site.journal() == [f"heavy began: would tell too heavy; would notify office; {would}"]
    assert site.guard.asked == [] == site.rules.kept.proposals
    acting, why = site.rules.acting(site.rules.find("heavy"))
    assert (acting, "isthmus rule test heavy" in why) == (False, True)
    past = site.see()
    assert len(past.firings) == 1
    assert "saw the back-test of rule heavy" in site.records[-1][0][2]
    site.say(force=0)
    site.at += 100
    site.say(force=150)
    ((action, principal, _),) = site.guard.asked
    assert (action.by, principal.id, action.value) == ("rule:heavy", "rule:heavy", 5.0)
    assert not principal.owner
    assert "too heavy" in site.journal()
    assert [one.title for one in site.rules.kept.proposals] == ["look at the press"]
    ((notice, to),) = site.notices
    assert (notice.kind, notice.about, notice.title, to) == (
        *("rule", "hall/line1/press/heavy", "heavy", ("office",)),
    )
    assert notice.text == "force > 100; hall/line1/press/force = 150"


def test_another_text_was_not_seen(site, tmp_path):
    site.see()
    assert site.rules.acting(site.rules.find("heavy"))[0]
    file = tmp_path / "plant.yaml"
    file.write_text(PLANT.replace("deadband: 20", "deadband: 10"))
    site.plant = load(file)
    site.start()
    assert not site.rules.acting(site.rules.find("heavy"))[0]


def test_one_in_test_mode_never_acts(site):
    site.see("calm")
    site.say(force=150)
    assert site.rules.acting(site.rules.find("calm")) == (False, "its mode is `test`")
    assert site.journal("calm") == ["calm began: would tell x"]


def test_a_disabled_one_does_not_act(site):
    site.see()
    site.rules.switch(site.rules.find("heavy"), "person:anna", enabled=False)
    site.start()
    site.say(force=150)
    assert site.guard.asked == []
    assert "disabled" in site.records[-1][0][2]
    site.rules.switch(site.rules.find("heavy"), "person:anna", enabled=True)
    site.say(force=0)
    site.at += 100
    site.say(force=150)
    assert len(site.guard.asked) == 1


@pytest.mark.parametrize("state", ["refused", "raise"])
def test_what_the_guard_refuses_is_told(site, state):
    site.see()
    site.guard.state = state
    site.say(force=150)
    assert site.rules.acts.refused == 1
    assert "heavy" in site.rules.acts.last_refusal
    assert any("it is locked" in text or "nobody grants it" in text for text in site.journal())


def test_writes_at_most_once_a_minute(site):
    site.see()
    for _ in range(5):
        site.say(force=150)
        site.say(force=0)
    assert len(site.guard.asked) == 1
    assert sum("spared" in text for text in site.journal()) == 4


def test_all_rules_together_act_within_bounds(site, monkeypatch):
    site.see()
    monkeypatch.setattr("isthmus.runtime.rule.act.MOST", 3)
    site.say(force=150)
    assert (site.rules.acts.done, site.rules.acts.held_back) == (3, 1)
    assert site.guard.asked == []


def test_goes_on_after_a_restart(site):
    site.see()
    site.say(force=150)
    assert len(site.guard.asked) == 1
    site.rules._save()
    site.start()
    assert site.say() == []  # it held before, and does now
    assert len(site.guard.asked) == 1
    assert "heavy over" in site.say(force=10)


def test_what_came_while_it_stood_is_judged_late_and_not_written(site):
    site.see()
    site.say(force=0)
    site.rules._save()
    tag = site.namespace.id("hall/line1/press/force")
    batch = Batch.of([tag], Nanoseconds(site.now() + 10 * S), [150.0], 0)
    site.historian.append(batch, stream="s", position=1_000)
    site.at += 3_600
    site.start()
    assert site.guard.asked == []
    assert any("told too late" in text for text in site.journal())
    assert "too heavy" in site.journal()


def test_the_past_says_what_the_present_did(site):
    for force in (0, 150, 90, 0, 120, None, 60, 0):
        if force is None:
            site.say(quality=Status.BAD_NO_COMMUNICATION, force=0)
        else:
            site.say(force=force)
    began = [
        event.time
        for event in site.told
        if event.data.get("change") == "began" and event.data["rule"] == "heavy"
    ]
    spared = sum(
        event.data.get("change") == "spared" and event.data["rule"] == "heavy"
        for event in site.told
    )
    past = site.rules.test(site.rules.find("heavy"), 600)
    assert [one.start for one in past.firings] == began
    assert past.spared == spared


def test_looks_in_the_shifts_of_its_calendar_alone(site):
    site.at = 86_400 * 463 + 5 * 3_600.0  # five in the morning
    site.start()
    assert "early began" not in site.say(force=150)
    site.at += 3_600
    assert "early began" in site.say()
    site.at += 8 * 3_600
    assert "early over" in site.say()


def test_a_late_sample_is_counted(site):
    site.say(force=0)
    site.at -= 5
    tag = site.namespace.id("hall/line1/press/force")
    late = Batch.of([tag], site.now(), [150.0], 0)
    site.at += 5
    site.rules.hear(late)
    assert site.say() == []
    assert sum(bench.late for bench in site.rules.benches) == 1


def test_what_comes_too_fast_is_counted(site, monkeypatch):
    monkeypatch.setattr(module, "MOST_PENDING", 10)
    tag = site.namespace.id("hall/line1/press/force")
    for _ in range(12):
        site.rules.hear(Batch.of([tag], site.now(), [1.0], 0))
    assert site.rules.heard.lost == 2


def test_a_person_decides_on_work(site):
    site.see()
    site.say(force=150)
    acts = site.rules.acts
    with pytest.raises(Refused, match="no reason"):
        acts.decide(1, "person:anna", " ", accept=False)
    made = acts.decide(1, "person:anna", "on Tuesday", accept=True)
    assert (made.state, made.versions[-1].by) == ("accepted", "person:anna")
    assert made.evidence == {"hall/line1/press/force": 150.0}
    with pytest.raises(Refused, match="was accepted by person:anna"):
        acts.decide(1, "person:bert", "", accept=True)
    with pytest.raises(Refused, match="was accepted by person:anna"):
        acts.decide(1, "person:bert", "", accept=False)
    with pytest.raises(Refused, match="no proposal 7"):
        acts.decide(7, "person:bert", "", accept=True)
    acts.decide(1, "person:bert", "the press goes next week", accept=False)
    site.start()
    kept = site.rules.kept.proposals[0]
    assert [(one.state, one.by, one.note) for one in kept.versions] == [
        ("accepted", "person:anna", "on Tuesday"),
        ("rejected", "person:bert", "the press goes next week"),
    ]


def test_each_step_of_proposed_work_is_an_event_of_the_stream(site):
    site.see()
    site.say(force=150)
    site.rules.acts.decide(1, "person:anna", "on Tuesday", accept=True)
    site.say(force=150)
    told = [event for event in site.told if event.kind == "work"]
    assert [(event.data["version"], event.data["state"], event.data["by"]) for event in told] == [
        (0, "open", "rule:heavy"),
        (1, "accepted", "person:anna"),
    ]
    assert told[0].path == "hall/line1/press"
    assert told[0].data["value hall/line1/press/force"] == 150.0


def test_a_decision_that_cannot_be_recorded_is_none(site):
    site.see()
    site.say(force=150)

    def full(*_, **__):
        raise StorageError("the disk is full")

    site.trust.ledger.record = full
    with pytest.raises(StorageError):
        site.rules.acts.decide(1, "person:anna", "", accept=True)
    assert site.rules.kept.proposals[0].state == "open"


def test_proposals_of_an_older_file_are_read(tmp_path):
    old = {"number": 1, "rule": "r", "equipment": "press", "title": "oil it", "priority": "low"}
    old |= {"text": "", "time": 5, "evidence": {}, "state": "rejected", "times": 2}
    old |= {"by": "person:anna", "note": "done", "decided": 7}
    file = tmp_path / "rules.json"
    empty = {"judged": {}, "states": {}, "seen": {}, "disabled": {}, "waiting": []}
    told = empty | {"version": 1, "proposals": [old], "number": 1, "dropped": 0}
    file.write_text(json.dumps(told))
    (one,) = Kept.open(file).proposals
    assert (one.state, one.times, one.versions[0].time) == ("rejected", 2, 7)


def test_the_same_work_is_proposed_once(tmp_path):
    kept = Kept(tmp_path / "rules.json")
    for _ in range(3):
        kept.propose(Proposal(0, "r", "press", "oil it", "low", "", 1))
    kept.propose(Proposal(0, "r", "other", "oil it", "low", "", 1))
    assert [one.times for one in kept.proposals] == [3, 1]


def test_a_damaged_file_is_told(tmp_path):
    file = tmp_path / "rules.json"
    file.write_text("{")
    with pytest.raises(StorageError, match=r"rules\.json"):
        Kept.open(file)


def test_there_is_no_such_rule(site):
    with pytest.raises(Refused, match="there is no rule `heawy`") as told:
        site.rules.find("heawy")
    assert told.value.hint == "did you mean `heavy`?"
