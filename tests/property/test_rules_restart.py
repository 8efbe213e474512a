"""Rules: a process that is killed at any moment, and goes on, fires as one that never was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.property.test_rules import LENGTH, NAMES, SECOND, START, TAGS, always, batch, kept
from tests.property.test_rules import samples as drawn

from isthmus.insight.rule.bench import Bench
from isthmus.insight.rule.past import Story
from isthmus.model.condition.condition import condition
from isthmus.model.rule import Place, Rule, Unknown
from isthmus.model.sample import Batch, Status
from isthmus.runtime.rule.kept import Kept
from isthmus.runtime.rule.resume import between, resume

END = START + LENGTH * SECOND
NESTED = (
    "lasted(x > 5) > 6 s",
    "lasted(x > 5) > 6 s and y < 8",
    "x > 5 for 4 s",
    "(x > 5 for 4 s) or (y > 7 for 9 s)",
    "not (x > 5 for 4 s)",
    "lasted(x > 5 for 3 s) > 8 s",
    "count(x > 5 for 2 s, 20 s) >= 2",
    "mean(x, 7 s) > 5 for 5 s",
    "max(mean(x, 5 s), 9 s) > 5",
    "lasted(x > 5) - 9 s > 0 s",  # history alone does not tell how far back
)


class Silent:
    """Feeds of rules that look at tags alone."""

    def begin(self, _):
        return Batch.empty()

    def more(self, _):
        return Batch.empty()

    def live(self, *_):
        pass


def made(text, lasting=0.0, until=None, unknown=Unknown.KEEP):
    when = condition(text, TAGS, windows=True, told=SimpleNamespace())
    over = None if until is None else condition(until, TAGS, windows=True)
    place = Place("m", when, over, {name: f"m/{name}" for name in TAGS})
    return Rule("r", (place,), lasting=lasting, unknown=unknown)


def lived(rule, rows, kills):
    """The firings where the process is killed at some seconds, and starts a while later."""
    history, whole, story = kept(rows), batch(rows), Story(["m"])
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rules.json"
        state, bench = Kept(file), Bench.of([rule], NAMES, always)
        resume(history, bench, Silent(), state, START)
        for second in range(1, LENGTH + 1):
            now = START + second * SECOND
            if second in kills:
                state = Kept.open(file)
                bench = Bench.of([rule], NAMES, always)
                resume(history, bench, Silent(), state, now)
                news = between(history, bench, bench.judged, now)
            else:
                news = whole.where((whole.time > bench.judged) & (whole.time <= now))
                if second + 1 in kills or second + 2 in kills:
                    continue  # it stands still before it is killed
            found = bench.advance(news, now)
            state.keep(bench)
            for one in found:
                kept_state = state.state("r", "m")
                kept_state.on, kept_state.since = one.turn.began, one.turn.time
                if one.turn.began and not one.turn.spared:
                    kept_state.fired = one.turn.time
            story.add(one.turn for one in found)
            if kills & {second + 1, second + 2, second + 3}:
                state.save()
    return story.firings()


@settings(deadline=None, max_examples=40)
@given(
    st.builds(
        made,
        st.sampled_from(NESTED),
        st.sampled_from([0.0, 3.0]),
        st.sampled_from([None, "x < 2", "y > 8 for 2 s"]),
        st.sampled_from(list(Unknown)),
    ),
    drawn,
    st.sets(st.integers(4, LENGTH), min_size=1, max_size=3),
)
@example(made("lasted(x > 5) > 6 s"), [(8, 0, 9, Status.GOOD)], {15})
@example(made("lasted(x > 5) - 9 s > 0 s"), [(8, 0, 9, Status.GOOD)], {9})
def test_a_restart_changes_no_firing(rule, rows, kills):
    """History has what came while nobody judged; what holds since when is kept."""
    assert lived(rule, rows, kills) == lived(rule, rows, set())


def test_how_far_back_a_rule_looks():
    assert [made(text).reach - 2 for text in NESTED] == [6, 6, 4, 9, 4, 11, 22, 12, 14, 0]
    assert made("x > 5 for 4 s", lasting=3.0).reach == 4 + 3 + 2
    assert made("x > 5", until="y > 8 for 20 s").reach == 20 + 2


@pytest.mark.parametrize("change", ["text", "file"])
def test_another_text_or_an_older_file_is_judged_by_history(tmp_path, change):
    """Since when something held says nothing of another condition."""
    rule, state = made("lasted(x > 5) > 60 s"), Kept(tmp_path / "rules.json")
    bench = Bench.of([rule], NAMES, always)
    history = kept([(0, 0, 9, Status.GOOD)])
    resume(history, bench, Silent(), state, START)
    bench.advance(batch([(0, 0, 9, Status.GOOD)]), START + 20 * SECOND)
    state.keep(bench)
    state.save()
    if change == "text":
        state.since["r"].digest = "another"
    else:
        told = json.loads(state.file.read_text())
        del told["since"]
        state.file.write_text(json.dumps(told))
        state = Kept.open(state.file)
    again = Bench.of([rule], NAMES, always)
    resume(history, again, Silent(), state, START + 20 * SECOND)
    assert again.judges[0].since() == bench.judges[0].since()


@pytest.mark.parametrize("lasting", [0.0, 20.0])
def test_a_rule_that_is_put_back_begins_with_what_history_says(tmp_path, lasting):
    """Another rule of the same step was judged meanwhile, and the condition broke off."""
    rule = made("x > 5" if lasting else "x > 5 for 20 s", lasting)
    other = replace(made("y > 5 for 20 s"), name="other")
    history = kept([(4 * at, 0, x, Status.GOOD) for at, x in ((0, 9), (20, 1), (50, 9))])
    state, found = Kept(tmp_path / "rules.json"), []
    for rules, until in (([rule, other], 10), ([other], 55), ([rule, other], 60)):
        bench, now = Bench.of(rules, NAMES, always), START + until * SECOND
        begun = resume(history, bench, Silent(), state, now if state.judged else START)
        found += bench.advance(between(history, bench, begun, now), now)
        state.keep(bench)
        state.save()
        state = Kept.open(state.file)
    assert begun == START + 55 * SECOND
    assert found == []
