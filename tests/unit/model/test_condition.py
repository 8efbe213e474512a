"""Conditions: what they mean, what is wrong with others, and what is known when tags are not."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.model.condition.condition import condition
from isthmus.model.condition.node import Frame
from isthmus.model.condition.parse import parse
from isthmus.model.condition.syntax import ConditionError
from isthmus.model.state import BOOLEAN, PACKML
from isthmus.model.tag import Kind, Limits, Tag

TAGS = {
    tag.name: tag
    for tag in (
        Tag("m/state", kind=Kind.ENUMERATION, legend=PACKML),
        Tag("m/running", kind=Kind.BOOLEAN, legend=BOOLEAN),
        Tag("m/vibration", unit="mm/s", limits=Limits(high=4.5), normal=(0, 3), deadband=0.5),
        Tag("m/inlet", unit="degC"),
        Tag("m/outlet", unit="degC"),
        Tag("m/casing", unit="K"),
        Tag("m/power", unit="kW"),
        Tag("m/energy", unit="kWh"),
        Tag("m/count"),
        Tag("m/name", kind=Kind.TEXT),
    )
}


def judged(text, *, slack=0.0, deadband=None, now=0, since=None, bounds=None, **values):
    """Whether `text` holds, None where that is not known; a value of None is a bad one."""
    made = condition(text, TAGS, deadband=deadband)
    row = [[values[name] if values[name] is not None else np.nan] for name in made.inputs]
    value = np.array(row, float).reshape(len(made.inputs), 1)
    frame = Frame(
        value=value,
        known=np.isfinite(value),
        time=np.full(value.shape, now, np.int64),
        bounds=np.array(bounds or [[4.5]] * len(made.bounds), float).reshape(len(made.bounds), 1),
        slack=np.array([slack]),
        since=np.zeros((made.lasting, 1), np.int64) if since is None else since,
        now=now,
    )
    holds, known = made.root.test(frame)
    return bool(holds[0]) if known[0] else None


@pytest.mark.parametrize(
    ("text", "values", "holds"),
    [
        ("vibration > limits.high", {"vibration": 4.6}, True),
        ("vibration > limits.high", {"vibration": 4.5}, False),
        ("limits.high < vibration", {"vibration": 4.6}, True),
        ("vibration > 0.9 * limits.high", {"vibration": 4.1}, True),
        ("vibration > normal.high", {"vibration": 4.6}, True),
        ("vibration > 0.0045 m/s", {"vibration": 4.6}, True),
        ("state == held", {"state": 11}, True),
        ("state != held", {"state": 11}, False),
        ("state in (held, Aborted)", {"state": 9}, True),
        ("held == state", {"state": 11}, True),
        ("running", {"running": 1}, True),
        ("not running and power < 500 W", {"running": 0, "power": 0.4}, True),
        ("running == off or power > 2", {"running": 1, "power": 1}, False),
        ("inlet > 350 K", {"inlet": 77}, True),
        ("inlet - outlet > 10 K", {"inlet": 90, "outlet": 79}, True),
        ("abs(inlet - outlet) > 10 K", {"inlet": 70, "outlet": 81}, True),
        ("inlet > outlet + 5 K", {"inlet": 85, "outlet": 79}, True),
        ("casing > outlet", {"casing": 353.15, "outlet": 79}, True),
        ("inlet - casing > 1 K", {"inlet": 80, "casing": 351}, True),
        ("power * 2 h > energy", {"power": 3, "energy": 5}, True),
        ("power * 120 min > energy", {"power": 3, "energy": 7}, False),
        ("max(power, 3 kW) == 3", {"power": 2}, True),
        ("-count < -2", {"count": 3}, True),
        ("1 + 2 * 3 == count", {"count": 7}, True),
        ("(1 + 2) * 3 == count", {"count": 9}, True),
        ("count > 1 or count < 0 and count > 5", {"count": 2}, True),
        ('"count" > 1', {"count": 2}, True),
    ],
)
def test_means_what_it_says(text, values, holds):
    assert judged(text, **values) is holds


@pytest.mark.parametrize(
    ("text", "at", "says", "hint"),
    [
        ("vibration >", 11, "the condition ends", ""),
        ("", 0, "empty", "write such as"),
        ("vibration = 3", 10, "no meaning", "write `==`"),
        ("running && count > 1", 8, "no meaning", "write `and`"),
        ("vibratoin > 3", 0, "no tag `vibratoin`", "did you mean `vibration`?"),
        ("vibration > 3 kW", 10, "measure different things", "mm/s"),
        ("vibration > 3 mmm/s", 14, "no unit", "mm/s"),
        ("count > limits.high", 8, "has no limits.high", "limits:"),
        ("vibration > limits.hihg", 12, "no bound", "limits.high"),
        ("limits.high > 3", 0, "beside no tag", "speed.limits.high"),
        ("state == hled", 9, "no word `hled`", "did you mean `held`?"),
        ("state > 3", 6, "words of its legend", "its words"),
        ("state", 0, "no condition by itself", "state =="),
        ("count", 0, "no condition by itself", "count > 0"),
        ("3", 0, "a number is no condition", "compare"),
        ("name == x", 0, "is text", ""),
        ("10 < count < 20", 11, "in a row", "and"),
        ("inlet + outlet > 3", 6, "are added", "5 K"),
        ("inlet - outlet > 10 degC", 15, "with a difference", "10 K"),
        ("inlet * 2 > 3", 6, "cannot be multiplied", "kelvin"),
        ("(count > 1", 10, "`)` is expected", ""),
        ("count > 1)", 9, "nothing more is expected", ""),
        ("count > 1 for 3 kg", 14, "no time", "for 30 s"),
        ("abs(count, 1) > 1", 0, "one number", ""),
        ("(count > 1) + 1 > 2", 7, "a condition stands", ""),
        ("__import__('os')", 10, "nothing more is expected", ""),
        ("(" * 90 + "count" + ")" * 90, 0, "brackets", ""),
        ("not " * 200 + "running", 0, "not", ""),
        ("+".join(["1"] * 400) + " > 1", 0, "words", "split"),
    ],
)
def test_says_what_is_wrong_and_where(text, at, says, hint):
    with pytest.raises(ConditionError, match=None) as told:
        condition(text, TAGS)
    assert says in str(told.value)
    assert hint in told.value.hint
    assert at in (0, told.value.at)


def test_what_is_not_known_is_not_guessed():
    both = "count > 1 and power > 1"
    either = "count > 1 or power > 1"
    assert judged("count > 1", count=None) is None
    assert judged(both, count=None, power=2) is None
    assert judged(both, count=None, power=0) is False  # whatever the count is
    assert judged(either, count=None, power=2) is True
    assert judged(either, count=None, power=0) is None
    assert judged("not count > 1", count=None) is None
    assert judged("count / power > 1", count=1, power=0) is None


def test_the_three_valued_words_agree_with_every_guess():
    """Known is what stays the same whatever the unknown values are."""
    for words in itertools.product(("and", "or"), repeat=2):
        text = f"running {words[0]} count > 1 {words[1]} not (power > 1)"
        for known in itertools.product((None, 0, 1), repeat=3):
            guesses = {
                judged(text, running=a, count=b * 2, power=c * 2)
                for a, b, c in itertools.product((0, 1), repeat=3)
                if all(k in (None, g) for k, g in zip(known, (a, b, c), strict=True))
            }
            values = [None if each is None else each * 2 for each in known]
            told = judged(text, running=known[0], count=values[1], power=values[2])
            if told is not None:
                assert guesses == {told}


def test_a_deadband_keeps_what_held():
    text = "vibration > limits.high"
    assert judged(text, slack=1, vibration=4.2) is True  # the tag's own: 0.5
    assert judged(text, slack=1, vibration=3.9) is False
    assert judged(text, slack=1, deadband="200 um/s", vibration=4.2) is False
    assert judged(text, slack=1, deadband=1, vibration=3.6) is True
    assert judged("not vibration > limits.high", slack=1, vibration=4.9) is True
    assert judged("not vibration > limits.high", slack=0, vibration=4.9) is False
    with pytest.raises(ConditionError, match="nothing in"):
        condition(text, TAGS, deadband="3 kW")


def test_for_needs_it_without_a_break():
    since, second = np.zeros((1, 1), np.int64), 10**9
    text = "count > 1 for 10 s"
    at = {"since": since}
    assert judged(text, now=100 * second, count=2, **at) is False
    assert judged(text, now=109 * second, count=2, **at) is False
    assert judged(text, now=110 * second, count=2, **at) is True
    assert judged(text, now=111 * second, count=None, **at) is None  # breaks it off
    assert judged(text, now=112 * second, count=2, **at) is False
    assert judged(text, now=122 * second, count=2, **at) is True


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        parse(text)
    except ConditionError as error:
        assert str(error)  # noqa: PT017 - either is right


NUMBERS = st.recursive(
    st.integers(0, 9).map(str) | st.just("count"),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(
        lambda found: f"({' '.join(found)})"
    ),
    max_leaves=8,
)


@settings(max_examples=60)
@given(NUMBERS, NUMBERS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
def test_counts_as_python_counts(left, right, sign):
    text = f"{left} {sign} {right}"
    wanted = eval(text, {"count": 3})
    assert judged(text, count=3) is bool(wanted)
