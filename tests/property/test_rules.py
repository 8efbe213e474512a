"""Rules: the present and the past give the same firings, whichever way time is cut.

The oracle goes through the moments one by one in plain Python; the code goes in columns.
"""

from __future__ import annotations

import math
from statistics import fmean

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.historian.memory import Memory
from isthmus.insight.rule.bench import Bench
from isthmus.insight.rule.past import Firing, Story
from isthmus.model.condition.condition import condition
from isthmus.model.plant import Plant
from isthmus.model.rule import Place, Rule, Unknown
from isthmus.model.sample import Batch, Nanoseconds, Status
from isthmus.model.tag import Namespace, Tag
from isthmus.runtime.rule.backtest import Source, backtest

SECOND = 10**9
START = 1_000_000 * SECOND
LENGTH = 90
TAGS = {tag.name: tag for tag in (Tag("m/x", unit="kW"), Tag("m/y", unit="kW"))}
NAMES = Namespace()
for _tag in TAGS.values():
    NAMES.bind(_tag)
PLANT = Plant("acme", "riverside")
CONDITIONS = (
    "x > 5",
    "x > 5 and y < 3 kW",
    "x > 5 or not y > 3",
    "x > 5 for 4 s",
    "not (x > 5 for 4 s)",
    "mean(x, 7 s) > 5",
    "max(x + y, 6 s) > 12 and x > 2",
    "min(x, 5 s) > 3",
    "rate(x, 8 s) > 0.2 kW/s",
    "count(x > 5, 20 s) >= 2",
)

samples = st.lists(
    st.tuples(
        st.integers(-5 * 4, LENGTH * 4),  # quarters of a second
        st.integers(0, 1),
        st.integers(0, 10),
        st.sampled_from([Status.GOOD] * 6 + [Status.BAD_NO_COMMUNICATION]),
    ),
    max_size=60,
)
rules = st.builds(
    lambda text, deadband, lasting, every, until, unknown: Rule(
        "r",
        (
            Place(
                "m",
                condition(text, TAGS, deadband=deadband, windows=True),
                None if until is None else condition(until, TAGS, windows=True),
                {name: f"m/{name}" for name in TAGS},
            ),
        ),
        lasting=lasting,
        at_most_every=every,
        unknown=unknown,
    ),
    st.sampled_from(CONDITIONS),
    st.sampled_from([None, 0, 2]),
    st.sampled_from([0.0, 0.0, 3.0]),
    st.sampled_from([0.0, 0.0, 15.0]),
    st.sampled_from([None, None, "x < 2", "y > 8 for 2 s"]),
    st.sampled_from(list(Unknown)),
)
cuts = st.lists(st.integers(1, LENGTH * 1000), max_size=12).map(sorted)


def batch(rows):
    """The rows as a batch, in their order."""
    tags, times, values, qualities = (
        (
            list(column)
            for column in zip(
                *((t, START + q * SECOND // 4, v, s) for q, t, v, s in rows), strict=True
            )
        )
        if rows
        else ([], [], [], [])
    )
    return Batch(
        np.array(tags, np.int32),
        np.array(times, np.int64),
        np.array(values, np.float64),
        np.array(qualities, np.uint32),
    )


def always(_, when):
    """It looks at every moment."""
    return np.ones(len(when), bool)


def kept(rows):
    """The same rows in a history, which keeps the later of equal ones."""
    memory = Memory()
    memory.append(batch(rows), stream="s", position=1)
    return memory


def in_pieces(rule, rows, ends):
    """The firings where the rows come in time and are judged in pieces that end at `ends`."""
    bench, whole = Bench.of([rule], NAMES, always), batch(rows)
    low = START - round(rule.reach * 1e9)
    bench.start(low, whole.where(whole.time <= low))
    story = Story(["m"])
    for high in [START, *(START + end * SECOND // 1000 for end in ends), START + LENGTH * SECOND]:
        news = whole.where((whole.time > low) & (whole.time <= high))
        low = high
        story.add(one.turn for one in bench.advance(news, high))
    assert bench.late == 0
    return [one for one in story.firings() if one.start >= START]


@settings(deadline=None, max_examples=60)
@given(rules, samples, cuts, st.integers(1, 200))
def test_the_present_and_the_past_are_the_same(rule, rows, ends, piece):
    """However the stream is cut, and however many moments the back-test takes at once."""
    span = Nanoseconds(START), Nanoseconds(START + LENGTH * SECOND)
    past = backtest(rule, Source(PLANT, NAMES, kept(rows)), span, piece=piece)
    told = in_pieces(rule, rows, ends)
    assert [one for one in told if not one.spared] == list(past.firings)
    assert sum(one.spared for one in told) == past.spared


def walked(rule, rows):
    """The same for `x > 5` with a deadband, a window of `mean`, and `for`: second by second."""
    (_, deadband), window = rule.text["oracle"], rule.text["window"]
    on, since, fired, found, seen = False, None, None, [], []
    reach = math.ceil(rule.reach)
    for second in range(-reach + 1, LENGTH + 1):
        past = [row for row in rows if row[0] <= second * 4 and row[1] == 0]
        last = max(range(len(past)), key=lambda n: (past[n][0], n), default=None)
        good = last is not None and past[last][3] == Status.GOOD
        seen.append(past[last][2] if good else None)
        recent = seen[-window:]
        known = [each for each in recent if each is not None]
        value = fmean(known) if len(known) >= window / 2 else None
        holds = value is not None and value > 5
        since = (since if since is not None else second) if holds else None
        begins = holds and second - since >= rule.lasting
        if begins and not on:
            on = True
            spared = fired is not None and second - fired < rule.at_most_every
            fired = fired if spared else second
            found.append([second, None, spared])
        elif on and value is not None and not value > 5 - deadband and not begins:
            on = False
            found[-1][1] = second
    times = [
        Firing("m", START + a * SECOND, None if b is None else START + b * SECOND, spared)
        for a, b, spared in found
    ]
    return [one for one in times if one.start >= START]


@settings(deadline=None, max_examples=60)
@given(
    samples,
    st.sampled_from([0, 2]),
    st.sampled_from([0.0, 3.0]),
    st.sampled_from([0.0, 15.0]),
    st.sampled_from([2, 7]),
)
def test_a_naive_walk_finds_the_same(rows, deadband, lasting, every, window):
    """Second by second in plain Python."""
    text = f"mean(x, {window} s) > 5"
    place = Place("m", condition(text, TAGS, deadband=deadband, windows=True), None, {"x": "m/x"})
    told = {"oracle": (text, deadband), "window": window}
    rule = Rule("r", (place,), lasting=lasting, at_most_every=every, text=told)
    assert in_pieces(rule, rows, [500, 41_250]) == walked(rule, rows)


@settings(deadline=None, max_examples=40)
@given(rules, samples, samples, st.integers(5, LENGTH - 5))
def test_late_samples_are_told_apart(rule, rows, late, second):
    """What comes after its moment was judged is counted, and changes no moment before."""
    early = [row for row in rows if row[0] <= second * 4]
    late = [row for row in late if row[0] <= second * 4]
    after = [row for row in rows if row[0] > second * 4]
    bench, first = Bench.of([rule], NAMES, always), batch(early)
    low = START - round(rule.reach * 1e9)
    bench.start(low, first.where(first.time <= low))
    story, cut = Story(["m"]), START + second * SECOND
    story.add(one.turn for one in bench.advance(first.where(first.time > low), cut))
    story.add(
        one.turn
        for one in bench.advance(Batch.concat([batch(late), batch(after)]), START + LENGTH * SECOND)
    )
    asked = {NAMES[number].path.removeprefix("m/") for number in bench.held.tags.tolist()}
    assert bench.late == sum("xy"[row[1]] in asked for row in late)
    span = Nanoseconds(START), Nanoseconds(cut)
    before = backtest(rule, Source(PLANT, NAMES, kept(early)), span)
    told = [one for one in story.firings() if START <= one.start <= cut and not one.spared]
    assert [one.start for one in told] == [one.start for one in before.firings]
