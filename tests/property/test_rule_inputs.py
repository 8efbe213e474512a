"""Rules over key figures, states, alarms and findings: the present and the past are the same.

What history has is cut into pieces of any length; an oracle goes second by second.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.historian.memory import Memory
from isthmus.insight.rule.bench import Bench
from isthmus.insight.rule.past import Story
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, Status
from isthmus.model.state import State
from isthmus.model.tag import Namespace
from isthmus.runtime.config.load import load
from isthmus.runtime.figures.read import Records
from isthmus.runtime.rule.backtest import Source, backtest
from isthmus.runtime.rule.feeding import Feeding

SECOND = 10**9
START = 1_000_020 * SECOND  # a full minute
LENGTH = 660
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
          tags:
            force: {unit: kN}
            state: {legend: packml}
            cause: {legend: cause}
          alarms:
            heavy: {when: force > 100, priority: high}
            odd: {when: force < 1, priority: low}
rules:
"""
RULES = {
    "figure": "kpi(availability, 3 min) < 50 %",
    "of_line": 'kpi(availability, "hall/line1", 5 min) > 0.7 and force > 3',
    "stopped": "state() == stop",
    "starved": "state() in (starved, blocked) for 20 s",
    "long": "lasted(state() == stop) > 45 s",
    "active": "alarms() > 0",
    "urgent": "alarms(high) > 0 for 10 s",
    "unseen": 'unacknowledged("hall/**", low) >= 2',
    "weak": "findings(security) > 2",
    "silent": "age(force) > 40 s",
    "bad": "bad(force) for 5 s",
    "mixed": "kpi(availability, 2 min) < 0.6 and (alarms() > 0 or findings(open) > 1)",
}


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    file = tmp_path_factory.mktemp("plant") / "plant.yaml"
    rows = [
        f"  {name}: {{at: {PRESS}, when: '{when}', deadband: 0.05, then: [{{event: x}}]}}\n"
        if "kpi" in when
        else f"  {name}: {{at: {PRESS}, when: '{when}', then: [{{event: x}}]}}\n"
        for name, when in RULES.items()
    ]
    file.write_text(PLANT + "".join(rows))
    return load(file)


NAMES = ("force", "state", "cause")
states = st.sampled_from([State.EXECUTE, State.EXECUTE, State.HELD, State.SUSPENDED, State.ABORTED])
values = st.one_of(
    st.tuples(st.just(0), st.integers(0, 9)),
    st.tuples(st.just(1), states.map(int)),
    st.tuples(st.just(2), st.sampled_from([0, 1, 2, 4])),
)
rows = st.lists(
    st.tuples(
        st.integers(-400, LENGTH),
        values,
        st.sampled_from([Status.GOOD] * 9 + [Status.BAD_NO_COMMUNICATION]),
    ),
    max_size=50,
)
alarms = st.lists(
    st.tuples(
        st.integers(-50, LENGTH),
        st.sampled_from(["heavy", "odd"]),
        st.sampled_from(["unacknowledged", "acknowledged", "returned", "normal", "shelved"]),
    ),
    max_size=20,
)
counts = st.lists(
    st.tuples(st.integers(-50, LENGTH), st.sampled_from(["security", "open"]), st.integers(0, 4)),
    max_size=8,
)


class World:
    """A history of samples and events, and what rules ask of it."""

    def __init__(self, plant, told, changes, found):
        self.plant, self.namespace, self.memory = plant, Namespace(), Memory()
        for tag in plant.tags():
            self.namespace.bind(tag)
        ids = [self.namespace.id(f"{PRESS}/{name}") for name in NAMES]
        told = sorted(told, key=lambda row: row[0])
        self.batch = Batch(
            np.array([ids[value[0]] for _, value, _ in told], np.int32),
            np.array([START + time * SECOND for time, _, _ in told], np.int64),
            np.array([value[1] for _, value, _ in told], np.float64),
            np.array([status for _, _, status in told], np.uint32),
        )
        self.events = sorted(
            [
                *(
                    event(time, f"{PRESS}/{name}", "alarm", state=word)
                    for time, name, word in changes
                ),
                *(event(time, f"findings/{of}", "finding", count=n) for time, of, n in found),
            ],
            key=lambda each: each.time,
        )
        self.memory.append(self.batch, stream="s", position=1, events=self.events)
        end = Nanoseconds(START + LENGTH * SECOND)
        self.records = Records(plant, self.namespace, self.memory, lambda: end)

    def past(self, start, end, kinds):
        return self.memory.events(start, end, kinds=kinds)

    def tested(self, rule, piece):
        span = Nanoseconds(START), Nanoseconds(START + LENGTH * SECOND)
        more = self.namespace, self.memory, self.records, self.past
        return backtest(rule, Source(self.plant, *more), span, piece=piece)

    def lived(self, rule, ends):
        """The firings where time goes on in pieces that end at `ends`."""
        bench = Bench.of([rule], self.namespace, lambda _, when: np.ones(len(when), bool))
        feeding = Feeding(bench.feeds, self.records, self.past)
        low = START - round(rule.reach * 1e9)
        bench.start(low, self.batch.where(self.batch.time <= low), feeding.begin(low))
        story = Story([PRESS])
        for high in [
            START,
            *(START + end * SECOND // 1000 for end in ends),
            START + LENGTH * SECOND,
        ]:
            news = self.batch.where((self.batch.time > low) & (self.batch.time <= high))
            low = high
            story.add(one.turn for one in bench.advance(news, high, feeding.more(high)))
        assert bench.late == 0
        return [one for one in story.firings() if one.start >= START]


def event(time, path, kind, **data):
    return Event(Nanoseconds(START + time * SECOND), path, kind, "", 100, data)


@settings(deadline=None, max_examples=24)
@given(
    st.sampled_from(list(RULES)),
    *(rows, alarms, counts),
    st.lists(st.integers(1, LENGTH * 1000), max_size=8).map(sorted),
    st.integers(40, 2_000),
)
def test_the_present_and_the_past_are_the_same(plant, name, told, changes, found, ends, piece):
    world, rule = World(plant, told, changes, found), plant.rules[name]
    assert [one for one in world.lived(rule, ends) if not one.spared] == list(
        world.tested(rule, piece).firings
    )


def held(told, of, second, *, good=True):
    """The value of a tag at a second: the last told by then, None where it is bad or was none."""
    last = None
    for time, value, status in sorted(told, key=lambda row: row[0]):
        if value[0] == of and time <= second:
            last = value[1] if status == Status.GOOD or not good else None
    return last


@settings(deadline=None, max_examples=6)
@given(rows, alarms, counts)
def test_a_naive_walk_finds_the_same(plant, told, changes, found):
    """Second by second in plain Python: alarms, findings, stops and silence."""
    world = World(plant, told, changes, found)
    wanted = {"active": [], "weak": [], "stopped": [], "silent": []}
    on = dict.fromkeys(wanted, False)
    for second in range(-2, LENGTH + 1):
        standing, count = {}, None
        for time, alarm, word in sorted(changes, key=lambda row: row[0]):
            if time <= second:
                standing[alarm] = word
        for time, of, n in sorted(found, key=lambda row: row[0]):
            if time <= second and of == "security":
                count = n
        state, cause = held(told, 1, second), held(told, 2, second) or 0
        heard = [time for time, value, _ in told if value[0] == 0 and time <= second]
        truth = {
            "active": any(word in ("unacknowledged", "acknowledged") for word in standing.values()),
            "weak": None if count is None else count > 2,
            "stopped": None
            if state is None
            else state != State.EXECUTE
            and (cause == 4 or (cause == 0 and state != State.SUSPENDED)),
            "silent": second - max(heard) > 40 if heard else None,
        }
        for name, holds in truth.items():
            if holds is None:
                continue  # what is not known leaves things as they are
            if holds and not on[name] and second > 0:
                wanted[name].append(START + second * SECOND)
            on[name] = holds
    for name, times in wanted.items():
        past = world.tested(plant.rules[name], 0)
        assert [one.start for one in past.firings if one.start > START] == times, name


def test_a_key_figure_by_hand(plant):
    """Three minutes running, then held: below 50 % when more than half of the window was held."""
    told = [(-400, (1, 6), Status.GOOD), (180, (1, 11), Status.GOOD), (480, (1, 6), Status.GOOD)]
    past = World(plant, told, [], []).tested(plant.rules["figure"], 0)
    (one,) = past.firings
    # minute 4 sees 1 min of 3 held (67 %), minute 5 two of them (33 %): it begins there;
    # from second 480 it runs: minute 9 sees 1 of 3 running, minute 10 two of them (67 % > 55 %)
    assert ((one.start - START) // SECOND, (one.end - START) // SECOND) == (300, 600)


def test_a_window_of_which_little_is_known_says_nothing(plant):
    """Where nothing tells a state for more than half of the window, no figure is made up."""
    told = [(-400, (1, 11), Status.GOOD), (-100, (1, 0), Status.BAD_NO_COMMUNICATION)]
    past = World(plant, told, [], []).tested(plant.rules["figure"], 0)
    assert [(one.start, one.end) for one in past.firings] == []
    assert past.unknown > 0.9


def test_what_was_found_before_nobody_asked_is_not_known(plant):
    past = World(plant, [], [], [(600, "security", 3)]).tested(plant.rules["weak"], 0)
    assert [(one.start - START) // SECOND for one in past.firings] == [600]
    assert past.unknown == pytest.approx(600 / LENGTH, abs=0.01)
