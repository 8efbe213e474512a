"""A long time is judged in pieces, and says what one piece says."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.runtime.rule.test_rules import Site

from isthmus.insight.rule import bench as module
from isthmus.insight.rule.bench import Bench
from isthmus.insight.rule.grid import Held
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.runtime.rule import rules

S = 10**9
HOUR = 3_600


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def judged(site, batch, start, until):
    """What a bench of all rules says of a time that is told at once, and how wide it looked."""
    made = Bench.of(list(site.rules.rules.values()), site.namespace, lambda _, when: when > 0)
    made.start(start, Batch.empty())
    found = made.advance(batch, until)
    turns = [(one.judge.rule.name, one.turn, one.value.tolist()) for one in found]
    return turns, (made.late, made.dropped, made.judged, made.held.value.tolist())


def test_pieces_say_what_one_piece_says(site, monkeypatch):
    random = np.random.default_rng(7)
    start = 40_000_000 * S + S // 3
    times = start + np.sort(random.integers(-10 * S, 4_000 * S, 3_000))
    tag = site.namespace.id("hall/line1/press/force")
    values = np.repeat(random.uniform(0, 200, 300), 10)
    batch = Batch.of(np.full(3_000, tag, np.int32), times, values, 0)
    until = start + 3_900 * S + S // 2
    wide = []
    at = Held.at

    def noted(held, samples, moments):
        wide.append(len(moments))
        return at(held, samples, moments)

    monkeypatch.setattr(Held, "at", noted)
    turns, left = judged(site, batch, start, until)
    assert wide == [3_900]
    assert len(turns) > 100
    for least in (7, 100):
        wide.clear()
        monkeypatch.setattr(module, "CELLS", 1)
        monkeypatch.setattr(module, "LEAST", least)
        again, ends = judged(site, batch, start, until)
        assert max(wide) <= least
        assert str(again) == str(turns)
        assert str(ends) == str(left)


def history(site, hours_ago, force):
    """History knows what nobody heard."""
    tag, time = (
        site.namespace.id("hall/line1/press/force"),
        site.now() - round(hours_ago * HOUR) * S,
    )
    site.position += 1
    batch = Batch.of([tag], Nanoseconds(time), [force], 0)
    site.historian.append(batch, stream="s", position=site.position)


def test_after_a_step_of_the_clock_no_more_than_a_day_is_judged(site):
    site.say(force=0)
    site.at += 72 * HOUR
    for hours, force in ((48, 150.0), (47, 0.0), (12, 150.0), (11, 0.0), (10.9, 150.0)):
        history(site, hours, force)
    found = [one for one in site.look() if one.startswith("heavy")]
    assert found == ["heavy began", "heavy over", "heavy began"]
    assert site.rules.benches[0].judged == site.now()
    assert site.look() == []
    assert "heavy over" in site.say(force=10)


def test_what_a_standstill_missed_is_read_in_pieces(site, monkeypatch):
    site.say(force=0)
    site.rules._save()
    site.at += 3 * HOUR
    for hours, force in ((2.5, 150.0), (2, 0.0), (1.9, 150.0), (0.5, 0.0), (0, 120.0)):
        history(site, hours, force)
    read, raw = [], site.historian.raw

    def noted(tags, start, end, **more):
        read.append((end - start) / S)
        return raw(tags, start, end, **more)

    monkeypatch.setattr(site.historian, "raw", noted)
    site.start()
    turns = [text for text in site.journal() if text.startswith("heavy")]
    assert [text.split()[1].rstrip(":") for text in turns] == [
        *("began", "over", "began", "over", "began"),
    ]
    assert max(read) <= rules.PIECE / S
