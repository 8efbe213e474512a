"""What no tag tells a running rule: alarms as they are told, findings as they are counted."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from isthmus.bus.port import Ack
from isthmus.historian.memory import Memory
from isthmus.insight.rule.grid import Held
from isthmus.model.condition.told import Feed
from isthmus.model.errors import StorageError
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.tag import Namespace
from isthmus.runtime.config.load import load
from isthmus.runtime.figures.read import Records
from isthmus.runtime.rule import heard
from isthmus.runtime.rule import rules as module
from isthmus.runtime.rule.feeding import Feeding
from isthmus.runtime.rule.rules import Rules

S = 10**9
PRESS = "hall/line1/press"
PLANT = """
isthmus: 1
enterprise: acme
site: riverside
equipment:
  hall:
    line1:
      units:
        press:
          tags: {force: {unit: kN}, state: {legend: packml}}
          alarms: {heavy: {when: force > 100, priority: high}}
rules:
  alarmed: {at: hall/line1/press, when: alarms(high) > 0, then: [{event: x}]}
  weak: {at: hall/line1/press, when: findings(security) > 1, then: [{event: x}]}
  hot: {at: hall/line1/press, when: force > 100, then: [{event: x}]}
  poor: {at: hall/line1/press, when: "kpi(availability, 5 min) < 50 %", then: [{event: x}]}
"""


class Shaky(Memory):
    """A history that can be away."""

    away = False
    refused = 0

    def raw(self, *words, **more):
        self._there()
        return super().raw(*words, **more)

    def before(self, *words, **more):
        self._there()
        return super().before(*words, **more)

    def events(self, *words, **more):
        self._there()
        return super().events(*words, **more)

    def _there(self):
        if self.away:
            self.refused += 1
            raise StorageError("history is away")


class Site:
    """A site whose time is what a test says; what rules tell comes into history."""

    def __init__(self, folder):
        (folder / "plant.yaml").write_text(PLANT)
        self.plant, self.at = load(folder / "plant.yaml"), 40_000_020.0
        self.settings = SimpleNamespace(folder=folder)
        self.namespace, self.historian, self.position = Namespace(), Shaky(), 0
        for tag in self.plant.tags():
            self.namespace.bind(tag)
        self.records = Records(self.plant, self.namespace, self.historian, self.now)
        self.trust = SimpleNamespace(guard=None, ledger=None)
        self.alarms = SimpleNamespace(told=[])
        self.judging = asyncio.Event()
        self.judging.set()
        self.start()

    def now(self):
        return Nanoseconds(round(self.at * S))

    def _store(self, event):
        self.position += 1
        self.historian.append_events([event], stream="s", position=self.position)

    async def tell(self, _link, event):
        self._store(event)
        stored = asyncio.get_running_loop().create_future()
        stored.set_result(Ack(self.position, duplicate=False))
        return stored

    def start(self):
        self.rules = Rules(self)
        self.alarms.told = [lambda _, event: self.rules._tell_feeds(event)]
        self.rules._resume(int(self.now()))

    def alarm(self, state, *, ago=0.0):
        self.at += 0.5
        facts = {"state": state, "number": self.position + 1}
        time = Nanoseconds(self.now() - round(ago * S))
        event = Event(time, f"{PRESS}/heavy", "alarm", "", 700, facts)
        self._store(event)
        for listener in self.alarms.told:
            listener(None, event)

    def tag(self, name, value):
        self.position += 1
        batch = Batch.of([self.namespace.id(f"{PRESS}/{name}")], self.now(), [value], 0)
        self.historian.append(batch, stream="s", position=self.position)
        self.rules.hear(batch)

    def look(self, seconds=1.0):
        self.at += seconds

        async def once():
            self.rules._clock.clear()
            found = await self.rules.look()
            await self.rules.flush()
            return found

        return [
            f"{one.judge.rule.name} {'began' if one.turn.began else 'over'}"
            for one in asyncio.run(once())
        ]

    def tested(self, name):
        past = self.rules.test(self.rules.find(name), 1_200)
        return [(one.start, one.end) for one in past.firings]

    def told(self, kind):
        return self.historian.events(Nanoseconds(0), Nanoseconds(self.now() + 1), kinds=(kind,))

    def lived(self, name):
        turns = [event.time for event in self.told("rule") if event.data["rule"] == name]
        return list(zip(turns[::2], [*turns[1::2], None], strict=False))


@pytest.fixture
def site(tmp_path, monkeypatch):
    site = Site(tmp_path)
    site.weak = 0
    monkeypatch.setattr(heard, "weaknesses", lambda _: site.weak)
    monkeypatch.setattr(heard, "COUNT", 0.0)
    return site


def test_an_alarm_is_heard_at_once(site):
    assert site.look() == []
    site.alarm("unacknowledged")
    assert site.look() == ["alarmed began"]
    site.alarm("acknowledged")
    assert site.look() == []
    site.alarm("normal")
    assert site.look() == ["alarmed over"]
    assert site.tested("alarmed") == site.lived("alarmed")


def test_what_comes_while_a_past_is_filled_in_is_neither_heard_nor_lost(site):
    async def filled():
        site.judging.clear()
        running = asyncio.create_task(site.rules.run())
        await asyncio.sleep(0)
        site.tag("force", 120.0)
        heard_then = site.rules.heard.take()
        site.judging.set()
        await asyncio.sleep(0)
        site.tag("force", 90.0)
        heard_later = site.rules.heard.take()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return len(heard_then), len(heard_later)

    assert asyncio.run(filled()) == (0, 1)


def test_events_that_find_no_room_are_counted(site, monkeypatch):
    monkeypatch.setattr(heard, "MOST_EVENTS", 3)
    site.start()
    for state in ("unacknowledged", "acknowledged", "returned", "unacknowledged", "normal"):
        site.alarm(state)
    assert {feeds.dropped for feeds in site.rules.feeds if feeds._feeding} == {2}


def test_an_alarm_that_came_before_the_start_counts(site):
    site.alarm("unacknowledged")
    site.look()
    site.rules._save()
    site.at += 20
    site.start()
    assert site.look() == []  # it held before, and does now
    site.alarm("returned")
    assert site.look() == ["alarmed over"]


def test_findings_are_kept_so_that_the_past_knows_them(site):
    site.look()
    site.look(60)
    site.weak = 2
    assert site.look() == ["weak began"]
    site.weak = 1
    assert site.look() == ["weak over"]
    assert [(event.path, event.data["count"]) for event in site.told("finding")] == [
        ("findings/security", 0),
        ("findings/security", 2),
        ("findings/security", 1),
    ]
    assert site.tested("weak") == site.lived("weak") != []


def test_a_key_figure_is_computed_each_minute(site):
    site.tag("state", 6)
    for _ in range(12):
        site.look(60)
    site.tag("state", 11)  # held
    turns = [turn for _ in range(8) for turn in site.look(60)]
    assert turns == ["poor began"]
    assert site.tested("poor") == site.lived("poor")


def test_what_is_told_too_often_is_bounded(site):
    for _ in range(heard.MOST_EVENTS + 10):
        site.rules._tell_feeds(Event(site.now(), f"{PRESS}/heavy", "alarm", "", 1, {"state": "x"}))
    assert len(site.rules.feeds[0]._waiting) == heard.MOST_EVENTS


def test_what_is_told_ahead_of_its_time_holds_nothing_back(site):
    """A device may date its alarm by a clock that goes fast."""
    ahead = Event(Nanoseconds(site.now() + 600 * S), f"{PRESS}/heavy", "finding", "", 1, {})
    site.rules._tell_feeds(ahead)
    site.alarm("unacknowledged")
    assert site.look() == ["alarmed began"]
    site.alarm("normal")
    assert site.look() == ["alarmed over"]
    assert list(site.rules.feeds[0]._ahead) == [ahead]


def test_the_past_knows_the_order_in_which_an_alarm_was_told(site):
    """It was acknowledged by hand a moment before the sample of its end was judged."""
    site.look()
    site.alarm("unacknowledged")
    assert site.look() == ["alarmed began"]
    site.at += 0.25
    site.alarm("acknowledged")
    site.at -= 0.25
    site.alarm("normal", ago=0.375)
    assert site.look() == ["alarmed over"]
    assert site.tested("alarmed") == site.lived("alarmed")
    site.start()
    site.look()
    site.alarm("unacknowledged")
    assert site.look() == ["alarmed began"], "it was over before"


def test_counts_hold_in_the_order_in_which_they_are_told():
    """Some alarms are of their sample's time, and an acknowledgement of the moment it is given."""
    feed = Feed("unacknowledged", "high", "press", names=frozenset({"press/a", "press/b"}))
    told = [("a", 100, "unacknowledged"), ("a", 200, "acknowledged"), ("b", 150, "unacknowledged")]
    events = [
        Event(Nanoseconds(at), f"press/{name}", "alarm", "", 1, {"state": state})
        for name, at, state in told
    ]
    records = SimpleNamespace(plant=SimpleNamespace(kpis={}))
    feeding = Feeding([feed], records, lambda start, end, _: events if start > 50 else [])
    feeding.begin(50)
    batch, held = feeding.more(1_000), Held(Batch.empty().tag, 1)
    held.take(batch)
    assert held.value.tolist() == [1.0]
    assert batch.time.tolist() == [100, 200, 200]
    feeding.begin(50)
    assert feeding.more(1_000).time.tolist() == [100, 200, 200], "it begins anew"


def test_a_look_that_fails_loses_neither_samples_nor_counts(site):
    site.tag("state", 6)
    for _ in range(7):
        site.look(60)
    site.historian.away = True
    site.at += 0.5
    site.tag("force", 150)
    site.tag("state", 11)  # held
    site.alarm("unacknowledged")
    for _ in range(5):
        with pytest.raises(StorageError):
            site.look(60)
    site.historian.away = False
    assert sorted(site.look(60)) == ["alarmed began", "hot began", "poor began"]
    for name in ("alarmed", "hot", "poor"):
        assert site.tested(name) == site.lived(name) != []


def test_a_short_trouble_of_history_is_told_once_and_ends_nothing(site, monkeypatch, caplog):
    for name in ("SETTLE", "AGAIN", "EVERY"):
        monkeypatch.setattr(module, name, 0.0)

    async def until(holds):
        async with asyncio.timeout(10):
            while not holds():
                site.at += 1
                await asyncio.sleep(0.001)

    async def live():
        site.historian.away = True
        running = asyncio.create_task(site.rules.run())
        await until(lambda: site.historian.refused >= 3)
        assert "history is away" in site.rules.trouble
        site.historian.away = False
        await until(lambda: site.rules.took and not site.rules.trouble)
        assert caplog.text.count("history is away") == 1
        refused = site.historian.refused
        site.historian.away = True
        await until(lambda: site.historian.refused > refused + 2)
        assert "history is away" in site.rules.trouble
        site.historian.away = False
        site.tag("force", 150)
        await until(lambda: site.lived("hot"))
        assert caplog.text.count("history is away") == 2
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(live())
