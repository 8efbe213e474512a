"""What a condition's tag is, whatever the server's clock says, and whatever events are lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from asyncua import ua
from hypothesis import given
from hypothesis import strategies as st

from isthmus.connectors.opcua import OpcUa, OpcUaAddress, condition
from isthmus.connectors.opcua.condition import Conditions
from isthmus.connectors.opcua.stock import StockSubscription
from isthmus.connectors.opcua.subscribe import Subscribe
from isthmus.model.ports import Binding
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Kind, Tag
from isthmus.runtime.live import Live

S = 10**9
OPENED = 1_790_000_000  # seconds; what the clocks below say is counted from here
NODE = ua.NodeId("Tank", 2)
START = ua.ObjectIds.RefreshStartEventType
END = ua.ObjectIds.RefreshEndEventType
OVERFLOW = ua.ObjectIds.EventQueueOverflowEventType
REQUIRED = ua.ObjectIds.RefreshRequiredEventType


def bound(*names):
    return [
        Binding(
            TagId(place),
            Tag(f"line/{name.lower()}", kind=Kind.BOOLEAN),
            OpcUaAddress(node=NODE.to_string(), condition=name),
        )
        for place, name in enumerate(names)
    ]


def fields(kind, at, *states, name="", branch=None):
    """An event dated `at` seconds by the server's clock; `states` are acked and active."""
    acked, active = states or (None, None)
    when = datetime.fromtimestamp(OPENED, UTC) + timedelta(seconds=at)
    text = ua.LocalizedText("told")
    told = [str(at).encode(), ua.NodeId(kind), NODE, "Tank", when, text, 500, name, branch]
    told += [bool(active), True, ua.StatusCode(0), None, "", acked, active, NODE]
    return [ua.Variant(each) for each in told]


class Told:
    """Conditions as a session hears them, what is live of them, and what history holds."""

    def __init__(self, folder, *names):
        self.clock = 0.0  # seconds by ours
        self.answer = ua.StatusCode(0)
        bindings = bound(*names)
        setting = OpcUa(name="plc", url="opc.tcp://127.0.0.1:1", events="conditions")
        self.conditions = Conditions(setting, bindings, now=self.now, state=folder)
        self.names, self.live, self.events = names, Live(), []
        self.rows = Batch.empty()
        self.live.grow(len(names))
        self.open()

    def now(self):
        return Nanoseconds(int((OPENED + self.clock) * S))

    def open(self):
        self.conditions.resolve(SimpleNamespace(node=ua.NodeId.from_string))

    def hear(self, *lists):
        reading = self.conditions.objects(lists)
        self.live.update(reading.batch, self.now())
        self.rows = Batch.concat([self.rows, reading.batch])
        self.events += reading.events

    def tell(self, name, at, active, *, acked=False, branch=None):
        kind = ua.ObjectIds.AlarmConditionType
        self.hear(fields(kind, at, acked, active, name=name, branch=branch))

    def say(self, *kinds):
        self.hear(*(fields(kind, 0) for kind in kinds))

    def refresh(self):
        async def call(_):
            return [SimpleNamespace(StatusCode=self.answer)]

        session = SimpleNamespace(services=SimpleNamespace(call=call))
        asyncio.run(self.conditions.refresh(session, 1))

    def present(self, name):
        """The value that is live, which must be the one that history holds last."""
        place = self.names.index(name)
        (held,) = self.rows.where(self.rows.tag == place).latest().value.tolist()
        assert held == self.live.value[place]
        return held

    def times(self, name):
        """When what was told of it holds, in seconds by our clock."""
        found = self.rows.where(self.rows.tag == self.names.index(name))
        return [round((int(at) - OPENED * S) / S, 3) for at in found.time]


@pytest.fixture
def jam(tmp_path):
    return Told(tmp_path, "Jam")


# -------------------------------------------------------------------- clocks that differ
@pytest.mark.parametrize("skew", [-60, 60])
def test_a_condition_is_taken_note_of_though_the_clocks_differ(jam, skew):
    jam.say(START, END)
    assert jam.present("Jam") == 0
    for at, active in ((30, True), (40, False), (50, True)):
        jam.clock = at
        jam.tell("Jam", at + skew, active)
        assert jam.present("Jam") == active
    assert jam.times("Jam") == [0, *((30, 40, 50) if skew < 0 else (90, 100, 110))]
    assert [event.time for event in jam.events] == [(OPENED + at + skew) * S for at in (30, 40, 50)]
    jam.clock = 60
    jam.say(START, END)
    assert jam.present("Jam") == 0


def test_what_stood_when_we_came_returns_by_a_clock_that_is_behind(jam):
    jam.say(START)
    jam.tell("Jam", -90, True)
    jam.say(END)
    assert (jam.present("Jam"), jam.times("Jam")) == (1, [-90, 0])
    jam.clock = 20
    jam.tell("Jam", -40, False)
    assert (jam.present("Jam"), jam.times("Jam")) == (0, [-90, 0, 20])


def test_history_is_told_of_what_stood_once(jam):
    for again in (0, 100):
        jam.clock = again
        jam.open()
        jam.say(START)
        jam.tell("Jam", -90, True)
        jam.say(END)
    assert (jam.present("Jam"), jam.times("Jam")) == (1, [-90, 0, 100])


def test_a_clock_that_was_set_right_is_believed_again(jam):
    jam.tell("Jam", 7200, True)  # by two hours ahead
    jam.clock = 10
    jam.tell("Jam", 10, False)
    assert jam.times("Jam") == [7200, 10]
    for later, epoch in ((20, 946_684_800), (30, 86_400)):  # and one that was lost
        jam.clock = later
        jam.tell("Jam", epoch - OPENED, True)
        assert jam.times("Jam")[-1] == later
    assert jam.events[-1].time == jam.now()


happenings = st.lists(
    st.tuples(
        st.floats(0.01, 600).map(lambda span: round(span, 2)),
        st.integers(-4_000, 1_800),
        st.sampled_from(["on", "off", "told again", "left out"]),
    ),
    max_size=12,
)


@given(happenings, st.booleans())
def test_what_is_live_and_what_history_holds_is_what_was_told_last(tmp_path_factory, found, stood):
    """Whatever the server's clock does, within what is believed of one."""
    jam = Told(tmp_path_factory.mktemp("heard"), "Jam")
    jam.say(START)
    if stood:
        jam.tell("Jam", -5, True)
    jam.say(END)
    truth = stood
    for span, skew, what in found:
        jam.clock += span
        if what in ("on", "off"):
            truth = what == "on"
            jam.tell("Jam", jam.clock + skew, truth)
        else:
            jam.say(START)
            if what == "told again":
                jam.tell("Jam", jam.clock + skew, truth)
            else:
                truth = False
            jam.say(END)
        assert jam.present("Jam") == truth
    times = jam.times("Jam")[stood:]
    assert times == sorted(times)


# -------------------------------------------------------------------- events that are lost
@pytest.fixture
def both(tmp_path, monkeypatch):
    told = Told(tmp_path, "Jam", "Fault")
    told.monotonic = 1000.0
    clock = SimpleNamespace(monotonic=lambda: told.monotonic)
    monkeypatch.setattr(condition, "time", clock)
    told.refresh()
    return told


@pytest.mark.parametrize("lost", [OVERFLOW, REQUIRED])
@pytest.mark.parametrize("before", [False, True])
def test_what_was_lost_in_a_refresh_is_not_taken_as_inactive(both, lost, before):
    both.say(*((lost, START) if before else (START, lost)))
    both.tell("Jam", 1, True)
    both.say(END)
    assert both.present("Jam") == 1
    assert both.times("Fault") == []  # unknown
    assert both.conditions.counts["overflows"] == 1

    assert not both.conditions.due
    both.monotonic += condition.AGAIN + 1  # the pause is over, though nothing was told since
    assert both.conditions.due
    both.refresh()
    assert not both.conditions.due
    both.say(START)
    both.tell("Jam", 1, True)
    both.say(END)
    assert (both.present("Jam"), both.present("Fault")) == (1, 0)


def test_a_refresh_that_ends_after_the_next_was_asked_for_says_nothing(both):
    both.say(START, OVERFLOW)
    both.monotonic += 11
    both.refresh()
    both.say(END)
    assert not len(both.rows)
    both.say(START, END)
    assert (both.present("Jam"), both.present("Fault")) == (0, 0)


def test_a_server_that_always_loses_some_is_asked_less_and_less(both):
    pauses = []
    for _ in range(8):
        both.say(START, OVERFLOW, END)
        asked = both.monotonic
        while not both.conditions.due:
            both.monotonic += 1
        pauses.append(both.monotonic - asked - 1)
        both.refresh()
    assert pauses == [10, 20, 40, 80, 160, 320, 320, 320]
    both.say(START, END, OVERFLOW)
    both.monotonic += 11
    assert both.conditions.due


def test_a_server_that_still_refreshes_is_asked_again(both):
    both.answer = ua.StatusCode(ua.StatusCodes.BadRefreshInProgress)
    both.refresh()
    both.monotonic += 21
    assert both.conditions.due
    both.answer = ua.StatusCode(ua.StatusCodes.BadMethodInvalid)  # it never can
    both.refresh()
    both.monotonic += 1000
    assert not both.conditions.due


def test_the_stock_path_asks_again_as_well(tmp_path, monkeypatch):
    """By a keep-alive at the latest: after a flood a server may have nothing to tell."""
    monkeypatch.setattr(condition, "AGAIN", 0.0)
    overflow = ua.EventNotificationList([ua.EventFieldList(1, fields(OVERFLOW, 0))])

    async def run():
        setting = OpcUa(name="plc", url="opc.tcp://127.0.0.1:1")
        link = Subscribe(setting, bound("Jam"), now=lambda: OPENED * S, state=tmp_path)
        asked = asyncio.Event()

        async def call(requests):
            assert requests[0].InputArguments[0].Value == 7
            asked.set()
            return [SimpleNamespace(StatusCode=ua.StatusCode(0))]

        link.session = SimpleNamespace(services=SimpleNamespace(call=call))
        link._stock, link._silence, link._id = StockSubscription(setting.url), 10, 7
        for parts in ([overflow], None):
            result = ua.PublishResult()
            result.NotificationMessage.NotificationData = parts
            await link._stock.put(result)

        async def listen():
            async for _ in link.listen():
                pass

        listening = asyncio.create_task(listen())
        async with asyncio.timeout(10):
            await asked.wait()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        return link.counts()

    counts = asyncio.run(run())
    assert (counts["overflows"], counts["refreshes"], counts["notifications"]) == (1, 1, 1)


# -------------------------------------------------------------------- branches
def test_an_earlier_state_that_waits_for_somebody_is_marked(jam):
    jam.tell("Jam", 1, True)
    jam.tell("Jam", 2, True, acked=True, branch=ua.NodeId(9, 2))
    assert [event.data["branch"] for event in jam.events] == [None, True]
    assert jam.times("Jam") == [1]
